import { describe, expect, it } from 'vitest';
import { encodeFields } from '../base/codec.ts';
import { createFakeClock } from '../base/fake-clock.ts';
import { EventLogCache } from './event-log.ts';
import type { Store } from './port.ts';
import type { EventRow } from './rows.ts';

const runId = 'run_1';
const row = (seq: number, correlationId = `step_${seq}`): EventRow => ({
  runId,
  seq,
  type: 'step_created',
  correlationId,
  specVersion: 3,
  createdAt: 1_000 + seq,
  occurredAt: null,
  meta: encodeFields({ stepName: 'work' }),
  payload: null,
});

/** A cache of a log that a store has. */
function cacheOf(stored: readonly EventRow[]) {
  const asked: (number | undefined)[] = [];
  const listEvents: Store['listEvents'] = async ({ after, limit }) => {
    asked.push(after);
    return stored.filter(({ seq }) => seq > (after ?? 0)).slice(0, limit);
  };
  const clock = createFakeClock();
  return { cache: new EventLogCache({ listEvents } as Store, clock), asked, clock };
}
const ids = (events: readonly { readonly correlationId?: string | undefined }[] | undefined) =>
  events?.map(({ correlationId }) => correlationId);

describe('what is only foreseen of a log', () => {
  it('is shown to whoever asks for it, and becomes certain', async () => {
    const { cache, asked } = cacheOf([]);
    cache.append(row(1));
    cache.append(row(2), { foreseen: true });
    expect(ids(cache.readForeseen(runId, 2))).toEqual(['step_1', 'step_2']);
    expect(cache.readForeseen(runId, 3)).toBeUndefined();
    expect(cache.find(runId, 2)).toBeUndefined();
    cache.confirm(runId, 2);
    expect(cache.find(runId, 2)?.correlationId).toBe('step_2');
    expect(ids(await cache.read(runId, 2))).toEqual(['step_1', 'step_2']);
    expect(asked).toEqual([]);
  });

  it('is not shown to others, who read what really came in its place', async () => {
    const { cache } = cacheOf([row(1), row(2, 'theirs'), row(3, 'ours')]);
    cache.append(row(1));
    cache.append(row(2, 'ours'), { foreseen: true });
    expect(ids(await cache.read(runId, 1))).toEqual(['step_1']);
    expect(ids(await cache.read(runId, 3))).toEqual(['step_1', 'theirs', 'ours']);
    expect(cache.find(runId, 3)?.correlationId).toBe('ours');
  });

  it('is nothing that what really came may be appended to', async () => {
    const { cache } = cacheOf([row(1), row(2, 'theirs'), row(3, 'ours')]);
    cache.append(row(1));
    cache.append(row(2, 'ours'), { foreseen: true });
    cache.append(row(3, 'ours'));
    expect(ids(await cache.read(runId, 3))).toEqual(['step_1', 'theirs', 'ours']);
  });

  it('is gone with the log when it did not come true', async () => {
    const { cache, asked } = cacheOf([row(1), row(2, 'theirs')]);
    cache.append(row(1));
    cache.append(row(2, 'ours'), { foreseen: true });
    cache.forget(runId);
    cache.confirm(runId, 2);
    expect(cache.readForeseen(runId, 2)).toBeUndefined();
    expect(ids(await cache.read(runId, 2))).toEqual(['step_1', 'theirs']);
    expect(asked).toEqual([0]);
  });
});

describe('a log that nobody has read for a minute', () => {
  it('is forgotten when others are, so that runs that ended elsewhere take no memory', async () => {
    const { cache, asked, clock } = cacheOf([row(1)]);
    await cache.read(runId, 1);
    clock.advance(59_000);
    await cache.read('run_2', 1);
    expect(cache.find(runId, 1)).toBeDefined();
    clock.advance(2_000);
    await cache.read('run_2', 1);
    expect(cache.find(runId, 1)).toBeUndefined();
    expect(cache.find('run_2', 1)).toBeDefined();
    expect(asked).toHaveLength(2);
  });

  it('is kept while it is read, also if others are not', async () => {
    const { cache, clock } = cacheOf([row(1)]);
    await cache.read('run_2', 1);
    for (let at = 0; at < 5; at += 1) {
      clock.advance(40_000);
      await cache.read(runId, 1);
    }
    expect(cache.find(runId, 1)).toBeDefined();
    expect(cache.find('run_2', 1)).toBeUndefined();
  });
});
