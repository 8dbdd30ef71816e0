import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { oneAtATime } from './one-at-a-time.ts';

interface Load {
  readonly signal: AbortSignal;
  readonly answer: (data: string) => void;
  readonly fail: (error: unknown) => void;
}

function setup() {
  const loads: Load[] = [];
  const said: string[] = [];
  const loader = oneAtATime<string>({
    load: async (signal) =>
      await new Promise((answer, fail) => {
        loads.push({ signal, answer, fail });
        signal.addEventListener('abort', () => fail(signal.reason));
      }),
    onStart: () => said.push('starts'),
    onData: (data) => said.push(data),
    onError: (error) => said.push(`failed: ${error instanceof Error ? error.name : String(error)}`),
  });
  const settle = async () => await vi.advanceTimersByTimeAsync(0);
  return { loads, said, loader, settle };
}

describe('loading one at a time', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('lets a load end that is under way, however often it is asked for another, and then does one more', async () => {
    const { loads, said, loader, settle } = setup();
    loader.ask();
    loader.ask();
    loader.ask();
    expect(loads).toHaveLength(1);
    expect(loads[0]?.signal.aborted).toBe(false);
    loads[0]?.answer('one');
    await settle();
    expect(loads).toHaveLength(2);
    loads[1]?.answer('two');
    await settle();
    expect(said).toEqual(['starts', 'one', 'starts', 'two']);
    expect(loads).toHaveLength(2);
  });

  it('loads again after a failure when asked', async () => {
    const { loads, said, loader, settle } = setup();
    loader.ask();
    loads[0]?.fail(new TypeError('no'));
    await settle();
    loader.ask();
    loads[1]?.answer('two');
    await settle();
    expect(said).toEqual(['starts', 'failed: TypeError', 'starts', 'two']);
  });

  it('says nothing any more once it is stopped', async () => {
    const { loads, said, loader, settle } = setup();
    loader.ask();
    loader.ask();
    loader.stop();
    expect(loads[0]?.signal.aborted).toBe(true);
    await settle();
    expect(said).toEqual(['starts']);
    expect(loads).toHaveLength(1);
  });

  it('gives up a load that does not end, so that the next one can begin', async () => {
    const { loads, said, loader } = setup();
    loader.ask();
    loader.ask();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(said).toEqual(['starts', 'failed: TimeoutError', 'starts']);
    expect(loads).toHaveLength(2);
  });
});
