import { describe, expect, it } from 'vitest';
import type { Event, Page } from '../api/types.ts';
import { type LogPages, readLog } from './log-pages.ts';

const event = (seq: number): Event => ({
  eventId: `evnt_${seq}`,
  eventType: 'step_started',
  at: '2026-11-22T05:00:00.000Z',
  correlationId: null,
  data: { state: 'none' },
});
const seqsOf = (log: LogPages) => log.events.map(({ eventId }) => Number(eventId.slice(5)));

/** A log that grows, in pages of two, with the cursors that the API gives. */
function growing(order: 'asc' | 'desc') {
  const log = { length: 0, asked: 0 };
  const load = async (cursor: string | undefined): Promise<Page<Event>> => {
    log.asked += 1;
    const all = Array.from({ length: log.length }, (_, index) => (order === 'asc' ? index + 1 : log.length - index));
    const rest = cursor === undefined ? all : all.filter((seq) => (order === 'asc' ? seq > Number(cursor) : seq < Number(cursor)));
    const shown = rest.slice(0, 2);
    const hasMore = rest.length > 2;
    const end = shown.at(-1) ?? cursor;
    return { data: shown.map(event), cursor: end === undefined || (order === 'desc' && !hasMore) ? null : String(end), hasMore };
  };
  const read = async (before: LogPages | undefined, more = false) => await readLog(before, { order, more }, load);
  return { log, read };
}

describe('the log of a run, the oldest first', () => {
  it('appends a page when more is asked for, and reads nothing twice', async () => {
    const { log, read } = growing('asc');
    log.length = 5;
    const first = await read(undefined);
    expect(seqsOf(first)).toEqual([1, 2]);
    const more = await read(first, true);
    expect(seqsOf(more)).toEqual([1, 2, 3, 4]);
    expect(more.hasMore).toBe(true);
    expect(log.asked).toBe(2);
  });

  it('asks for nothing when the run goes on and its end is not shown', async () => {
    const { log, read } = growing('asc');
    log.length = 5;
    const first = await read(undefined);
    log.length = 6;
    expect(await read(first)).toBe(first);
    expect(log.asked).toBe(1);
  });

  it('goes on with what is written later once its end is shown', async () => {
    const { log, read } = growing('asc');
    const empty = await read(undefined);
    log.length = 1;
    const one = await read(empty);
    log.length = 4;
    expect(seqsOf(await read(one))).toEqual([1, 2, 3, 4]);
  });
});

describe('the log of a run, the newest first', () => {
  it('appends older pages when more is asked for, down to the first event', async () => {
    const { log, read } = growing('desc');
    log.length = 3;
    const first = await read(undefined);
    expect(seqsOf(first)).toEqual([3, 2]);
    expect(await read(first, true)).toMatchObject({ hasMore: false });
    expect(seqsOf(await read(first, true))).toEqual([3, 2, 1]);
  });

  it('puts what is written later on top', async () => {
    const { log, read } = growing('desc');
    log.length = 3;
    const whole = await read(await read(undefined), true);
    log.length = 6;
    const later = await read(whole);
    expect(seqsOf(later)).toEqual([6, 5, 4, 3, 2, 1]);
    expect(later.hasMore).toBe(false);
  });

  it('begins anew, without a gap, when too much was written to catch up with', async () => {
    const { log, read } = growing('desc');
    log.length = 3;
    const first = await read(undefined);
    log.length = 100;
    const later = await read(first);
    expect(seqsOf(later)[0]).toBe(100);
    expect(seqsOf(later)).not.toContain(3);
    expect(seqsOf(await read(later, true)).at(-1)).toBe((seqsOf(later).at(-1) ?? 0) - 2);
  });
});
