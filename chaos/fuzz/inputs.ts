import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createWorld } from '../../src/connect/create-world.ts';
import { openEngine } from '../../src/connect/open-engine.ts';
import { validateFlow } from '../../src/flow/validate.ts';
import { createServer } from '../../src/server/create-server.ts';
import { loadDriver } from '../../src/sqlite/driver.ts';
import * as build from '../../src/testing/event-builders.ts';
import { newRunId } from '../../src/testing/ids.ts';
import { readLog } from '../../src/testing/read-log.ts';
import type { Garble } from './garble.ts';
import { tryInput } from './verdict.ts';

export interface Source {
  /** One input, and what was wrong with what came of it. */
  next(): Promise<string | undefined>;
  /** How many values never became an input, for what would have kept them does not take them. */
  readonly untried?: () => number;
  close(): Promise<void>;
}

export const sources = { events, flows, cursors, http, rows };
export type SourceName = keyof typeof sources;

async function events(garble: Garble): Promise<Source> {
  const world = createWorld({ env: { WORKFLOW_PAWL_URL: 'sqlite::memory:', WORKFLOW_PAWL_LOG_LEVEL: 'silent' }, apart: true });
  let runId = newRunId();
  let made = 0;
  const requests = [
    () => build.runCreated(),
    () => build.runStarted(),
    () => build.runStarted({ deploymentId: 'd', workflowName: 'w', input: 1 }),
    () => build.runCompleted(),
    () => build.runFailed(),
    () => build.runCancelled(),
    () => build.stepCreated('step_0'),
    () => build.stepStarted('step_0'),
    () => build.stepCompleted('step_0'),
    () => build.stepFailed('step_0'),
    () => build.stepRetrying('step_0', { retryAfter: new Date() }),
    () => build.hookCreated('hook_0'),
    () => build.hookReceived('hook_0'),
    () => build.hookDisposed('hook_0'),
    () => build.waitCreated('wait_0', new Date()),
    () => build.waitCompleted('wait_0'),
  ] as const;
  return {
    async next() {
      const { random } = garble;
      if ((made += 1) % 40 === 1) runId = newRunId();
      const valid = random.pick<() => object>(requests)();
      const request = random.chance(0.3) ? valid : random.chance(0.9) ? garble.mutated(valid) : garble.value();
      const id = random.chance(0.9) ? runId : (garble.value() as string);
      const params = random.chance(0.85) ? undefined : garble.value();
      if (random.chance(0.1)) return tryInput(() => world.queue(garble.string(), garble.value() as never, garble.value() as never));
      return tryInput(() => world.events.create(id, request as never, params as never));
    },
    close: () => world.close(),
  };
}

async function flows(garble: Garble): Promise<Source> {
  const files = ['../../examples/flows/approval.flow.json', '../../test/fixtures/flows/load.flow.json'];
  const valid = await Promise.all(files.map(async (name) => JSON.parse(await readFile(new URL(name, import.meta.url), 'utf8')) as object));
  return {
    next: () => {
      const flow = garble.random.chance(0.95) ? garble.mutated(garble.random.pick(valid as [object, ...object[]])) : garble.value();
      return tryInput(() => validateFlow(flow));
    },
    close: async () => {},
  };
}

async function cursors(garble: Garble): Promise<Source> {
  const world = createWorld({ env: { WORKFLOW_PAWL_URL: 'sqlite::memory:', WORKFLOW_PAWL_LOG_LEVEL: 'silent' }, apart: true });
  const runId = String((await world.events.create(null, build.runCreated())).run?.runId);
  await world.events.create(runId, build.stepCreated('step_0'));
  await world.events.create(runId, build.hookCreated('hook_0'));
  const known = [
    (await world.events.list({ runId, pagination: { limit: 1 } })).cursor,
    (await world.runs.list({ pagination: { limit: 1 } })).cursor,
  ];
  return {
    next: () => {
      const { random } = garble;
      const cursor = random.chance(0.5) ? garble.value() : bent(String(random.pick([known[0], known[1]])), garble);
      const pagination = {
        cursor,
        limit: random.chance(0.5) ? 10 : garble.value(),
        sortOrder: random.pick(['asc', 'desc', garble.value()]),
      } as never;
      const id = random.chance(0.8) ? runId : (garble.value() as string);
      const calls = [
        () => world.runs.list({ pagination }),
        () => world.events.list({ runId: id, pagination }),
        () => world.steps.list({ runId: id, pagination }),
        () => world.hooks.list({ runId: id, pagination }),
        () => world.events.listByCorrelationId({ correlationId: garble.value() as string, pagination }),
        () => world.runs.get(garble.value() as string),
        () => world.steps.get(garble.value() as string, garble.value() as string),
        () => world.hooks.getByToken(garble.value() as string),
        () => world.getStreamChunks(garble.value() as string, id, pagination),
      ] as const;
      return tryInput(random.pick<() => unknown>(calls));
    },
    close: () => world.close(),
  };
}

async function http(garble: Garble): Promise<Source> {
  const engine = await openEngine({ env: { WORKFLOW_PAWL_URL: 'sqlite::memory:', WORKFLOW_PAWL_LOG_LEVEL: 'silent' } });
  const server = createServer({ world: engine.world, engine, requestsPerMinute: 1e9, dashboard: false });
  const info = { remoteAddress: '127.0.0.1' };
  const base = 'http://127.0.0.1';
  const described = (await (await server.fetch(new Request(`${base}/openapi.json`), info)).json()) as {
    paths: Record<string, Record<string, unknown>>;
  };
  const routes = Object.entries(described.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => ({ path, method })));
  const { random } = garble;
  const bodies: readonly [unknown, ...unknown[]] = [
    { token: 'x', payload: 1 },
    { workflowName: 'w', input: [] },
    { ids: ['run_1'], action: 'cancel' },
    { flowId: 'f', input: {} },
    { id: 'f', version: '1.0.0', initialStepId: 'a', steps: {} },
  ];
  const request = () => {
    const { path, method } = random.pick(routes as [{ path: string; method: string }, ...{ path: string; method: string }[]]);
    const filled = path.replaceAll(/\{[^}]+\}/g, () => encodeURIComponent(wellFormed(garble.string())) || 'x');
    const query = random.chance(0.5)
      ? ''
      : `?${new URLSearchParams([[random.pick(['cursor', 'limit', 'status', 'order', garble.string()]), garble.string()]]).toString()}`;
    const json = () =>
      JSON.stringify(
        random.chance(0.7) ? garble.mutated(random.pick(bodies as [unknown, ...unknown[]]), { json: true }) : garble.value({ json: true }),
      ) ?? 'null';
    const body = method === 'get' ? {} : { body: random.chance(0.8) ? json() : garble.string() };
    const type = random.chance(0.8)
      ? 'application/json'
      : random.pick(['text/plain', 'application/xml', 'multipart/form-data; boundary=x']);
    return new Request(`${base}${filled}${query}`, { method: method.toUpperCase(), headers: { 'content-type': type }, ...body });
  };
  return {
    next: async () => {
      const sent = request();
      const where = `${sent.method} ${new URL(sent.url).pathname.slice(0, 80)}`;
      const fault = await tryInput(async () => {
        const response = await server.fetch(sent, info).catch((error: unknown) => {
          // Whatever it is, ours or not: it should have become an answer.
          throw new Error(`the server threw ${(error as Error).stack ?? String(error)}`);
        });
        if (response.headers.get('content-type')?.includes('event-stream')) await response.body?.cancel();
        else await response.arrayBuffer();
        if (response.status >= 500) throw Object.assign(new Error(`${where} answered ${response.status}`), { status: response.status });
      });
      return fault && `${where}: ${fault}`;
    },
    async close() {
      await server.close();
      await engine.close();
    },
  };
}

const damaged = ['runs', 'steps', 'events', 'hooks', 'waits'] as const;

/** Rows that somebody else has written: a value in a row is replaced, and everything that shows it is read. */
async function rows(garble: Garble, scratch: string): Promise<Source> {
  const env = { WORKFLOW_PAWL_URL: `sqlite:${join(scratch, 'rows.db')}`, WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
  const writer = createWorld({ env, apart: true });
  const runId = await writeOneOfEach(writer);
  // Another one, which remembers nothing of what was written.
  const world = createWorld({ env, apart: true });
  const database = (await loadDriver())(join(scratch, 'rows.db'));
  database.exec('pragma foreign_keys = off');
  for (const table of damaged) database.exec(`create table whole_${table} as select * from ${table}`);
  const columns = damaged.flatMap((table) =>
    database
      .prepare(`select name, type from pragma_table_info('${table}')`)
      .all()
      .map(({ name, type }) => ({ table, name: String(name), type: String(type).toLowerCase() })),
  );
  const mend = (table: string) => database.exec(`begin; delete from ${table}; insert into ${table} select * from whole_${table}; commit`);
  // What is read of a damaged row may be refused, with an error that says so; it may not be a surprise.
  const reads = [
    () => world.runs.list(),
    () => world.runs.get(runId),
    () => world.steps.list({ runId }),
    () => world.hooks.list({ runId }),
    () => readLog(world, runId),
  ];
  let untried = 0;
  const damage = () => {
    for (;;) {
      const { table, name, type } = garble.random.pick(columns as [(typeof columns)[number], ...(typeof columns)[number][]]);
      const value = storable(garble, type);
      try {
        database.prepare(`update ${table} set ${name} = ?`).run(value);
        return { table, name, value };
      } catch (error) {
        if (!isConstraint(error)) throw error;
        untried += 1;
      }
    }
  };
  return {
    next: async () => {
      const { table, name, value } = damage();
      let fault: string | undefined;
      for (const read of reads) fault ??= await tryInput(read);
      mend(table);
      return fault && `${table}.${name} = ${shown(value)}: ${fault}`;
    },
    untried: () => untried,
    async close() {
      database.close();
      await world.close();
      await writer.close();
    },
  };
}

async function writeOneOfEach(world: ReturnType<typeof createWorld>): Promise<string> {
  const runId = String((await world.events.create(null, build.runCreated())).run?.runId);
  const requests = [
    build.runStarted(),
    build.stepCreated('step_0'),
    build.stepStarted('step_0'),
    build.stepCompleted('step_0'),
    build.hookCreated('hook_0'),
    build.waitCreated('wait_0', new Date()),
  ];
  for (const request of requests) await world.events.create(runId, request);
  return runId;
}

/** Whether the schema itself refused a value: a constraint, or a text where a number belongs. */
function isConstraint(error: unknown): boolean {
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === 'number' && [19, 20].includes(errcode & 0xff);
}

function storable(garble: Garble, type: string): number | string | Uint8Array {
  if (type === 'integer') return garble.random.between(-5, 2 ** 31);
  const text = garble.string();
  return type === 'blob' ? new Uint8Array([garble.random.between(0, 255), ...new TextEncoder().encode(text.slice(0, 200))]) : text;
}

function shown(value: number | string | Uint8Array): string {
  if (typeof value === 'number') return String(value);
  return JSON.stringify(typeof value === 'string' ? value.slice(0, 60) : [...value.subarray(0, 8)]);
}

function bent(text: string, { random }: Garble): string {
  const at = random.between(0, text.length);
  return random.chance(0.5) ? text.slice(0, at) : text.slice(0, at) + String.fromCharCode(random.between(33, 126)) + text.slice(at + 1);
}

function wellFormed(text: string): string {
  return text.replaceAll(/[\ud800-\udfff]/g, '?');
}
