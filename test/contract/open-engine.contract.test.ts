import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type LogFields, silentLogger } from '../../src/base/logger.ts';
import { createWorld, defineFlow, defineHandler, type OpenEngineOptions, openEngine, Result, type WorldEngine } from '../../src/index.ts';
import { brokenLogRules } from '../../src/testing/index.ts';
import { type Place, places } from '../support/places.ts';

const greet = defineHandler({ type: 'greet', execute: ({ input }) => Result.success(`Hello, ${String(input)}!`) });
const greetAndNap = (id: string, duration: number | string) =>
  defineFlow({
    id,
    version: '1.0.0',
    initialStepId: 'greet',
    steps: {
      greet: { type: 'greet', input: { type: 'path', path: 'user.name' }, outputKey: 'text', transitions: { onSuccess: 'approve' } },
      approve: { type: 'wait', config: {}, input: { type: 'static', value: null }, transitions: { onSuccess: null, onResume: 'nap' } },
      nap: { type: 'delay', config: { duration }, input: { type: 'static', value: null }, transitions: { onSuccess: null } },
    },
  });
const greeting = greetAndNap('greeting', 1);
// After the resume it sleeps for so long that nothing happens by itself.
const slow = greetAndNap('slow', '1h');

describe.each(Object.entries(places))('openEngine on %s', (_, make) => {
  let place: Place;
  let engines: WorldEngine[];
  const env = () => ({ WORKFLOW_PAWL_LOG_LEVEL: 'silent', ...place.env });
  const open = async (options: OpenEngineOptions = {}) => {
    const engine = await openEngine({ env: env(), ...options });
    engines.push(engine);
    return engine;
  };

  beforeEach(async () => {
    place = await make();
    engines = [];
  });
  afterEach(async () => {
    for (const engine of engines) await engine.close();
    await place.remove();
  });

  it('may be started more than once, and is at work no longer when it is closed', async () => {
    const twice = await open({ handlers: [greet], flows: [greeting] });
    for (let times = 0; times < 2; times += 1) await twice.start();
    // Keeps the worker of this process, which asks the engines in the order in which they came.
    const staying = await open({ handlers: [greet], flows: [greeting] });
    await staying.start();
    await twice.close();
    const { execution } = await staying.create('greeting', { user: { name: 'Ada' } });
    await staying.waitFor(execution.id, { until: ['waiting'] });
  });

  it('carries an execution through a wait, a resume and a timer, and logs it as a run', async () => {
    const engine = await open({ handlers: [greet], flows: [greeting] });
    await engine.start();
    const { execution } = await engine.create('greeting', { user: { name: 'Ada' } });
    await engine.waitFor(execution.id, { until: ['waiting'] });
    await engine.resume(execution.id, { ok: true });
    const done = await engine.waitFor(execution.id);
    expect(done).toMatchObject({ status: 'completed', output: { text: 'Hello, Ada!', resumedBy: 'timer' } });

    const { data: runs } = await engine.world.runs.list();
    expect(runs).toMatchObject([{ runId: execution.id, workflowName: 'flow//greeting@1.0.0', status: 'completed' }]);
    const { data: events } = await engine.world.events.list({ runId: execution.id });
    expect(events.map(({ eventType }) => eventType)).toEqual([
      'run_created',
      'run_started',
      'step_created',
      'step_started',
      'step_completed',
      'step_created',
      'step_started',
      'hook_created',
      'hook_received',
      'hook_disposed',
      'step_created',
      'step_started',
      'wait_created',
      'wait_completed',
      'step_started',
      'step_completed',
      'run_completed',
    ]);
    expect(brokenLogRules(events)).toEqual([]);
  });

  it('stores flows, so that a process that knows none of them can work', async () => {
    const producer = await open({ flows: [greeting], handlers: [greet] });
    const { execution } = await producer.create('greeting', { user: { name: 'Bob' } });
    await producer.close();
    const worker = await open({ handlers: [greet] });
    await worker.start();
    expect(await worker.waitFor(execution.id, { until: ['waiting'] })).toMatchObject({ context: { text: 'Hello, Bob!' } });
  });

  it('warns once of a handler that no worker here has, with what to do, and leaves the execution to one that has it', async () => {
    const warnings: (readonly [string, LogFields | undefined])[] = [];
    const logger = { ...silentLogger, warn: (message: string, fields?: LogFields) => void warnings.push([message, fields]) };
    const producer = await open({ flows: [greeting], handlers: [greet] });
    const without = await open({ logger, env: { ...env(), WORKFLOW_PAWL_LOG_LEVEL: 'warn' } });
    await without.start();
    const ids: string[] = [];
    for (const name of ['Ada', 'Bob']) ids.push((await producer.create('greeting', { user: { name } })).execution.id);
    await vi.waitUntil(() => warnings.length > 0, { timeout: 20_000 });
    const having = await open({ handlers: [greet] });
    await having.start();
    for (const id of ids) expect(await having.waitFor(id, { until: ['waiting'] })).toMatchObject({ status: 'waiting' });
    const missing = warnings.filter(([, fields]) => fields?.['code'] === 'HANDLER_NOT_FOUND');
    expect(missing).toEqual([
      [expect.stringMatching(/handler "greet" of step "greet" in flow greeting@1\.0\.0.*openEngine\(\)/s), expect.anything()],
    ]);
  });

  it('refuses a stored version with other content', async () => {
    await open({ flows: [greeting], handlers: [greet] });
    const changed = { ...greeting, name: 'changed' };
    await expect(openEngine({ env: env(), flows: [changed], handlers: [greet] })).rejects.toMatchObject({ code: 'INVALID_FLOW' });
  });

  it('is cancelled by a tool that knows only the World, with children, tokens and compensation', async () => {
    const undo: unknown[] = [];
    const flow = defineFlow({
      id: 'order',
      version: '1.0.0',
      initialStepId: 'hold',
      metadata: { onCancel: 'refund' },
      steps: {
        hold: { type: 'wait', config: {}, input: { type: 'static', value: null }, transitions: { onSuccess: null } },
        refund: { type: 'refund', input: { type: 'full' }, transitions: { onSuccess: null } },
      },
    });
    const refund = defineHandler({ type: 'refund', execute: ({ input }) => (undo.push(input), Result.success()) });
    const engine = await open({ flows: [flow], handlers: [refund] });
    await engine.start();
    const { execution } = await engine.create('order', { n: 7 });
    await engine.waitFor(execution.id, { until: ['waiting'] });

    const tool = createWorld({ env: env(), apart: true });
    const answer = await tool.events.create(execution.id, { eventType: 'run_cancelled' } as never);
    expect(answer).toMatchObject({ event: { eventType: 'run_cancelled' }, run: { status: 'cancelled' } });
    await tool.close();

    expect(await engine.get(execution.id)).toMatchObject({ status: 'cancelled', cancellation: { source: 'admin' } });
    const compensation = await compensationOf(engine, execution.id);
    await engine.waitFor(compensation);
    expect(undo).toMatchObject([{ n: 7, cancellation: { source: 'admin' } }]);
  });

  it('is resumed by a tool that has its token, in the encoding of the SDK', async () => {
    const engine = await open({ handlers: [greet], flows: [slow] });
    const { execution } = await engine.create('slow', { user: { name: 'Cleo' } });
    const token = await engine.run(execution.id).then(({ waitMetadata }) => String(waitMetadata?.token));

    const tool = createWorld({ env: env(), apart: true });
    const hook = await tool.hooks.getByToken(token);
    expect(hook).toMatchObject({ runId: execution.id, token: expect.stringMatching(/^sha256:/) });
    const payload = new TextEncoder().encode('devl[{"by":1},"Grace"]');
    const received = { eventType: 'hook_received', correlationId: hook.hookId, eventData: { token, payload } };
    await tool.events.create(execution.id, received as never);
    await expect(tool.events.create(execution.id, received as never)).rejects.toMatchObject({ name: 'HookNotFoundError' });
    await tool.close();

    expect(await engine.run(execution.id)).toMatchObject({ status: 'waiting' });
    expect((await engine.get(execution.id)).context).toMatchObject({ resumeData: { by: 'Grace' } });
    await expect(engine.resume({ token })).rejects.toMatchObject({ code: 'INVALID_RESUME_TOKEN' });
  });

  it('ends the signal wait of a step through the hook that the World shows', async () => {
    const ask = defineHandler({
      type: 'ask',
      execute: ({ resumed }) => (resumed ? Result.success('asked') : Result.wait({ reason: 'signal' })),
    });
    const flow = defineFlow({
      id: 'ask',
      version: '1.0.0',
      initialStepId: 'ask',
      steps: { ask: { type: 'ask', input: { type: 'static', value: null }, outputKey: 'out', transitions: { onSuccess: null } } },
    });
    const engine = await open({ handlers: [ask], flows: [flow] });
    await engine.start();
    const { execution } = await engine.create('ask', {});
    await engine.waitFor(execution.id, { until: ['waiting'] });
    const { data: hooks } = await engine.world.hooks.list({ runId: execution.id });
    expect(hooks).toHaveLength(1);
    await engine.world.events.create(execution.id, {
      eventType: 'hook_received',
      correlationId: String(hooks[0]?.hookId),
      eventData: { payload: { plain: true } },
    } as never);
    expect(await engine.waitFor(execution.id)).toMatchObject({
      status: 'completed',
      context: { out: 'asked', resumeData: { plain: true } },
    });
  });
});

async function compensationOf(engine: WorldEngine, id: string): Promise<string> {
  const { data } = await engine.world.runs.list();
  for (const { runId } of data) if ((await engine.get(runId)).metadata?.['compensates'] === id) return runId;
  throw new Error('There is no compensation.');
}
