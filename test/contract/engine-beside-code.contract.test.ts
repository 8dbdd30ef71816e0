import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { openStore } from '../../src/connect/open-store.ts';
import { WorldEngine } from '../../src/connect/open-engine.ts';
import { readSettings } from '../../src/connect/settings.ts';
import { createWorld, defineFlow, defineHandler, openEngine, type PawlWorld, Result } from '../../src/index.ts';
import { runningRun } from '../../src/testing/arrange.ts';
import { forRun, recordDeliveries } from '../../src/testing/delivery-recorder.ts';
import { wakeRun } from '../../src/testing/queueing.ts';
import type { Act, Store } from '../../src/world/port.ts';
import { databases } from '../support/databases.ts';

const flow = defineFlow({
  id: 'small',
  version: '1.0.0',
  initialStepId: 'do',
  steps: { do: { type: 'do', input: { type: 'static', value: null }, transitions: { onSuccess: null } } },
});
const handler = defineHandler({ type: 'do', execute: () => Result.success() });
const flows = { flows: [flow], handlers: [handler] };

describe.each(Object.entries(databases))('an Engine beside runs of code on %s', (_, database) => {
  it('leaves them to others where nothing but the port of its own program is known', async () => {
    const env = { ...(await database()), WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
    const { port, paths } = await listening();
    const engine = await openEngine({ ...flows, env: { ...env, PORT: port } });
    onTestFinished(() => engine.close());
    await engine.start();
    const { worker, runs } = appOf(env);
    const runId = await dueRun(worker);
    await hasLooked(engine, env);
    expect(paths).toEqual([]);
    await worker.start();
    expect((await runs.arrival(forRun(runId))).attempt).toBe(1);
  });

  it.each(['before', 'after'] as const)(
    'sends them to the port of the app where the SDK starts its World too, %s the Engine',
    async (when) => {
      const env = { ...(await database()), WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
      const { port, paths } = await listening();
      const app = createWorld({ env: { ...env, PORT: port } });
      onTestFinished(() => app.close());
      if (when === 'before') await app.start();
      const engine = await openEngine({ ...flows, env: { ...env, PORT: port } });
      onTestFinished(() => engine.close());
      await engine.start();
      if (when === 'after') await app.start();
      await dueRun(app);
      await vi.waitUntil(() => paths.length > 0, { timeout: 20_000 });
      expect(paths[0]).toBe('/.well-known/workflow/v1/flow');
    },
  );

  it('gives them to the routes that are loaded in its process, as those of an app are', async () => {
    const env = { ...(await database()), WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
    const { port, paths } = await listening();
    // The SDK registers its routes before anything else, on a World that it never uses otherwise.
    const stub = createWorld({ env: { ...env, PORT: port } });
    const runs = recordDeliveries(stub, '__wkf_workflow_');
    const engine = await openEngine({ ...flows, env: { ...env, PORT: port } });
    onTestFinished(() => engine.close());
    await engine.start();
    const runId = await dueRun(engine.world);
    expect((await runs.arrival(forRun(runId))).attempt).toBe(1);
    expect(paths).toEqual([]);
  });

  it('works beside routes on a port where delivery over HTTP is asked for', async () => {
    const { port, paths } = await listening();
    const env = { ...(await database()), WORKFLOW_PAWL_LOG_LEVEL: 'silent', WORKFLOW_PAWL_DELIVERY: 'http', PORT: port };
    const engine = await openEngine({ ...flows, env });
    onTestFinished(() => engine.close());
    await engine.start();
    await dueRun(engine.world);
    await vi.waitUntil(() => paths.includes('/.well-known/workflow/v1/flow'), { timeout: 10_000 });
  });

  it('takes none of them for the handler of steps alone, which is there wherever the SDK is imported', async () => {
    const env = { ...(await database()), WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
    const { claimed, openSpied } = spy(env);
    const world = createWorld({ env, apart: true, openStore: openSpied });
    recordDeliveries(world, '__wkf_step_');
    const engine = new WorldEngine(world, flows);
    onTestFinished(() => engine.close());
    await engine.start();
    const { worker } = appOf(env);
    const runId = await dueRun(worker);
    await worker.queue('__wkf_workflow_health_check', { __healthCheck: true, correlationId: 'check_1' });
    await hasLooked(engine, env);
    expect(claimed).toContain('flow//small@1.0.0');
    expect(claimed).not.toContain(runId);
    expect(claimed).not.toContain('__wkf_workflow_health_check');
  });
});

/** The process of an app that has the routes. It does not work yet. */
function appOf(env: Readonly<Record<string, string>>) {
  const worker = createWorld({ env, apart: true });
  onTestFinished(() => worker.close());
  return { worker, runs: recordDeliveries(worker, '__wkf_workflow_') };
}

async function dueRun(world: PawlWorld): Promise<string> {
  const runId = await runningRun(world);
  await wakeRun(world, runId);
  return runId;
}

/** Two executions of another process come and are claimed: what it would take, it has taken. */
async function hasLooked(engine: WorldEngine, env: Readonly<Record<string, string>>): Promise<void> {
  const producer = new WorldEngine(createWorld({ env, apart: true }), flows);
  onTestFinished(() => producer.close());
  for (let round = 0; round < 2; round += 1) {
    const { execution } = await producer.create('small', {});
    await engine.waitFor(execution.id);
  }
}

/** The API of a program that is no app of the SDK, or one that notes what it is asked for. */
async function listening() {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(String(request.url));
    response.writeHead(404).end();
  }).listen(0, 'localhost');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return { paths, port: String((server.address() as AddressInfo).port) };
}

/** A store that tells what was claimed: ids of runs of code, names of flows and queues of messages. */
function spy(env: Readonly<Record<string, string>>) {
  const claimed: string[] = [];
  const openSpied = async (): Promise<Store> => {
    const store = await openStore(readSettings(env), systemClock, silentLogger);
    const commit = store.commit.bind(store) as (act: Act, ...rest: unknown[]) => Promise<unknown>;
    const spied = async (act: Act, ...rest: unknown[]) => {
      const outcome = await commit(act, ...rest);
      if (act.kind !== 'claim') return outcome;
      const { claims } = outcome as { claims: { runs: { runId: string; workflowName: string }[]; messages: { queueName: string }[] } };
      for (const { runId, workflowName } of claims.runs) claimed.push(runId, workflowName);
      for (const { queueName } of claims.messages) claimed.push(queueName);
      return outcome;
    };
    return { ...store, commit: spied as Store['commit'] };
  };
  return { claimed, openSpied };
}
