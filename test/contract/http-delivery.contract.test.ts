import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { serve, type ServerType } from '@hono/node-server';
import { Hono } from 'hono';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createWorld } from '../../src/index.ts';
import { type Signed, sign } from '../../src/runtime/signature.ts';
import { encodeBody, encodeLease, encodeName, headers } from '../../src/runtime/wire.ts';
import { pendingStep, runningRun } from '../../src/testing/arrange.ts';
import { type DeliveryRecorder, forRun, forStep, type OnDelivery, recordDeliveries } from '../../src/testing/delivery-recorder.ts';
import * as build from '../../src/testing/event-builders.ts';
import { newRunId, newStepId, newStepName } from '../../src/testing/ids.ts';
import { sendStep, wakeRun } from '../../src/testing/queueing.ts';
import { registerStepName } from '../../src/testing/registered-steps.ts';
import { freePort } from '../../src/testing/free-port.ts';
import { scratchFolder } from '../support/scratch.ts';

const secret = 'a secret that both sides know';
const flowName = '__wkf_workflow_workflow//./workflows/w//run';

describe('delivery over HTTP', () => {
  it('is refused at the start of a worker that is not told where the app answers', async () => {
    const url = `sqlite:${join(await scratchFolder(), 'pawl.db')}`;
    const start = (env: Readonly<Record<string, string>>) => {
      const world = createWorld({ env: { WORKFLOW_PAWL_URL: url, WORKFLOW_PAWL_DELIVERY: 'http', ...env } });
      onTestFinished(() => world.close());
      return world.start();
    };
    await expect(start({})).rejects.toMatchObject({
      code: 'INVALID_SETTING',
      message: expect.stringMatching(/WORKFLOW_PAWL_DELIVERY is "http".*Set WORKFLOW_PAWL_BASE_URL/),
    });
    // Who only starts runs delivers nothing.
    await start({ WORKFLOW_PAWL_WORKER: 'off' });
    await start({ PORT: String(await freePort()) });
  });

  it('goes where the World says that starts the worker, whatever the stub was told that was made before it', async () => {
    const { workflows, requests, open } = await openApp(undefined, { stub: { WORKFLOW_PAWL_BASE_URL: '' } });
    const world = open();
    await world.start();
    const runId = await runningRun(world);
    await workflows.answer(forRun(runId));
    expect((await vi.waitUntil(() => requests[0])).path).toBe('/.well-known/workflow/v1/flow');
  });

  it('posts a signed request to the route of the app, which answers at once and settles by itself', async () => {
    const { world, workflows, requests, start } = await openApp();
    await start();
    const runId = await runningRun(world);
    const { queueName } = await workflows.answer(forRun(runId));

    const first = await vi.waitUntil(() => requests[0]);
    expect(first).toMatchObject({ path: '/.well-known/workflow/v1/flow', status: 202, body: JSON.stringify({ runId }) });
    expect(first.headers).toMatchObject({ 'content-type': 'application/json', [headers.attempt]: '1' });
    expect(first.headers[headers.queueName]).toBe(encodeName(queueName));
    expect(first.headers[headers.signature]).toMatch(/^[\w-]{43}$/);
  });

  it('finds the routes below the base path of the app, where only its port is known', async () => {
    const basePath = Symbol.for('@workflow/core/basePath');
    const app = globalThis as { [basePath]?: string };
    app[basePath] = '/shop';
    onTestFinished(() => void delete app[basePath]);
    const { world, workflows, requests, start } = await openApp(undefined, { below: '/shop' });
    await start();
    const runId = await runningRun(world);
    await workflows.answer(forRun(runId));
    expect((await vi.waitUntil(() => requests[0])).path).toBe('/shop/.well-known/workflow/v1/flow');
  });

  it('carries names and data that no header or JSON could hold', async () => {
    const { world, steps, start } = await openApp();
    const stepName = registerStepName('step//./workflows/größe//мера 🎉');
    const runId = await runningRun(world);
    const stepId = await pendingStep(world, runId, stepName);
    await start();
    await sendStep(world, { runId, stepId, stepName });
    expect((await steps.answer(forStep(runId, stepId))).queueName).toBe(`__wkf_step_${stepName}`);
  });

  it('keeps the bytes of a message', async () => {
    const { world, workflows, start } = await openApp();
    await start();
    const message = { runId: newRunId(), extra: new Uint8Array([0, 255, 10]) };
    await world.queue(flowName, message);
    expect((await workflows.answer(forRun(message.runId))).message).toEqual(message);
  });

  it('starts a step once, also one that a replay creates and sends at the same time', async () => {
    const attempts: unknown[] = [];
    const stepName = registerStepName(newStepName());
    const runId = newRunId();
    const stepId = newStepId();
    const { world, steps, start } = await openApp(async ({ queueName }) => {
      if (queueName.includes('_wkf_workflow_')) {
        await world.events.create(runId, build.runStarted());
        await world.events.create(runId, build.stepCreated(stepId, { stepName }));
        await sendStep(world, { runId, stepId, stepName });
        return;
      }
      const { step } = await world.events.create(runId, build.stepStarted(stepId));
      attempts.push(step?.attempt);
    });
    await start();
    await world.events.create(runId, build.runCreated());
    await steps.answer(forStep(runId, stepId));
    expect(attempts).toEqual([1]);
    const { data } = await world.events.list({ runId });
    expect(data.map(({ eventType }) => eventType)).toEqual(['run_created', 'run_started', 'step_created', 'step_started']);
  });

  it.each(['workflow', 'step'] as const)('brings the health check of the %s route to that route', async (kind) => {
    const { world, workflows, steps, requests, start } = await openApp();
    await start();
    const message = { __healthCheck: true as const, correlationId: 'check_1' };
    await world.queue(`__wkf_${kind}_health_check`, message);
    const { answer } = kind === 'workflow' ? workflows : steps;
    const request = await Promise.race([answer(() => true), vi.waitUntil(() => requests.find(({ status }) => status >= 400))]);
    expect(request).toMatchObject({ message, queueName: `__wkf_${kind}_health_check` });
  });

  it('tries again when the app did not take it', async () => {
    const { world, workflows, requests, start, refuseOnce } = await openApp();
    refuseOnce();
    await start();
    const runId = newRunId();
    await wakeRun(world, runId);
    expect((await workflows.answer(forRun(runId))).attempt).toBe(2);
    await vi.waitUntil(() => requests.length === 2);
    expect(requests.map(({ status }) => status)).toEqual([503, 202]);
  });

  it.each([
    ['unsigned', (signed: Signed) => ({ ...signed, signature: undefined })],
    ['signed with another secret', (signed: Signed) => ({ ...signed, signature: sign('another secret', signed) })],
    ['changed after it was signed', (signed: Signed) => ({ ...signed, signature: sign(secret, signed), body: '{"runId":"another"}' })],
    ['moved to another queue', (signed: Signed) => ({ ...signed, signature: sign(secret, signed), queueName: encodeName(`${flowName}s`) })],
    ['of an hour ago', (signed: Signed) => resign({ ...signed, timestamp: String(Date.now() - 3_600_000) })],
    ['of the future', (signed: Signed) => resign({ ...signed, timestamp: String(Date.now() + 3_600_000) })],
    ['of no time at all', (signed: Signed) => resign({ ...signed, timestamp: 'yesterday' })],
  ])('refuses a request that is %s with 401, and delivers nothing', async (_, forge) => {
    const { workflows, send } = await openApp();
    const response = await send(forge(signedRequest()));
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ error: expect.stringContaining('WORKFLOW_PAWL_SECRET') });
    expect(workflows.deliveries).toEqual([]);
  });

  it('refuses a delivery whose lease another worker has by now with 409', async () => {
    const { world, workflows, send } = await openApp();
    const runId = await runningRun(world);
    const lease = encodeLease({ of: 'run', shard: 0, runId, id: runId, lease: { owner: 'wkr_gone', epoch: 7 }, inbox: [] });
    const response = await send(resign({ ...signedRequest(runId), lease }));
    expect(response.status).toBe(409);
    expect(workflows.deliveries).toEqual([]);
  });

  it('handles a signed request without a lease, from a tool, before it answers', async () => {
    const answers: OnDelivery = ({ message }) => {
      if (message['runId'] === 'later') return { timeoutSeconds: 3 };
      if (message['runId'] === 'never') throw new Error('boom');
      return undefined;
    };
    const { send } = await openApp(answers);
    const ask = async (runId: string) => {
      const response = await send(resign(signedRequest(runId)));
      return [response.status, await response.json()];
    };
    expect(await ask('now')).toEqual([200, { ok: true }]);
    expect(await ask('later')).toEqual([200, { timeoutSeconds: 3 }]);
    expect(await ask('never')).toEqual([500, 'Error: boom']);
  });
});

interface SeenRequest {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly status: number;
}

interface GivenApp {
  readonly below?: string;
  /** What the World of the routes is told in place of that. */
  readonly stub?: Readonly<Record<string, string>>;
}

/** An app in this process: its routes on a port, and a World that delivers to them over HTTP. */
async function openApp(onDelivery?: OnDelivery, { below, stub }: GivenApp = {}) {
  const port = await freePort();
  const env = {
    WORKFLOW_PAWL_URL: `sqlite:${join(await scratchFolder(), 'pawl.db')}`,
    WORKFLOW_PAWL_DELIVERY: 'http',
    ...(below === undefined ? { WORKFLOW_PAWL_BASE_URL: `http://127.0.0.1:${port}` } : { PORT: String(port) }),
    WORKFLOW_PAWL_SECRET: secret,
    WORKFLOW_PAWL_LOG_LEVEL: 'silent',
  };
  const open = (more = {}) => {
    const made = createWorld({ env: { ...env, ...more } });
    onTestFinished(() => made.close());
    return made;
  };
  const world = open(stub);
  const workflows = recordDeliveries(world, '__wkf_workflow_', onDelivery);
  const steps = recordDeliveries(world, '__wkf_step_', onDelivery);
  const requests: SeenRequest[] = [];
  let refusals = 0;
  const app = new Hono();
  const mount = (name: string, { respond }: DeliveryRecorder) =>
    app.all(`${below ?? ''}/.well-known/workflow/v1/${name}`, async ({ req }) => {
      const body = await req.raw.clone().text();
      const response = refusals-- > 0 ? new Response(null, { status: 503 }) : await respond(req.raw);
      requests.push({ path: req.path, headers: Object.fromEntries(req.raw.headers), body, status: response.status });
      return response;
    });
  mount('flow', workflows);
  mount('step', steps);
  await listen(app, port);
  return {
    open,
    world,
    workflows,
    steps,
    requests,
    start: () => world.start(),
    refuseOnce: () => void (refusals = 1),
    send: (request: Partial<SignedRequest>) => post(port, request),
  };
}

async function listen(app: Hono, port: number): Promise<void> {
  const server: ServerType = serve({ fetch: app.fetch, hostname: '127.0.0.1', port });
  await once(server, 'listening');
  expect((server.address() as AddressInfo).port).toBe(port);
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
}

type SignedRequest = Signed & { readonly signature: string | undefined };

/** What a sender vouches for: a wake of a run that nobody has heard of, made just now. */
function signedRequest(runId = newRunId()): Signed {
  return {
    queueName: encodeName(flowName),
    messageId: 'msg_1',
    attempt: '1',
    lease: '',
    timestamp: String(Date.now()),
    body: encodeBody({ runId }),
  };
}

function resign(signed: Signed): SignedRequest {
  return { ...signed, signature: sign(secret, signed) };
}

async function post(port: number, request: Partial<SignedRequest>): Promise<Response> {
  const sent = Object.entries(headers).flatMap(([part, header]) => {
    const value = request[part as keyof typeof headers];
    return value ? [[header, value] as const] : [];
  });
  return await fetch(`http://127.0.0.1:${port}/.well-known/workflow/v1/flow`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close', ...Object.fromEntries(sent) },
    body: String(request.body),
  });
}
