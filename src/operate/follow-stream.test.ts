import { describe, expect, it, onTestFinished } from 'vitest';
import { createFakeClock } from '../base/fake-clock.ts';
import { nextTurn } from '../testing/next-turn.ts';
import type { RunStatus } from '../world/rows.ts';
import { trustedCaller } from './caller.ts';
import { followStream } from './follow-stream.ts';
import type { Operator } from './operator.ts';

describe('a stream that its run leaves open', () => {
  it('is followed until two seconds after the end of the run, with what comes in between', async () => {
    const { write, endRun, pass, told, hasEnded } = await follow();
    write('one');
    await pass(60_000);
    expect(told).toEqual(['one']);
    expect(hasEnded()).toBe(false);
    endRun();
    await pass(1_000);
    write('late');
    expect(hasEnded()).toBe(false);
    await pass(4_000);
    expect(told).toEqual(['one', 'late']);
    expect(hasEnded()).toBe(true);
  });

  it('is told at once when its run has long been over', async () => {
    const { told, hasEnded } = await follow({ chunks: ['one', 'two'], endedMsAgo: 60_000 });
    expect(told).toEqual(['one', 'two']);
    expect(hasEnded()).toBe(true);
  });
});

interface Arranged {
  readonly chunks?: readonly string[];
  readonly endedMsAgo?: number;
}

async function follow({ chunks = [], endedMsAgo }: Arranged = {}) {
  const clock = createFakeClock();
  const written = [...chunks];
  const over = (completedAt: number) => ({ runId: 'run', status: 'completed' as RunStatus, completedAt: completedAt as number | null });
  let run = endedMsAgo === undefined ? { ...over(0), status: 'running' as RunStatus, completedAt: null } : over(clock.now() - endedMsAgo);
  const rows = () => written.map((text, index) => ({ index, data: new TextEncoder().encode(text) }));
  const store = {
    now: () => clock.now(),
    operator: { findRun: async () => run },
    getRun: async () => run,
    getStream: async () => ({ runId: 'run', closedAt: null }),
    readChunks: async (_: string, from: number) => rows().slice(from),
    onCommit: () => () => {},
    onForeignCommit: () => () => {},
  };
  const operator = { caller: trustedCaller('test', 'host'), clock, store: async () => store } as unknown as Operator;
  const told: string[] = [];
  let ended = false;
  const stop = new AbortController();
  const following = (async () => {
    for await (const chunk of (await followStream(operator, { runId: 'run', name: 'log' }))(stop.signal))
      told.push('text' in chunk ? chunk.text : '');
    ended = true;
  })();
  onTestFinished(async () => {
    stop.abort();
    await following;
  });
  await nextTurn();
  return {
    told,
    write: (text: string) => void written.push(text),
    endRun: () => void (run = over(clock.now())),
    async pass(ms: number) {
      for (let passed = 0; passed < ms; passed += 500) {
        clock.advance(500);
        await nextTurn();
      }
    },
    hasEnded: () => ended,
  };
}
