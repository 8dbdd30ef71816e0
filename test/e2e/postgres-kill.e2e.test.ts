import { randomInt } from 'node:crypto';
import type { Event } from '@workflow/world';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Crew } from './support/crew.ts';
import { HostError } from './support/host-api.ts';
import { countEvents, describeRun, finish, type Finished } from './support/finish.ts';
import { groupBySteps, type LedgerLine } from './support/ledger.ts';
import { openPostgresWorld } from './support/postgres-world.ts';
import { Random } from './support/random.ts';
import { Stage } from './support/stage.ts';

const long = process.env.PAWL_LONG === '1';
// For each number of workers; PAWL_RUNS and PAWL_KILLS ask for others.
const runs = Number(process.env.PAWL_RUNS ?? (long ? 2_000 : 100));
const kills = Number(process.env.PAWL_KILLS ?? (long ? 40 : 2));
const steps = 10;
// So many at a time.
const parallel = 20;
const leaseMs = 3_000;
const seed = Number(process.env.PAWL_SEED ?? randomInt(2 ** 31));

// Nobody restarts the dead: a process of another name begins somewhere else, and what the dead one held comes to whoever is there.
describe.each([2, 4])('%i workers on one PostgreSQL', (workers) => {
  test(
    `do ${runs} runs of ${steps} steps though up to ${kills} of them are killed (seed ${seed})`,
    { timeout: 300_000 + runs * 500 },
    async () => {
      const stage = await Stage.open(await openPostgresWorld({ WORKFLOW_PAWL_LEASE_MS: String(leaseMs) }));
      onTestFinished(async () => await stage.close());
      const producer = await stage.startHost('producer');
      const chance = new Random(seed);
      const crew = new Crew(stage, chance);
      await crew.start(workers);

      const ended = new Map<string, Finished>();
      const load = inLanes(runs, parallel, async () => {
        const runId = await patiently(() => producer.api.start('survivors//walk', [steps]));
        ended.set(runId, await patiently(() => finish(producer, runId, { deadlineMs: 240_000, everyMs: 100 })));
      });
      await killWhile(load, crew, chance);
      await load;

      expect(ended.size).toBe(runs);
      for (const { run, runId } of ended.values()) if (run.status !== 'completed') expect.fail(await describeRun(producer, runId));
      const executions = groupBySteps(await stage.executions());
      // A machine that is too busy for a heartbeat is as good as dead.
      const lost = [...crew.killedAt.keys(), ...crew.stalled];
      const recoveries = [...ended].flatMap(([runId, { events }]) =>
        [...(executions.get(runId) ?? [])].flatMap(([stepId, bodies]) => {
          const history = events.filter(({ correlationId }) => correlationId === stepId);
          expectExplained(bodies, countEvents(history, 'step_started'), lost);
          return recoveriesOf(bodies, history, crew.killedAt);
        }),
      );
      for (const runId of ended.keys()) expect(executions.get(runId)?.size).toBe(steps);
      report(crew, recoveries);
    },
  );
});

/**
 * Kills one after the other while the load lasts. What a kill has cut off is under way again before the next one: the SDK gives a step up that
 * was begun four times.
 */
async function killWhile(load: Promise<void>, crew: Crew, chance: Random): Promise<void> {
  let loaded = true;
  void load.finally(() => (loaded = false)).catch(() => {});
  while (loaded && crew.killedAt.size < kills) {
    await crew.ready();
    await new Promise((resolve) => setTimeout(resolve, chance.between(500, leaseMs + 2_000)));
    await crew.killOne();
  }
}

/** Asks again where the producer is told that the database does not answer: on a machine that stands still that is no fault of a worker. */
async function patiently<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof HostError) || error.status !== 503) throw error;
    }
  }
}

/** What was recorded is not run again; a body is repeated only where the worker that had begun it was lost, once for each loss. */
function expectExplained(bodies: readonly LedgerLine[], started: number, lost: readonly string[]): void {
  const inOrder = bodies.toSorted((a, b) => a.attempt - b.attempt);
  expect(new Set(inOrder.map(({ attempt }) => attempt)).size).toBe(bodies.length);
  expect(bodies.length).toBeLessThanOrEqual(started);
  for (const { host } of inOrder.slice(0, -1)) expect(lost).toContain(host);
}

/** How long after its worker was killed each body that the kill cut off was begun again elsewhere. */
function recoveriesOf(bodies: readonly LedgerLine[], history: readonly Event[], killedAt: ReadonlyMap<string, number>): number[] {
  const starts = history.filter(({ eventType }) => eventType === 'step_started').map(({ createdAt }) => createdAt.getTime());
  return bodies.flatMap(({ host, attempt }) => {
    const [at, again] = [killedAt.get(host), starts[attempt]];
    return at === undefined || again === undefined || again < at ? [] : [again - at];
  });
}

/** Times are told, not asserted: they are the machine's. */
function report(crew: Crew, recoveries: readonly number[]): void {
  const sorted = recoveries.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  console.log(
    `seed ${seed}: ${runs} runs, ${crew.killedAt.size} kills, ${crew.stalled.length} workers that stood still; ${sorted.length} bodies cut off by a kill, begun again after p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, lease ${leaseMs} ms`,
  );
}

async function inLanes(count: number, width: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, lane));
}
