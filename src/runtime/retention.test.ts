import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../base/fake-clock.ts';
import { createStderrLogger } from '../base/logger.ts';
import type { Store } from '../world/port.ts';
import { RetentionSweeper } from './retention.ts';

describe('the deletion of what is kept no longer', () => {
  it.each([
    { tookMs: 0, least: 70, most: 82 },
    { tookMs: 10, least: 36, most: 41 },
    { tookMs: 500, least: 3, most: 4 },
  ])('takes a twentieth of the time at most: batches of $tookMs ms', async ({ tookMs, least, most }) => {
    const batches = await batchesWithin(10_000, { tookMs, more: true });
    expect(batches).toBeGreaterThanOrEqual(least);
    expect(batches).toBeLessThanOrEqual(most);
  });

  it('takes more of it, up to a quarter, where minutes were not enough', async () => {
    const inMinutes = async (minutes: number) => await batchesWithin(minutes * 60_000, { tookMs: 100, more: true });
    const [first, eighth] = [await inMinutes(1), (await inMinutes(8)) - (await inMinutes(7))];
    expect(first).toBeLessThanOrEqual(30);
    expect(eighth).toBeGreaterThanOrEqual(140);
    expect(eighth).toBeLessThanOrEqual(150);
  });

  it('looks once a minute where there is nothing to do', async () => {
    expect(await batchesWithin(130_000, { tookMs: 0, more: false })).toBe(3);
  });
});

/** How many batches a sweeper asks a store for that answers each after so long. */
async function batchesWithin(ms: number, { tookMs, more }: { readonly tookMs: number; readonly more: boolean }): Promise<number> {
  const clock = createFakeClock();
  let batches = 0;
  const commit = async () => {
    batches += 1;
    await new Promise<void>((resolve) => clock.after(tookMs, resolve));
    return { kind: 'pruned', runs: {}, rows: more ? 500 : 0, more };
  };
  const sweeper = new RetentionSweeper({
    store: { now: () => clock.now(), commit } as unknown as Store,
    clock,
    logger: createStderrLogger('silent'),
    retention: { completed: 1, failed: 1, cancelled: 1 },
  });
  sweeper.start();
  for (let passed = 0; passed < ms; passed += 10) {
    clock.advance(10);
    await setImmediate();
  }
  const stopped = sweeper.stop();
  clock.advance(tookMs);
  await stopped;
  return batches;
}
