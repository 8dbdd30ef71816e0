import { describe, expect, it } from 'vitest';
import { msToStreamEnd } from './stream-end.ts';

const open = { closedAt: null };
const running = { status: 'running', completedAt: null } as const;
const endedAt = (completedAt: number) => ({ status: 'failed', completedAt }) as const;

describe('chunks of a stream', () => {
  it.each([
    { what: 'come for as long as the run is open', stream: open, run: running, ms: Infinity },
    { what: 'come no more when it is closed', stream: { closedAt: 5 }, run: running, ms: 0 },
    { what: 'come no more when it was forgotten', stream: undefined, run: running, ms: 0 },
    { what: 'come no more when its run was forgotten', stream: open, run: undefined, ms: 0 },
    { what: 'may come for two seconds after the end of the run', stream: open, run: endedAt(10_000), ms: 2_000 },
    { what: 'may come for what is left of them', stream: open, run: endedAt(8_500), ms: 500 },
    { what: 'come no more long after the end of the run', stream: open, run: endedAt(1), ms: 0 },
    { what: 'may come for no longer than that where the clock was set back', stream: open, run: endedAt(3_600_000), ms: 2_000 },
  ])('$what', ({ stream, run, ms }) => {
    expect(msToStreamEnd({ stream, run, now: 10_000 })).toBe(ms);
  });
});
