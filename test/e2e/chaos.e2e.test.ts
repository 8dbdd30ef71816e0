import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../../chaos/node-program.ts';
import { targets } from '../../chaos/targets/index.ts';
import { scratchFolder } from '../support/scratch.ts';

const seed = Number(process.env.PAWL_SEED ?? randomInt(2 ** 31));

// The short form of `npm run chaos`: of each target what takes seconds, if anything does. Repeat a failure with PAWL_SEED.
describe(`the chaos programme (seed ${seed})`, () => {
  const short = targets.flatMap(({ shortScale, ...target }) => (shortScale === undefined ? [] : [{ ...target, scale: shortScale }]));

  it.each(short)('$id: $fault', { timeout: 240_000 }, async ({ run, scale }) => {
    const { amounts, violations } = await run({ seed, scale, scratch: await scratchFolder(), say: () => {} });
    expect(violations).toEqual([]);
    for (const [done] of Object.values(amounts)) expect(done).toBeGreaterThan(0);
  });
});

// By theme, with what it was that they met.
const failedOnce = {
  everything: {
    1_000_238: 'work taken under a new name that nobody knew yet',
    1_002_793: 'a wait that was due by a clock which was then set back',
    1_000_031: 'work taken under the name by which the worker had been given up',
    938_329: 'a claim by a clock that had been set back before it came to the database',
    5_006_815: 'a database that was away for the birth of a step, and again for the end of its delivery',
  },
  clocks: { 1_718: 'a clock that was set back between the claim of a run for its timer and the replay' },
  flows: {
    5_011: 'a database that was away when a handler asked for a token',
    5_117: 'a worker that left with an execution which its children had woken',
    5_016: 'hosts whose clocks differ',
    3_000_744: 'an execution that was claimed and could not be read',
    3_001_064: 'an engine that held an execution without a heartbeat',
    5_001_886: 'an execution that went to another worker and came back while its first delivery stood still',
  },
};

describe('seeds of the simulation that once failed', () => {
  it.each(Object.entries(failedOnce))('%s: %j', { timeout: 120_000 }, async (theme, met) => {
    const seeds = Object.keys(met).map(Number);
    const seen: unknown[] = [];
    await runProgram(new URL('../../chaos/simulation/run-seeds.ts', import.meta.url), { seeds, theme }, (line) => seen.push(line));
    expect(seen).toMatchObject(seeds.map((each) => ({ seed: each, violations: [] })));
  });
});
