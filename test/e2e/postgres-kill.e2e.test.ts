import { randomInt } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Crew } from './support/crew.ts';
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
        const runId = await producer.api.start('survivors//walk', [steps]);
        ended.set(runId, await finish(producer, runId, { deadlineMs: 240_000, everyMs: 100 }));
      });
      const killedAt = await killWhile(load, crew, chance);
      await load;

      expect(ended.size).toBe(runs);
      for (const { run, runId } of ended.values()) if (run.status !== 'completed') expect.fail(await describeRun(producer, runId));
      const executions = groupBySteps(await stage.executions());
      // A machine that is too busy for a heartbeat is as good as dead.
      const lost = [...crew.killed, ...crew.stalled];
      const again = [...ended].flatMap(([runId, { events }]) =>
        [...(executions.get(runId) ?? [])].flatMap(([stepId, bodies]) => {
          const history = events.filter(({ correlationId }) => correlationId === stepId);
          expectExplained(bodies, countEvents(history, 'step_started'), lost);
          return history.filter(({ eventType }) => eventType === 'step_started').slice(1);
        }),
      );
      expect([...executions.values()].reduce((sum, ofRun) => sum + ofRun.size, 0)).toBe(runs * steps);
      report(
        killedAt.length,
        again.map(({ createdAt }) => createdAt.getTime() - lastBefore(killedAt, createdAt.getTime())),
      );
    },
  );
});

/**
 * Kills one after the other while the load lasts. What a kill has cut off is under way again before the next one: the SDK gives a step up that
 * was begun four times.
 */
async function killWhile(load: Promise<void>, crew: Crew, chance: Random): Promise<number[]> {
  let loaded = true;
  void load.finally(() => (loaded = false)).catch(() => {});
  const killedAt: number[] = [];
  while (loaded && killedAt.length < kills) {
    await crew.ready();
    await new Promise((resolve) => setTimeout(resolve, chance.between(500, leaseMs + 2_000)));
    await crew.killOne();
    killedAt.push(Date.now());
  }
  return killedAt;
}

/** What was recorded is not run again; a body is repeated only where the worker that had begun it was lost, once for each loss. */
function expectExplained(bodies: readonly LedgerLine[], started: number, lost: readonly string[]): void {
  const inOrder = bodies.toSorted((a, b) => a.attempt - b.attempt);
  expect(new Set(inOrder.map(({ attempt }) => attempt)).size).toBe(bodies.length);
  expect(bodies.length).toBeLessThanOrEqual(started);
  for (const { host } of inOrder.slice(0, -1)) expect(lost).toContain(host);
}

function lastBefore(instants: readonly number[], instant: number): number {
  return Math.max(...instants.filter((at) => at <= instant), -Infinity);
}

/** Times are told, not asserted: they are the machine's. */
function report(killed: number, recoveredAfter: readonly number[]): void {
  const sorted = recoveredAfter.filter(Number.isFinite).toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  console.log(
    `seed ${seed}: ${runs} runs, ${killed} kills, ${sorted.length} steps begun again; after the kill p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, lease ${leaseMs} ms`,
  );
}

async function inLanes(count: number, width: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, lane));
}
