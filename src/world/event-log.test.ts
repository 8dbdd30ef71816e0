import { describe, expect, it } from 'vitest';
import { encodeFields } from '../base/codec.ts';
import { createFakeClock } from '../base/fake-clock.ts';
import { nextTurn } from '../testing/next-turn.ts';
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

/** What is foreseen, and the word on it. */
function foresee(cache: EventLogCache, ...rows: EventRow[]) {
  let tell: (right: boolean) => void = () => {};
  cache.append(runId, rows, new Promise<boolean>((resolve) => (tell = resolve)));
  return async (right: boolean) => {
    if (!right) cache.forget(runId);
    tell(right);
    await nextTurn();
  };
}

describe('what is only foreseen of a log', () => {
  it('is shown to whoever asks for it, and becomes certain', async () => {
    const { cache, asked } = cacheOf([]);
    cache.append(runId, [row(1)]);
    const judge = foresee(cache, row(2));
    expect(ids(cache.readForeseen(runId, 2)?.events)).toEqual(['step_1', 'step_2']);
    expect(cache.readForeseen(runId, 3)).toBeUndefined();
    expect(cache.find(runId, 2)).toBeUndefined();
    await judge(true);
    expect(cache.find(runId, 2)?.correlationId).toBe('step_2');
    expect(ids(await cache.read(runId, 2))).toEqual(['step_1', 'step_2']);
    expect(asked).toEqual([]);
  });

  it('is shown as far as it goes, and has come true when all of it has', async () => {
    const { cache } = cacheOf([]);
    const judges = [row(1), row(2), row(3)].map((one) => foresee(cache, one));
    const seen = cache.readForeseen(runId, 1);
    expect(ids(seen?.events)).toEqual(['step_1', 'step_2', 'step_3']);
    let certain: boolean | undefined;
    void seen?.certain.then((right) => (certain = right));
    await judges[0]?.(true);
    await judges[1]?.(true);
    expect(certain).toBeUndefined();
    await judges[2]?.(true);
    expect(certain).toBe(true);
    expect(await cache.readForeseen(runId, 3)?.certain).toBe(true);
  });

  it.each([0, 1, 2])('has not come true when part %i of it has not', async (wrong) => {
    const { cache } = cacheOf([]);
    const judges = [row(1), row(2), row(3)].map((one) => foresee(cache, one));
    const seen = cache.readForeseen(runId, 1);
    for (const [index, judge] of judges.entries()) await judge(index !== wrong);
    expect(await seen?.certain).toBe(false);
  });

  it('is not shown to others, who read what really came in its place', async () => {
    const { cache } = cacheOf([row(1), row(2, 'theirs'), row(3, 'ours')]);
    cache.append(runId, [row(1)]);
    foresee(cache, row(2, 'ours'));
    expect(ids(await cache.read(runId, 1))).toEqual(['step_1']);
    expect(ids(await cache.read(runId, 3))).toEqual(['step_1', 'theirs', 'ours']);
    expect(cache.find(runId, 3)?.correlationId).toBe('ours');
    expect(await cache.readForeseen(runId, 3)?.certain).toBe(true);
  });

  it('is nothing that what really came may be appended to', async () => {
    const { cache } = cacheOf([row(1), row(2, 'theirs'), row(3, 'ours')]);
    cache.append(runId, [row(1)]);
    foresee(cache, row(2, 'ours'));
    cache.append(runId, [row(3, 'ours')]);
    expect(ids(await cache.read(runId, 3))).toEqual(['step_1', 'theirs', 'ours']);
  });

  it('is gone with the log when it did not come true', async () => {
    const { cache, asked } = cacheOf([row(1), row(2, 'theirs')]);
    cache.append(runId, [row(1)]);
    const judge = foresee(cache, row(2, 'ours'));
    await judge(false);
    expect(cache.readForeseen(runId, 2)).toBeUndefined();
    expect(ids(await cache.read(runId, 2))).toEqual(['step_1', 'theirs']);
    expect(asked).toEqual([0]);
  });

  it('does not become certain for a reader who began before it was gone, though what follows came as foreseen', async () => {
    const stored = [row(1), row(2, 'theirs'), row(3, 'ours')];
    const { cache } = cacheOf(stored);
    cache.append(runId, [row(1)]);
    const judges = [foresee(cache, row(2, 'ours')), foresee(cache, row(3, 'ours'))];
    const reading = cache.read(runId, 3);
    await judges[0]?.(false);
    await judges[1]?.(true);
    expect(ids(await reading)).toEqual(['step_1', 'theirs', 'ours']);
    expect(ids(await cache.read(runId, 3))).toEqual(['step_1', 'theirs', 'ours']);
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
