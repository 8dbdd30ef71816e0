import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { silentLogger } from '../../src/base/logger.ts';
import { createWorld } from '../../src/index.ts';
import { createServer } from '../../src/server/index.ts';
import { scratchDatabase, storeNames } from '../support/any-store.ts';
import { openApi } from '../support/api.ts';
import { createCodeRun, sdkPayload, writeEvent } from '../support/code-runs.ts';

describe.each(storeNames)('the API, on %s,', (store) => {
  it('lists, shows and follows runs', async () => {
    const { world, get, events } = await openApi(store);
    const live = await events('/runs/live?name=order');
    const runId = await createCodeRun(world, 'placeOrder', { input: sdkPayload([7]) });
    expect(await live.nextOf('run')).toMatchObject({ runId, status: 'pending', name: 'placeOrder' });

    const one = await events(`/runs/${runId}/live`);
    expect(await one.nextOf('changed')).toEqual({ eventCount: 1, status: 'pending' });
    await writeEvent(world, runId, { eventType: 'run_started' });
    expect(await one.nextOf('changed')).toEqual({ eventCount: 2, status: 'running' });
    await writeEvent(world, runId, { eventType: 'run_completed', eventData: { output: sdkPayload('done') } });
    expect(await one.nextOf('changed')).toEqual({ eventCount: 3, status: 'completed' });
    expect(await one.next()).toMatchObject({ done: true });
    for (let seen = await live.nextOf('run'); seen?.['status'] !== 'completed'; seen = await live.nextOf('run'))
      expect(seen).toMatchObject({ runId });
    await live.cancel();

    expect(await get('/runs?status=completed&limit=1')).toMatchObject({
      status: 200,
      body: { data: [{ runId, durationMs: expect.any(Number) }] },
    });
    expect(await get(`/runs/${runId}`)).toMatchObject({ body: { input: { json: [7] }, output: { json: 'done' }, counts: { events: 3 } } });
    expect((await get(`/runs/${runId}/events`)).body.data).toHaveLength(3);
    for (const list of ['steps', 'hooks', 'waits', 'streams']) expect((await get(`/runs/${runId}/${list}`)).body.data).toEqual([]);
    expect((await get(`/runs/${runId}/explain`)).body.text).toContain(`${runId} (placeOrder) is completed`);
  });

  it('reads a stream while it is written', async () => {
    const { world, events } = await openApi(store);
    const runId = await createCodeRun(world, 'log');
    const name = `strm_${runId.slice(5)}_user`;
    await world.writeToStream(name, runId, 'one');
    const live = await events(`/runs/${runId}/streams/${name}`);
    expect(await live.nextOf('chunk')).toEqual({ index: 0, text: 'one' });
    await world.writeToStream(name, runId, framed({ line: 2 }));
    expect(await live.nextOf('chunk')).toEqual({ index: 1, text: '{"line":2}\n' });
    await world.writeToStream(name, runId, new Uint8Array([0xff, 0xfe]));
    expect(await live.nextOf('chunk')).toEqual({ index: 2, base64: '//4=' });
    await world.closeStream(name, runId);
    expect(await live.nextOf('end')).toEqual({ chunks: 3 });

    const rest = await events(`/runs/${runId}/streams/${name}?from=2`);
    expect(await rest.nextOf('chunk')).toMatchObject({ index: 2 });
    await rest.cancel();
  });

  it('ends a stream that is left open when its run is over', async () => {
    const { world, events } = await openApi(store);
    const runId = await createCodeRun(world, 'log');
    const name = `strm_${runId.slice(5)}_user`;
    await world.writeToStream(name, runId, 'one');
    const live = await events(`/runs/${runId}/streams/${name}`);
    expect(await live.nextOf('chunk')).toEqual({ index: 0, text: 'one' });
    await writeEvent(world, runId, { eventType: 'run_cancelled' });
    expect(await live.next()).toEqual({ done: false, value: { event: 'end', data: { chunks: 1 } } });
    expect(await live.next()).toMatchObject({ done: true });
  });

  it('says of a stream that is not there that it is not, before anything is sent, and logs nothing', async () => {
    const lines: string[] = [];
    const say = (message: string) => void lines.push(message);
    const { world, get } = await openApi(store, { logger: { ...silentLogger, warn: say, error: say } });
    const [runId, other] = [await createCodeRun(world, 'log'), await createCodeRun(world, 'log')];
    await world.writeToStream('of another', other, 'one');
    for (const name of ['none', 'of another'])
      expect(await get(`/runs/${runId}/streams/${name}`), name).toMatchObject({ status: 404, body: { code: 'STREAM_NOT_FOUND' } });
    expect(await get('/runs/wrun_none/streams/none')).toMatchObject({ status: 404, body: { code: 'RUN_NOT_FOUND' } });
    expect(lines).toEqual([]);
  });

  it('starts, cancels, wakes, resumes and replays runs of code, each with its line in the audit log', async () => {
    const { world, get, post } = await openApi(store);
    const workflow = 'workflow//./shop//placeOrder';
    const first = await post('/runs', { workflow, args: [{ sku: 'a' }] }, { headers: { 'idempotency-key': 'k1' } });
    expect(first).toMatchObject({ status: 201, body: { name: 'placeOrder', status: 'pending' } });
    const again = await post('/runs', { workflow, args: [{ sku: 'a' }] }, { headers: { 'idempotency-key': 'k1' } });
    expect(again).toMatchObject({ status: 200, body: { runId: first.body.runId } });
    expect(await post('/runs', { workflow: 'placeOrder', args: [] })).toMatchObject({ status: 201, body: { workflowName: workflow } });
    expect(await post('/runs', { workflow: 'unheardOf' })).toMatchObject({ status: 404, body: { code: 'WORKFLOW_NOT_FOUND' } });
    const { runId } = first.body as { runId: string };

    expect(await post(`/runs/${runId}/resume`, {})).toMatchObject({ status: 409, body: { code: 'NOT_WAITING' } });
    await writeEvent(world, runId, { eventType: 'run_started' });
    await writeEvent(world, runId, { eventType: 'hook_created', correlationId: 'hook_1', eventData: { token: 'order:1:paid' } });
    expect(await post(`/runs/${runId}/resume`, { data: { paid: true } })).toMatchObject({ status: 200, body: { runId } });
    expect(await post('/resume', { token: 'order:1:paid', data: 2 })).toMatchObject({ status: 200, body: { runId } });
    expect((await get(`/runs/${runId}/hooks`)).body.data).toMatchObject([{ status: 'received', receivedCount: 2 }]);
    expect(await post(`/runs/${runId}/wake`)).toMatchObject({ status: 200 });
    expect(await post(`/runs/${runId}/retry`)).toMatchObject({ status: 409, body: { code: 'NOT_A_FLOW' } });

    expect(await post(`/runs/${runId}/cancel`, { reason: 'a typo' })).toMatchObject({ status: 200, body: { status: 'cancelled' } });
    expect(await post(`/runs/${runId}/cancel`)).toMatchObject({ status: 200, body: { status: 'cancelled' } });
    expect(await post(`/runs/${runId}/wake`)).toMatchObject({ status: 409, body: { code: 'RUN_ENDED' } });
    const replayed = await post(`/runs/${runId}/replay`);
    expect(replayed.status).toBe(201);
    expect((await get(`/runs/${replayed.body.runId}`)).body).toMatchObject({ input: { json: [{ sku: 'a' }] }, status: 'pending' });

    const audit = await get('/audit');
    expect(audit.body.data.map(({ action, outcome }: { action: string; outcome: string }) => `${action} ${outcome}`)).toEqual([
      'run.replay done',
      'run.wake refused',
      'run.cancel done',
      'run.cancel done',
      'run.retry refused',
      'run.wake done',
      'resume done',
      'run.resume done',
      'run.resume refused',
      'run.start refused',
      'run.start done',
      'run.start done',
      'run.start done',
    ]);
    expect(JSON.stringify(audit.body)).not.toContain('order:1:paid');
  });

  it('cancels many runs at once, after a look at how many', async () => {
    const { world, get, post } = await openApi(store);
    for (let i = 0; i < 12; i += 1) await createCodeRun(world, i < 10 ? 'mail' : 'keep');
    const bulk = { action: 'cancel', filter: { name: 'mail' } };
    expect(await post('/runs/bulk', bulk)).toMatchObject({ body: { matched: 10, done: 0, dryRun: true } });
    expect(await post('/runs/bulk', { ...bulk, dryRun: false })).toMatchObject({
      body: { matched: 10, done: 10, failed: [], more: false },
    });
    expect((await get('/runs?status=pending')).body.data).toHaveLength(2);
    expect(await post('/runs/bulk', { action: 'cancel', filter: {} })).toMatchObject({ status: 400 });
  });

  it('gives any of many hooks what it waits for', async () => {
    const { world, post, get } = await openApi(store);
    const runId = await createCodeRun(world, 'poll');
    await writeEvent(world, runId, { eventType: 'run_started' });
    const ids = Array.from({ length: 102 }, (_, index) => `hook_${String(index).padStart(3, '0')}`);
    for (const id of ids)
      await writeEvent(world, runId, { eventType: 'hook_created', correlationId: id, eventData: { token: `of ${id}` } });
    expect(await post(`/runs/${runId}/resume`, { hookId: 'hook_101', data: 1 })).toMatchObject({ status: 200, body: { runId } });
    expect(await post('/resume', { token: 'of hook_100' })).toMatchObject({ status: 200, body: { runId } });
    expect((await get(`/runs/${runId}/hooks?limit=200`)).body.data.slice(100)).toMatchObject([
      { hookId: 'hook_100', receivedCount: 1 },
      { hookId: 'hook_101', receivedCount: 1 },
    ]);
    expect(await post(`/runs/${runId}/resume`, { hookId: 'hook_102' })).toMatchObject({ status: 409, body: { code: 'NOT_WAITING' } });
    expect(await post(`/runs/${runId}/resume`, {})).toMatchObject({ status: 400, body: { code: 'HOOK_AMBIGUOUS' } });
  });

  it('says how the system is, and is ready only with its database', async () => {
    const { world, get } = await openApi(store);
    await createCodeRun(world, 'mail');
    expect(await get('/system')).toMatchObject({
      body: {
        store: store.toLowerCase().replace('sql', 'sql').replace('postgresql', 'postgres'),
        runs: { pending: 1 },
        stuckRuns: { count: 0 },
      },
    });
    const { body } = await get('/system/throughput?window=15m');
    expect(body.buckets.reduce((sum: number, bucket: { started: number }) => sum + bucket.started, 0)).toBe(1);
    expect(await get('//livez')).toMatchObject({ status: 200, body: 'ok\n' });
    expect(await get('//readyz')).toMatchObject({ status: 200, body: { ready: true } });
    const metrics = await get('//metrics');
    expect(metrics.body).toContain('pawl_stuck_runs 0');
    expect(metrics.body).toContain('pawl_queue_depth{kind="run",state="ready"} 1');
    expect(await get('/me')).toMatchObject({ body: { name: 'loopback', auth: 'none', scopes: ['read', 'act', 'admin'] } });
  });
});

describe.each(storeNames)('the state of the system, on %s,', (store) => {
  it('has runs that nothing will wake as stuck, and those that wait for something not', async () => {
    const { world, get, post } = await openApi(store);
    const delivered = new Set<string>();
    // As a workflow would that forgot to say how it goes on.
    world.createQueueHandler('__wkf_workflow_', async (message) => void delivered.add((message as { runId: string }).runId));
    const forgotten = await createCodeRun(world, 'forgotten');
    const waiting = await createCodeRun(world, 'waiting');
    await writeEvent(world, waiting, { eventType: 'run_started' });
    await writeEvent(world, waiting, { eventType: 'hook_created', correlationId: 'hook_1', eventData: { token: 'answer' } });
    await world.start();
    await vi.waitUntil(async () => (await get('/system')).body.stuckRuns.count > 0, { timeout: 20_000 });
    const { body } = await get('/system');
    expect(body).toMatchObject({
      stuckRuns: { count: 1, examples: [{ runId: forgotten, name: 'forgotten' }] },
      workers: [{ live: true, pid: process.pid }],
    });
    expect((await get('//metrics')).body).toContain('pawl_workers{live="true"} 1');
    // It is a state, not a verdict: whoever knows better wakes it.
    expect((await post(`/runs/${forgotten}/wake`)).status).toBe(200);
    expect(delivered).toContain(forgotten);
  });

  it('has figures over time: what began and ended, and how long steps took', async () => {
    const { world, get } = await openApi(store);
    for (let i = 0; i < 3; i += 1) {
      const runId = await createCodeRun(world, 'mail');
      await writeEvent(world, runId, { eventType: 'run_started' });
      await writeEvent(world, runId, {
        eventType: 'step_created',
        correlationId: 'step_1',
        eventData: { stepName: 'step//a//b', input: sdkPayload([]) },
      });
      await writeEvent(world, runId, { eventType: 'step_started', correlationId: 'step_1' });
      await writeEvent(world, runId, { eventType: 'step_completed', correlationId: 'step_1', eventData: { result: sdkPayload(1) } });
      if (i === 0) await writeEvent(world, runId, { eventType: 'run_completed', eventData: { output: sdkPayload(1) } });
      if (i === 1) await writeEvent(world, runId, { eventType: 'run_failed', eventData: { error: 'no' } });
    }
    for (const window of ['15m', '1h', '6h', '24h', '7d']) {
      const { body } = await get(`/system/throughput?window=${window}`);
      const buckets = body.buckets as Record<string, number>[];
      const sum = (name: string) => buckets.reduce((total, bucket) => total + (bucket[name] ?? 0), 0);
      const sums = ['started', 'completed', 'failed', 'cancelled', 'stepsCompleted'].map(sum);
      expect(sums, window).toEqual([3, 1, 1, 0, 3]);
      expect(buckets.some(({ stepP50Ms, stepP95Ms }) => stepP50Ms !== null && Number(stepP95Ms) >= Number(stepP50Ms))).toBe(true);
    }
  });
});

describe('acting on very many runs', () => {
  it('goes on where the call before ended, and not with what came later', async () => {
    const { world, post } = await openApi('SQLite');
    await Promise.all(Array.from({ length: 1_005 }, () => createCodeRun(world, 'mail')));
    const bulk = { action: 'cancel', filter: { name: 'mail' } };
    const first = (await post('/runs/bulk', bulk)).body;
    expect(first).toMatchObject({ matched: 1_000, more: true, cursor: expect.any(String) });
    const begunBefore = Date.now();
    await vi.waitUntil(() => Date.now() > begunBefore + 1);
    await createCodeRun(world, 'mail');
    expect((await post('/runs/bulk', { ...bulk, cursor: first.cursor })).body).toMatchObject({ matched: 5, more: false, cursor: null });
    expect(await post('/runs/bulk', { ...bulk, cursor: 'made up' })).toMatchObject({ status: 400, body: { code: 'INVALID_INPUT' } });
  });
});

describe('a live stream', () => {
  it('is not begun for who asks for its headers alone', async () => {
    const world = createWorld({ env: await scratchDatabase('SQLite'), apart: true });
    const server = createServer({ world, dashboard: false, maxStreams: 1 });
    onTestFinished(async () => {
      await server.close();
      await world.close();
    });
    const ask = (method: string) =>
      server.fetch(new Request('http://localhost/api/v1/runs/live', { method }), { remoteAddress: '127.0.0.1' });
    for (const _ of [1, 2]) {
      const { status, headers, body } = await ask('HEAD');
      expect([status, headers.get('content-type'), body]).toEqual([200, 'text/event-stream; charset=utf-8', null]);
    }
    const live = await ask('GET');
    expect(live.status).toBe(200);
    await live.body?.cancel();
  });
});

/** As the SDK writes values into a stream. */
function framed(value: unknown): Uint8Array {
  const payload = sdkPayload(value);
  const frame = Buffer.alloc(4 + payload.length);
  frame.writeUInt32BE(payload.length);
  frame.set(payload, 4);
  return frame;
}
