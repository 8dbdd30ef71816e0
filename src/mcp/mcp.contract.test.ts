import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { openEngine } from '../connect/open-engine.ts';
import { Result } from '../flow/result.ts';
import { buildFlow } from '../flow/testing/build-flow.ts';
import { listAudit } from '../operate/audit.ts';
import { type Caller, trustedCaller } from '../operate/caller.ts';
import { createOperator } from '../operate/operator.ts';
import { pendingRun, runningRun } from '../testing/arrange.ts';
import { hookCreated, runCancelled, stepCreated, waitCreated } from '../testing/event-builders.ts';
import { createMcpServer } from './create-mcp-server.ts';

const agent: Caller = { name: 'agent', scopes: ['read', 'act', 'admin'], tenantId: null, via: 'mcp' };
const readTools = [
  'explain_run',
  'get_flow',
  'get_metrics',
  'get_run',
  'list_events',
  'list_flows',
  'list_runs',
  'list_steps',
  'list_streams',
  'list_waits',
  'read_stream',
];
const actTools = ['cancel_run', 'resume_run', 'retry_run', 'start_run'];

describe('an agent', () => {
  it('sees the tools of its scopes, and no other', async () => {
    const { connect } = await open();
    const toolsOf = async (caller: Caller) => (await (await connect(caller)).client.listTools()).tools.map(({ name }) => name).toSorted();
    expect(await toolsOf({ ...agent, scopes: ['read'] })).toEqual(readTools);
    expect(await toolsOf({ ...agent, scopes: ['read', 'act'] })).toEqual([...readTools, ...actTools].toSorted());
    expect(await toolsOf(agent)).toEqual([...readTools, ...actTools, 'register_flow'].toSorted());
  });

  it('is told of each tool whether it changes anything', async () => {
    const { connect } = await open();
    const { tools } = await (await connect(agent)).client.listTools();
    for (const { name, annotations, inputSchema } of tools) {
      expect({ name, reads: annotations?.readOnlyHint }).toEqual({ name, reads: readTools.includes(name) });
      const fields = Object.keys(inputSchema.properties ?? {});
      const acts = ['dryRun', 'idempotencyKey'].map((field) => fields.includes(field));
      expect({ name, acts }).toEqual({ name, acts: [!readTools.includes(name), !readTools.includes(name)] });
    }
    expect(tools.find(({ name }) => name === 'cancel_run')?.annotations).toMatchObject({ destructiveHint: true, idempotentHint: true });
  });

  it('cannot call what it does not see', async () => {
    const { connect, engine } = await open();
    const runId = await pendingRun(engine.world);
    const { refused } = await connect({ ...agent, scopes: ['read'] });
    expect(await refused('cancel_run', { runId })).toMatch(/cancel_run/);
    expect((await engine.world.runs.get(runId)).status).toBe('pending');
  });

  it('lists runs, and has one explained', async () => {
    const { connect, engine } = await open();
    const runId = await pendingRun(engine.world);
    const { call } = await connect(agent);
    expect(await call('list_runs', { status: 'pending' })).toMatchObject({ data: [{ runId, kind: 'code' }], hasMore: false });
    expect(await call('get_run', { runId })).toMatchObject({ runId, actions: expect.arrayContaining(['cancel']) });
    expect(await call('list_events', { runId })).toMatchObject({ data: [{ eventType: 'run_created' }] });
    expect(await call('explain_run', { runId })).toMatchObject({
      text: expect.stringContaining('no worker is alive'),
      facts: [{ kind: 'queued' }],
    });
    expect(await call('get_metrics')).toMatchObject({ system: { stuckRuns: { count: 0 } }, throughput: { bucketMs: 60_000 } });
  });

  it('reads the chunks of a stream that are there, and then those that come', async () => {
    const { connect, engine } = await open();
    const runId = await pendingRun(engine.world);
    const name = `strm_${runId.slice(5)}_log`;
    const { call } = await connect(agent);
    await engine.world.writeToStreamMulti(name, runId, [Buffer.from('one'), Buffer.from('two'), Buffer.from('three')]);
    expect(await call('read_stream', { runId, name, limit: 2 })).toEqual({
      chunks: [
        { index: 0, text: 'one' },
        { index: 1, text: 'two' },
      ],
      next: 2,
      done: false,
    });
    await engine.world.closeStream(name, runId);
    expect(await call('read_stream', { runId, name, from: 2 })).toMatchObject({ chunks: [{ index: 2, text: 'three' }], done: true });
  });

  it('is told that nothing more comes of a stream that a run left open which has been over for long', async () => {
    const { connect, engine } = await open();
    const runId = await runningRun(engine.world);
    const name = `strm_${runId.slice(5)}_log`;
    await engine.world.writeToStream(name, runId, 'one');
    const { call } = await connect(agent);
    const now = vi.spyOn(systemClock, 'now').mockReturnValue(systemClock.now());
    onTestFinished(() => now.mockRestore());
    await engine.world.events.create(runId, runCancelled());
    expect(await call('read_stream', { runId, name })).toMatchObject({ next: 1, done: false });
    now.mockReturnValue(systemClock.now() + 60_000);
    expect(await call('read_stream', { runId, name })).toMatchObject({ next: 1, done: true });
  });

  it('reads what is there of an open stream whose last chunk is empty', async () => {
    const { connect, engine } = await open();
    const runId = await pendingRun(engine.world);
    const name = `strm_${runId.slice(5)}_log`;
    await engine.world.writeToStreamMulti(name, runId, [Buffer.from('one'), Buffer.alloc(0)]);
    const { call } = await connect(agent);
    expect(await call('read_stream', { runId, name })).toEqual({ chunks: [{ index: 0, text: 'one' }], next: 2, done: false });
    expect(await call('read_stream', { runId, name, from: 1 })).toEqual({ chunks: [], next: 2, done: false });
    await engine.world.writeToStream(name, runId, 'three');
    expect(await call('read_stream', { runId, name, from: 2 })).toMatchObject({ chunks: [{ index: 2, text: 'three' }], next: 3 });
  });

  it('lists the steps of a run with what went in and came out, or without', async () => {
    const { connect, engine } = await open();
    const runId = await runningRun(engine.world);
    await engine.world.events.create(runId, stepCreated('step_1'));
    const { call } = await connect(agent);
    const stepsWith = async (input: object) => (await call('list_steps', { runId, ...input }))['data'] as object[];
    const [whole = {}] = await stepsWith({});
    expect(Object.keys(whole)).toEqual(expect.arrayContaining(['stepId', 'input', 'output']));
    const { input: _, output: __, ...bare } = whole as Record<string, unknown>;
    expect(await stepsWith({ payloads: 'none' })).toEqual([bare]);
    expect(await stepsWith({ payloads: 'all' })).toEqual([whole]);
  });

  it('pages through what a run waits for, and what it has written', async () => {
    const { connect, engine } = await open();
    const runId = await runningRun(engine.world);
    for (const id of [1, 2, 3]) await engine.world.events.create(runId, hookCreated(`hook_${id}`, { token: `token ${id}` }));
    await engine.world.events.create(runId, waitCreated('wait_1', new Date('2099-01-01')));
    for (const id of [1, 2, 3]) await engine.world.writeToStream(`strm_${runId.slice(5)}_${id}`, runId, 'chunk');
    const { call, refused } = await connect(agent);
    const first = await call('list_waits', { runId, limit: 2 });
    expect(first).toMatchObject({
      hooks: [{ hookId: 'hook_1' }, { hookId: 'hook_2' }],
      waits: [{ waitId: 'wait_1' }],
      hasMore: true,
    });
    expect(await call('list_waits', { runId, limit: 2, cursor: first['cursor'] })).toEqual({
      hooks: [expect.objectContaining({ hookId: 'hook_3' })],
      waits: [],
      cursor: null,
      hasMore: false,
    });
    expect(await refused('list_waits', { runId, cursor: 'made up' })).toMatch(/INVALID_INPUT/);
    expect(await call('list_waits', { runId, limit: 2, order: 'desc' })).toMatchObject({
      hooks: [{ hookId: 'hook_3' }, { hookId: 'hook_2' }],
    });
    expect(await call('list_streams', { runId, limit: 1, order: 'desc' })).toMatchObject({ data: [{ name: `strm_${runId.slice(5)}_3` }] });
    const streams = await call('list_streams', { runId, limit: 2 });
    expect(streams).toMatchObject({ data: [{}, {}], hasMore: true });
    expect(await call('list_streams', { runId, limit: 2, cursor: streams['cursor'] })).toMatchObject({ data: [{}], hasMore: false });
    expect(await refused('read_stream', { runId, name: 'strm_nowhere' })).toMatch(/STREAM_NOT_FOUND/);
  });

  it('says of a resume that it would be refused as the act says it', async () => {
    const { connect, engine } = await open();
    const { call, refused } = await connect(agent);
    const { id: runId } = (await engine.create('asking')).execution;
    await engine.run(runId);
    const { hooks } = (await call('list_waits', { runId })) as { hooks: { hookId: string }[] };
    const resume = { runId, hookId: hooks[0]?.hookId };
    expect(await call('resume_run', { ...resume, dryRun: true })).toMatchObject({ would: `give hook ${resume.hookId} the data` });
    for (const dryRun of [true, false])
      expect(await refused('resume_run', { runId, hookId: 'hook_flow_of_yesterday', dryRun })).toMatch(
        /NOT_WAITING.*does not wait for hook/,
      );
  });

  it('checks and registers a flow, sees it and starts it once for each key', async () => {
    const { connect, engine } = await open();
    const { call, refused } = await connect(agent);
    const definition = buildFlow({ first: { type: 'log', config: { message: 'here' } } }, { id: 'fresh' });
    const wrong = { ...definition, initialStepId: 'nowhere' };
    expect(await call('register_flow', { definition: wrong, dryRun: true })).toMatchObject({
      valid: false,
      problems: expect.arrayContaining([{ pointer: '/initialStepId', message: 'there is no step "nowhere"' }]),
    });
    expect(await call('register_flow', { definition, dryRun: true })).toMatchObject({
      dryRun: true,
      valid: true,
      would: 'keep flow fresh@1.0.0',
    });
    expect(await refused('get_flow', { flowId: 'fresh' })).toMatch(/FLOW_NOT_FOUND/);
    expect(await call('register_flow', { definition })).toMatchObject({ flowId: 'fresh', version: '1.0.0' });
    expect(await call('register_flow', { definition })).toMatchObject({ flowId: 'fresh' });
    expect(await call('get_flow', { flowId: 'fresh' })).toMatchObject({ graph: { initial: 'first' } });

    const start = { workflow: 'flow//fresh', args: [{ a: 1 }], idempotencyKey: 'k1' };
    expect(await call('start_run', { ...start, dryRun: true })).toEqual({ dryRun: true, would: 'start a run of flow//fresh@1.0.0' });
    expect((await engine.world.runs.list({})).data).toEqual([]);
    const { run, created } = await call('start_run', start);
    expect(created).toBe(true);
    expect(await call('start_run', start)).toMatchObject({ created: false, run: { runId: (run as { runId: string }).runId } });
    expect(await call('start_run', { ...start, dryRun: true })).toMatchObject({ runId: (run as { runId: string }).runId });
  });

  it('starts code once for each key', async () => {
    const { connect, engine } = await open();
    const { call, refused } = await connect(agent);
    const start = { workflow: 'workflow//./workflows/order//order', args: [7], idempotencyKey: 'k1' };
    expect(await call('start_run', { ...start, dryRun: true })).toMatchObject({
      would: expect.stringContaining('start a run of workflow//'),
    });
    const first = await call('start_run', start);
    const second = await call('start_run', start);
    expect([first['created'], second['created'], second['run']]).toEqual([true, false, first['run']]);
    expect((await engine.world.runs.list({})).data).toHaveLength(1);
    expect(await refused('start_run', { workflow: 'nowhere', dryRun: true })).toMatch(/WORKFLOW_NOT_FOUND/);
  });

  it('cancels after a look at what that would do, and is told of what cannot be done', async () => {
    const { connect, engine } = await open();
    const { call, refused } = await connect(agent);
    const runId = await pendingRun(engine.world);
    expect(await call('cancel_run', { runId, dryRun: true })).toMatchObject({ would: 'cancel the run, which is pending' });
    expect((await engine.world.runs.get(runId)).status).toBe('pending');
    expect(await call('cancel_run', { runId, reason: 'asked' })).toMatchObject({ status: 'cancelled' });
    expect(await call('cancel_run', { runId })).toMatchObject({ status: 'cancelled' });
    expect(await refused('resume_run', { runId, dryRun: true })).toMatch(/NOT_POSSIBLE/);
    expect(await refused('get_run', { runId: 'wrun_nowhere' })).toMatch(/RUN_NOT_FOUND/);
  });

  it('resumes a flow once for each key', async () => {
    const { connect, engine } = await open();
    const { call, refused } = await connect(agent);
    const { id: runId } = (await engine.create('asking')).execution;
    await engine.run(runId);
    expect(await call('resume_run', { runId, dryRun: true })).toMatchObject({ would: 'resume the run' });
    expect((await engine.get(runId)).status).toBe('waiting');
    const resume = { runId, data: { approved: true }, idempotencyKey: 'yes' };
    const both = await Promise.all([call('resume_run', resume), call('resume_run', resume)]);
    expect(both).toEqual([{ runId }, { runId, repeated: true }]);
    expect(await call('resume_run', resume)).toEqual({ runId, repeated: true });
    expect(await refused('resume_run', { ...resume, idempotencyKey: 'again' })).toMatch(/EXECUTION_NOT_WAITING/);
    expect((await engine.get(runId)).context).toMatchObject({ resumeData: { approved: true } });
  });

  it('retries a flow once for each key, from a step that there is', async () => {
    const { connect, engine } = await open();
    const { call, refused } = await connect(agent);
    const { id: runId } = (await engine.create('failing')).execution;
    await engine.run(runId);
    expect(await call('retry_run', { runId, dryRun: true })).toMatchObject({ would: 'start a new run that goes on from step "fail"' });
    expect(await refused('retry_run', { runId, fromStep: 'nowhere', dryRun: true })).toMatch(/has no step/);
    const first = await call('retry_run', { runId, idempotencyKey: 'k1' });
    const second = await call('retry_run', { runId, idempotencyKey: 'k1' });
    expect([first['created'], second['created'], second['run']]).toEqual([true, false, first['run']]);
    expect((await engine.world.runs.list({})).data).toHaveLength(2);
  });

  it('retries only what has ended, and says so beforehand as the act does', async () => {
    const { connect, engine } = await open();
    const { call, refused } = await connect(agent);
    const code = await pendingRun(engine.world);
    const { id: flow } = (await engine.create('asking')).execution;
    for (const runId of [code, flow])
      for (const dryRun of [true, false]) expect(await refused('retry_run', { runId, dryRun })).toMatch(/RUN_NOT_ENDED.*has ended/);
    for (const dryRun of [true, false]) expect(await refused('retry_run', { runId: code, fromStep: 'ask', dryRun })).toMatch(/NOT_A_FLOW/);
    expect((await engine.world.runs.list({})).data).toHaveLength(2);
    const outcomes = (await listAudit(createOperator({ world: engine.world }))).data.map(({ action, code: why }) => `${action} ${why}`);
    expect(outcomes).toEqual(['run.retry NOT_A_FLOW', 'run.retry RUN_NOT_ENDED', 'run.retry RUN_NOT_ENDED']);

    await call('cancel_run', { runId: code });
    expect(await call('retry_run', { runId: code, dryRun: true })).toMatchObject({ would: 'start a new run with the same input' });
    const retry = { runId: code, idempotencyKey: 'k1' };
    const [first, second] = [await call('retry_run', retry), await call('retry_run', retry)];
    expect([first['created'], second['created'], second['run']]).toEqual([true, false, first['run']]);
  });

  it('sees and does nothing outside its tenant', async () => {
    const { connect, engine } = await open();
    const [own, other] = await Promise.all(
      ['acme', 'other'].map(async (tenantId) => (await engine.create('asking', {}, { tenantId })).execution.id),
    );
    const { call, refused } = await connect({ ...agent, scopes: ['read', 'act'], tenantId: 'acme' });
    expect(await call('list_runs')).toMatchObject({ data: [{ runId: own }], hasMore: false });
    expect(await refused('get_run', { runId: other })).toMatch(/RUN_NOT_FOUND/);
    expect(await refused('cancel_run', { runId: other })).toMatch(/RUN_NOT_FOUND/);
    expect(await refused('get_metrics')).toMatch(/FORBIDDEN/);
    expect(await refused('start_run', { workflow: 'workflow//./a//b', dryRun: true })).toMatch(/FORBIDDEN/);
    const { run } = await call('start_run', { workflow: 'flow//asking' });
    expect(run).toMatchObject({ tenantId: 'acme' });
  });

  it('leaves a line in the audit log for each act, and none for a dry run', async () => {
    const { connect, engine } = await open();
    const { call, refused } = await connect({ ...agent, scopes: ['read', 'act'] });
    const runId = await pendingRun(engine.world);
    await call('cancel_run', { runId, dryRun: true });
    await call('cancel_run', { runId, idempotencyKey: 'k0' });
    await refused('resume_run', { runId, idempotencyKey: 'k1' });
    const { data } = await listAudit(createOperator({ world: engine.world, caller: trustedCaller('test', 'host') }));
    const agents = { actor: 'agent', via: 'mcp', target: runId };
    expect(data).toMatchObject([
      { ...agents, action: 'run.resume', outcome: 'refused', details: { idempotencyKey: 'k1' } },
      { ...agents, action: 'run.cancel', outcome: 'done', details: { idempotencyKey: 'k0' } },
    ]);
    expect(data).toHaveLength(2);
  });
});

async function open() {
  const handlers = [
    { type: 'ask', execute: async () => Result.wait({ reason: 'approval' }) },
    { type: 'fail', execute: async () => Result.failure({ code: 'NO', message: 'no', retryable: false }) },
  ];
  const flows = [
    buildFlow({ ask: { onResume: 'done' }, done: { type: 'log' } }, { id: 'asking' }),
    buildFlow({ fail: {} }, { id: 'failing' }),
  ];
  const engine = await openEngine({ env: { WORKFLOW_PAWL_URL: 'sqlite::memory:' }, handlers, flows });
  onTestFinished(() => engine.close());
  const connect = async (caller: Caller) => {
    const server = createMcpServer(createOperator({ world: engine.world, engine, caller }));
    const client = new Client({ name: 'test', version: '1.0.0' });
    const [mine, its] = InMemoryTransport.createLinkedPair();
    await Promise.all([server.connect(its), client.connect(mine)]);
    onTestFinished(() => client.close());
    const ask = (name: string, input: Record<string, unknown>) => client.callTool({ name, arguments: input });
    return {
      client,
      async call(name: string, input: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
        const { isError, structuredContent, content } = await ask(name, input);
        expect({ isError, content }).not.toMatchObject({ isError: true });
        return structuredContent as Record<string, unknown>;
      },
      /** What is said about a call that does not succeed. */
      async refused(name: string, input: Record<string, unknown> = {}): Promise<string> {
        const answer = await ask(name, input).catch((error: unknown) => ({ isError: true, content: String(error) }));
        expect(answer.isError).toBe(true);
        return JSON.stringify(answer.content);
      },
    };
  };
  return { engine, connect };
}
