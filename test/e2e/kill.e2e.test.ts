import { randomInt } from 'node:crypto';
import { DatabaseSync } from '@photostructure/sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Crew } from './support/crew.ts';
import { countEvents, finish, valueOf } from './support/finish.ts';
import { groupBySteps, type LedgerLine } from './support/ledger.ts';
import { Load } from './support/load.ts';
import { Random } from './support/random.ts';
import { openSqliteWorld, shortLease } from './support/sqlite-world.ts';
import { Stage } from './support/stage.ts';

const kills = Number(process.env.PAWL_KILLS ?? (process.env.PAWL_LONG === '1' ? 1_000 : 30));
const seed = Number(process.env.PAWL_SEED ?? randomInt(2 ** 31));

describe('two workers on one SQLite file', () => {
  // The seed decides the programs, the victims and the pauses; repeat a failure with PAWL_SEED.
  test(`survive ${kills} kills at random moments (seed ${seed})`, { timeout: 240_000 + kills * 5_000 }, async () => {
    const world = await openSqliteWorld(shortLease);
    const stage = await Stage.open(world);
    onTestFinished(async () => await stage.close());
    const producer = await stage.startHost('producer');
    const chance = new Random(seed);
    const crew = new Crew(stage, chance);
    await crew.start(2);

    const load = new Load(producer, new Random(seed + 1));
    const underLoad = load.run(10);
    const killing = killAtRandomMoments(crew, chance).finally(() => load.end());
    await Promise.all([underLoad, killing]);

    expect(crew.killedAt.size).toBe(kills);
    expect(load.changedLogs).toEqual([]);
    const stored = await producer.api.runs();
    expect(new Set(stored.map(({ runId }) => runId))).toEqual(new Set(load.accepted.map(({ runId }) => runId)));
    const executions = groupBySteps(await stage.executions());
    for (const { runId, expected } of load.accepted) {
      const { events } = await finish(producer, runId);
      expect(await valueOf(producer, runId)).toBe(expected);
      for (const [stepId, bodies] of executions.get(runId) ?? []) {
        const history = events.filter(({ correlationId }) => correlationId === stepId);
        expectExplained(bodies, countEvents(history, 'step_started'), [...crew.killedAt.keys()]);
      }
    }

    const bodies = (await stage.executions()).length;
    const steps = [...executions.values()].reduce((sum, ofRun) => sum + ofRun.size, 0);
    console.log(`seed ${seed}: ${load.accepted.length} runs, ${steps} steps, ${bodies - steps} of them begun again after a kill`);

    await stage.stopHosts();
    const database = new DatabaseSync(world.file);
    expect(database.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    expect(database.prepare('pragma foreign_key_check').all()).toEqual([]);
    database.close();
  });
});

async function killAtRandomMoments(crew: Crew, random: Random): Promise<void> {
  for (let kill = 0; kill < kills; kill += 1) {
    // Mostly both are at work; sometimes the victim, or the other one, is still starting.
    if (random.chance(0.8)) await crew.ready();
    await new Promise((resolve) => setTimeout(resolve, random.between(0, 600)));
    await crew.killOne();
  }
}

/**
 * A body begins only under a `step_started` of its own, and the log has none after the step's end: so what was recorded is never run
 * again. A step is run again only if the worker that ran it was killed, at most once per kill.
 */
function expectExplained(bodies: readonly LedgerLine[], started: number, killed: readonly string[]): void {
  const attempts = bodies.map(({ attempt }) => attempt);
  expect(new Set(attempts).size).toBe(attempts.length);
  expect(Math.max(...attempts)).toBeLessThanOrEqual(started);
  const inOrder = bodies.toSorted((a, b) => a.attempt - b.attempt);
  for (const { host } of inOrder.slice(0, -1)) expect(killed).toContain(host);
}
