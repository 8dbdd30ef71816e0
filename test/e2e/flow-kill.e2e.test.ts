import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomInt } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Flow, openEngine, type WorldEngine } from '../../src/index.ts';
import { brokenLogRules } from '../../src/testing/index.ts';
import { inheritedEnv } from './support/host.ts';
import { openPostgresWorld } from './support/postgres-world.ts';
import { Random } from './support/random.ts';
import { openSqliteWorld, shortLease } from './support/sqlite-world.ts';

const long = process.env.PAWL_LONG === '1';
const stores = {
  SQLite: { open: openSqliteWorld, kills: long ? 300 : 20 },
  PostgreSQL: { open: openPostgresWorld, kills: long ? 200 : 6 },
};
// 200 kills of 20 executions are what is promised.
const perKill = long ? 20 : 10;
const seed = Number(process.env.PAWL_SEED ?? randomInt(2 ** 31));
const program = fileURLToPath(new URL('../fixtures/flows/worker.mjs', import.meta.url));

const definition = new URL('../fixtures/flows/load.flow.json', import.meta.url);

interface Call {
  readonly runId: string;
  readonly stepId: string;
  readonly visit: number;
  readonly attempt: number;
  readonly deliveries: number;
  readonly idempotencyKey: string;
  readonly host: string;
}

describe.each(Object.entries(stores))('two flow workers on one %s database', (_, { open, kills }) => {
  // The seed decides the victims and the pauses; repeat a failure with PAWL_SEED.
  test(`lose nothing and repeat no recorded step in ${kills} kills (seed ${seed})`, { timeout: 120_000 + kills * 15_000 }, async () => {
    const world = await open(shortLease);
    const folder = await mkdtemp(join(tmpdir(), 'pawl-flow-kill-'));
    const ledger = join(folder, 'calls.jsonl');
    await writeFile(ledger, '');
    const crew = new Workers({ ...world.env, LEDGER: ledger });
    const loadFlow = JSON.parse(await readFile(definition, 'utf8')) as Flow;
    const env = { ...world.env, WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
    const engine = await openEngine({ env, flows: [loadFlow], handlers: ['count', 'flaky', 'item'].map(neverHere) });
    onTestFinished(async () => {
      await crew.stop();
      await engine.close();
      await world.close();
      await rm(folder, { recursive: true, force: true });
    });
    const chance = new Random(seed);
    await crew.start(2);

    const created: string[] = [];
    for (let kill = 0; kill < kills; kill += 1) {
      for (let n = 0; n < perKill; n += 1) {
        const { execution } = await engine.create('load', { items: [1, 2, 3, 4] }, { idempotencyKey: `load-${kill}-${n}` });
        created.push(execution.id);
      }
      await new Promise((resolve) => setTimeout(resolve, chance.between(0, 400)));
      await crew.killOne(chance);
    }

    for (const id of created) {
      expect(await engine.waitFor(id)).toMatchObject({ status: 'completed', context: { items: [10, 20, 30, 40] } });
      await expectWholeLog(engine, id);
    }
    const calls = (await readFile(ledger, 'utf8')).split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Call]));
    const repeated = expectExplained(calls, crew.givenUp);
    expect(new Set(calls.map(({ runId }) => runId)).size).toBe(created.length * 5);
    console.log(`seed ${seed}: ${created.length} executions, ${calls.length} calls, ${repeated} of them begun again after a kill`);
  });
});

/** The producer knows the flow, and never calls a handler of it. */
function neverHere(type: string) {
  return { type, execute: () => Promise.reject(new Error('The producer works on nothing.')) };
}

/**
 * A call begins only under a start of its own, which is durable before it: so no call has the attempt and delivery of another, and one is
 * begun again only if the worker that had it was killed, or stood still for so long that it was given up. After the end of a visit there is none.
 */
function expectExplained(calls: readonly Call[], givenUp: ReadonlySet<string>): number {
  const visits = groupBy(calls, ({ idempotencyKey }) => idempotencyKey);
  let repeated = 0;
  for (const [key, bodies] of visits) {
    const starts = bodies.map(({ attempt, deliveries }) => `${attempt}.${deliveries}`);
    expect(new Set(starts).size, key).toBe(starts.length);
    for (const [attempt, same] of groupBy(bodies, (body) => String(body.attempt))) {
      repeated += same.length - 1;
      for (const { host } of same.slice(0, -1)) expect(givenUp, `${key} attempt ${attempt}`).toContain(host);
    }
  }
  return repeated;
}

function groupBy<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return groups;
}

async function expectWholeLog(engine: WorldEngine, runId: string): Promise<void> {
  const { data: events } = await engine.world.events.list({ runId, pagination: { limit: 1_000 } });
  expect(brokenLogRules(events)).toEqual([]);
  const ended = events.filter(({ eventType }) => eventType === 'step_completed').map(({ correlationId }) => correlationId);
  expect(new Set(ended).size).toBe(ended.length);
}

class Workers {
  /** Killed, or away for longer than the lease, as happens on a busy machine. */
  readonly givenUp = new Set<string>();
  readonly #env: Readonly<Record<string, string>>;
  readonly #running: ChildProcess[] = [];

  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env;
  }

  async start(count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) this.#launch();
    await Promise.all(this.#running.map(async ({ stdout }) => stdout && (await once(stdout, 'data'))));
  }

  async killOne(chance: Random): Promise<void> {
    const [victim] = this.#running.splice(chance.between(0, this.#running.length - 1), 1);
    if (!victim) return;
    const exited = once(victim, 'exit');
    this.givenUp.add(String(victim.pid));
    victim.kill('SIGKILL');
    await exited;
    this.#launch();
  }

  async stop(): Promise<void> {
    for (const worker of this.#running) {
      const exited = once(worker, 'exit');
      worker.kill('SIGKILL');
      await exited;
    }
  }

  #launch(): void {
    const worker = spawn(process.execPath, [program], { env: { ...inheritedEnv(), ...this.#env }, stdio: ['pipe', 'pipe', 'pipe'] });
    worker.stderr.on('data', (text: Buffer) => {
      if (text.includes('was away for longer')) this.givenUp.add(String(worker.pid));
    });
    this.#running.push(worker);
  }
}
