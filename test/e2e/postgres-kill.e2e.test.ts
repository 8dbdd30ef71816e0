import { randomInt } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Crew } from './support/crew.ts';
import { countEvents, finish, type Finished, valueOf } from './support/finish.ts';
import type { Host } from './support/host.ts';
import { groupBySteps, type LedgerLine } from './support/ledger.ts';
import { openPostgresWorld } from './support/postgres-world.ts';
import { Random } from './support/random.ts';
import { Stage } from './support/stage.ts';

const long = process.env.PAWL_LONG === '1';
const [runs, kills] = long ? [2_000, 40] : [200, 4];
const steps = 10;
const leaseMs = 3_000;
const seed = Number(process.env.PAWL_SEED ?? randomInt(2 ** 31));

// Nobody restarts the dead: a process of another name begins somewhere else, and what the dead one held comes to whoever is there.
describe.each([2, 4])('%i workers on one PostgreSQL', (workers) => {
  test(
    `do ${runs} runs of ${steps} steps though ${kills} of them are killed (seed ${seed})`,
    { timeout: 300_000 + runs * 500 },
    async () => {
      const stage = await Stage.open(await openPostgresWorld({ WORKFLOW_PAWL_LEASE_MS: String(leaseMs) }));
      onTestFinished(async () => await stage.close());
      const producer = await stage.startHost('producer');
      const chance = new Random(seed);
      const crew = new Crew(stage, chance);
      await crew.start(workers);

      const runIds: string[] = [];
      const started = inLanes(runs, 8, async () => void runIds.push(await producer.api.start('survivors//walk', [steps])));
      const killedAt: number[] = [];
      for (let kill = 0; kill < kills; kill += 1) {
        await crew.ready();
        await new Promise((resolve) => setTimeout(resolve, chance.between(200, 1_200)));
        await crew.killOne();
        killedAt.push(Date.now());
      }
      await started;

      const ended = new Map<string, Finished>();
      await inLanes(runs, 8, async (index) => {
        const runId = String(runIds[index]);
        ended.set(runId, await finish(producer, runId, { deadlineMs: 240_000, everyMs: 200 }));
      });
      await expectAllDone(producer, ended);
      const executions = groupBySteps(await stage.executions());
      const again = [...ended].flatMap(([runId, { events }]) =>
        [...(executions.get(runId) ?? [])].flatMap(([stepId, bodies]) => {
          const history = events.filter(({ correlationId }) => correlationId === stepId);
          expectExplained(bodies, countEvents(history, 'step_started'), crew.killed);
          return history.filter(({ eventType }) => eventType === 'step_started').slice(1);
        }),
      );
      expect([...executions.values()].reduce((sum, ofRun) => sum + ofRun.size, 0)).toBe(runs * steps);
      report(again.map(({ createdAt }) => createdAt.getTime() - lastBefore(killedAt, createdAt.getTime())));
    },
  );
});

async function expectAllDone(producer: Host, ended: ReadonlyMap<string, Finished>): Promise<void> {
  expect(ended.size).toBe(runs);
  for (const [runId, { run }] of ended) expect([runId, run.status]).toEqual([runId, 'completed']);
  const [some = ''] = ended.keys();
  expect(await valueOf(producer, some)).toBe(steps);
}

/** What was recorded is not run again; a body is repeated only where the worker that had begun it was killed, once for each kill. */
function expectExplained(bodies: readonly LedgerLine[], started: number, killed: readonly string[]): void {
  const inOrder = bodies.toSorted((a, b) => a.attempt - b.attempt);
  expect(new Set(inOrder.map(({ attempt }) => attempt)).size).toBe(bodies.length);
  expect(bodies.length).toBeLessThanOrEqual(started);
  for (const { host } of inOrder.slice(0, -1)) expect(killed).toContain(host);
}

function lastBefore(instants: readonly number[], instant: number): number {
  return Math.max(...instants.filter((at) => at <= instant), -Infinity);
}

/** Times are told, not asserted: they are the machine's. */
function report(recoveredAfter: readonly number[]): void {
  const sorted = recoveredAfter.filter(Number.isFinite).toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  console.log(
    `seed ${seed}: ${runs} runs, ${kills} kills, ${sorted.length} steps begun again; after the kill p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, lease ${leaseMs} ms`,
  );
}

async function inLanes(count: number, width: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, lane));
}
