import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../src/base/logger.ts';
import { createWorld } from '../../src/index.ts';
import { bulk } from '../../src/operate/bulk.ts';
import { followRuns } from '../../src/operate/follow-runs.ts';
import { createOperator, type OperatorOptions } from '../../src/operate/operator.ts';
import { getRun } from '../../src/operate/get-run.ts';
import { listRuns } from '../../src/operate/list-runs.ts';
import { listEvents } from '../../src/operate/run-log.ts';
import { getStep, listSteps } from '../../src/operate/run-steps.ts';
import { listHooks, listStreams, listWaits } from '../../src/operate/run-waits.ts';
import { newRunId } from '../../src/testing/ids.ts';
import { scratchDatabase, storeNames } from '../support/any-store.ts';
import { createCodeRun, sdkPayload as sdk, writeEvent as write } from '../support/code-runs.ts';
import { seal } from '../support/seal.ts';

describe.each(storeNames)('an operator, on %s,', (store) => {
  async function open(options: Partial<OperatorOptions> = {}, env: Record<string, string> = {}) {
    const world = createWorld({ env: { ...(await scratchDatabase(store)), ...env }, apart: true });
    onTestFinished(() => world.close());
    return { world, operator: createOperator({ world, ...options }) };
  }

  it('lists runs by what they are, the newest first, page by page', async () => {
    const { world, operator } = await open();
    const [first = '', second = '', third = ''] = [newRunId(), newRunId(), newRunId()].toSorted();
    await createCodeRun(world, 'placeOrder', { runId: first });
    for (const runId of [second, third]) await createCodeRun(world, 'shipOrder', { runId });
    await write(world, first, { eventType: 'run_started' });
    await write(world, first, { eventType: 'run_completed', eventData: { output: sdk({ ok: true }) } });
    await write(world, second, { eventType: 'run_cancelled' });

    const ids = async (query: Parameters<typeof listRuns>[1]) => (await listRuns(operator, query)).data.map(({ runId }) => runId);
    // Clocks of two databases may differ by a millisecond, so the order is that of what they wrote.
    const all = (await listRuns(operator)).data.toSorted((a, b) => compare(b.createdAt + b.runId, a.createdAt + a.runId));
    const newestFirst = all.map(({ runId }) => runId);
    expect(newestFirst.toSorted()).toEqual([first, second, third]);
    expect(await ids({})).toEqual(newestFirst);
    expect(await ids({ order: 'asc' })).toEqual(newestFirst.toReversed());
    expect(await ids({ status: 'completed' })).toEqual([first]);
    expect(await ids({ status: 'waiting' })).toEqual([]);
    expect(await ids({ status: 'pending', name: 'SHIP' })).toEqual([third]);
    expect(await ids({ kind: 'flow' })).toEqual([]);
    expect(await ids({ kind: 'code', q: second.slice(-8).toLowerCase() })).toEqual([second]);
    expect(await ids({ tenant: 'acme' })).toEqual([]);
    expect(await ids({ since: '2099-01-01T00:00:00Z' })).toEqual([]);
    expect(await ids({ until: '2099-01-01T00:00:00+02:00' })).toHaveLength(3);

    const page = await listRuns(operator, { limit: 2 });
    expect(page).toMatchObject({ hasMore: true, data: newestFirst.slice(0, 2).map((runId) => ({ runId, kind: 'code' })) });
    const rest = await listRuns(operator, { limit: 2, cursor: String(page.cursor) });
    expect(rest).toMatchObject({ hasMore: false, cursor: null, data: [{ runId: newestFirst[2] }] });
  });

  it('shows a run with what went in and came out, its log and its steps', async () => {
    const { world, operator } = await open();
    const runId = await createCodeRun(world, 'placeOrder', { input: sdk([{ at: new Date(0), lines: new Map([['a', 1n]]) }]) });
    await write(world, runId, { eventType: 'run_started' });
    const step = 'step_01';
    await write(world, runId, {
      eventType: 'step_created',
      correlationId: step,
      eventData: { stepName: 'step//./shop//charge', input: sdk([42]) },
    });
    await write(world, runId, { eventType: 'step_started', correlationId: step });
    await write(world, runId, {
      eventType: 'step_retrying',
      correlationId: step,
      eventData: { error: 'the bank is closed', retryAfter: new Date(0) },
    });
    await write(world, runId, { eventType: 'step_started', correlationId: step });
    await write(world, runId, { eventType: 'step_completed', correlationId: step, eventData: { result: sdk('paid') } });

    const run = await getRun(operator, runId);
    expect(run).toMatchObject({
      status: 'running',
      name: 'placeOrder',
      input: { state: 'value', json: [{ at: 'Date(1970-01-01T00:00:00.000Z)', lines: { 'Map(1)': { a: '1n' } } }], truncated: false },
      output: { state: 'none' },
      counts: { events: 7, steps: 1, hooks: 0, waits: 0, streams: 0 },
      actions: ['cancel', 'wake', 'replay'],
    });
    expect((await listSteps(operator, runId)).data).toMatchObject([
      {
        name: 'charge',
        status: 'completed',
        attempt: 2,
        input: { json: [42] },
        output: { json: 'paid' },
        attempts: [
          { outcome: 'retrying', error: { message: 'the bank is closed' } },
          { outcome: 'completed', error: null },
        ],
      },
    ]);
    const log = await listEvents(operator, runId, { limit: 6 });
    expect(log.data.map(({ eventType }) => eventType)).toEqual([
      'run_created',
      'run_started',
      'step_created',
      'step_started',
      'step_retrying',
      'step_started',
    ]);
    const rest = await listEvents(operator, runId, { cursor: String(log.cursor) });
    expect(rest).toMatchObject({ hasMore: false, data: [{ eventType: 'step_completed', data: { json: { result: 'paid' } } }] });
  });

  it('reads of the log of a run only what belongs to the steps that are asked for', async () => {
    const { world, operator } = await open();
    const opened = await operator.store();
    const reads: string[][] = [];
    const listEventsOfTypes: typeof opened.operator.listEventsOfTypes = async (query) => {
      const events = await opened.operator.listEventsOfTypes(query);
      reads.push(events.map(({ correlationId, type }) => `${correlationId} ${type}`));
      return events;
    };
    const watched = { ...operator, store: async () => ({ ...opened, operator: { ...opened.operator, listEventsOfTypes } }) };
    // Steps of another run may have the same ids.
    const [runId, other] = [await createCodeRun(world, 'order'), await createCodeRun(world, 'order')];
    for (const of of [runId, other]) {
      await write(world, of, { eventType: 'run_started' });
      for (const correlationId of ['step_1', 'step_2', 'step_3']) {
        const eventData = { stepName: 'step//./shop//charge', input: sdk([]) };
        await write(world, of, { eventType: 'step_created', correlationId, eventData });
        await write(world, of, { eventType: 'step_started', correlationId });
        await write(world, of, { eventType: 'step_completed', correlationId, eventData: { result: sdk(1) } });
      }
    }
    const ofStep = (stepId: string) => [`${stepId} step_started`, `${stepId} step_completed`];
    const first = await listSteps(watched, runId, { limit: 2 });
    const second = await listSteps(watched, runId, { limit: 2, cursor: String(first.cursor) });
    const attempts = [{ outcome: 'completed' }];
    expect([...first.data, ...second.data]).toMatchObject(['step_1', 'step_2', 'step_3'].map((stepId) => ({ stepId, attempts })));
    expect(await getStep(watched, runId, 'step_2')).toMatchObject({ attempts });
    expect(reads).toEqual([[...ofStep('step_1'), ...ofStep('step_2')], ofStep('step_3'), ofStep('step_2')]);
  });

  it('tells of hooks and waits also when the run is over, and never their tokens', async () => {
    const { world, operator } = await open();
    const runId = await createCodeRun(world, 'approve');
    await write(world, runId, { eventType: 'run_started' });
    const token = 'a-token-that-only-its-owner-knows';
    await write(world, runId, {
      eventType: 'hook_created',
      correlationId: 'hook_1',
      eventData: { token, metadata: sdk({ schema: { type: 'object' } }) },
    });
    await write(world, runId, { eventType: 'wait_created', correlationId: 'wait_1', eventData: { resumeAt: new Date('2099-01-01') } });
    await world.writeToStream(`strm_${runId.slice(5)}_user`, runId, 'hello');
    expect((await getRun(operator, runId)).actions).toContain('resume');
    await write(world, runId, { eventType: 'run_cancelled' });

    const hooks = await listHooks(operator, runId);
    expect(hooks.data).toMatchObject([{ hookId: 'hook_1', status: 'disposed', tokenHint: 'a-to…', schema: { type: 'object' } }]);
    expect((await listWaits(operator, runId)).data).toMatchObject([{ status: 'cancelled', resumeAt: '2099-01-01T00:00:00.000Z' }]);
    expect((await listStreams(operator, runId)).data).toMatchObject([{ chunks: 1, closed: false }]);
    expect(JSON.stringify([await getRun(operator, runId), hooks, await listEvents(operator, runId)])).not.toContain(token);
  });

  it('shows what is encrypted only with the key, and only if told to', async () => {
    const key = { WORKFLOW_PAWL_ENCRYPTION_KEYS: 'a secret of sixteen' };
    const { world, operator } = await open({}, key);
    const runId = newRunId();
    const raw = (await world.getEncryptionKeyForRun(runId, {})) as Uint8Array;
    await createCodeRun(world, 'secretly', { runId, input: await seal(raw, sdk(['the amount'])) });
    expect((await getRun(operator, runId)).input).toEqual({ state: 'value', json: ['the amount'], truncated: false });
    expect((await getRun(createOperator({ world, decrypt: false }), runId)).input).toEqual({ state: 'encrypted' });
  });

  it('ends a live list where runs cannot be watched, so that whoever looks comes again', async () => {
    const { operator } = await open({ logger: silentLogger });
    const away = async () => Promise.reject(new Error('the database is away'));
    const live = () => followRuns({ ...operator, store: away }, {}, new AbortController().signal);
    const [first, second] = [live(), live()];
    expect(await Promise.all([first.next(), second.next()])).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
    // The next one begins anew.
    expect(await live().next()).toEqual({ done: true, value: undefined });
  });

  it('knows whether it was told of everything that began and ended', async () => {
    const { world, operator } = await open();
    const { operator: reads } = await operator.store();
    const look = async (limit: number, watched = 10) => {
      const { runs, whole } = await reads.listChangedRuns({ since: 0, limit, watched });
      return { ids: runs.map(({ runId }) => runId).toSorted(), whole };
    };
    const ids = [newRunId(), newRunId(), newRunId()].toSorted();
    for (const runId of ids) await createCodeRun(world, 'mail', { runId });
    expect(await look(4)).toEqual({ ids, whole: true });
    expect(await look(3)).toEqual({ ids, whole: false });
    for (const runId of ids) await write(world, runId, { eventType: 'run_cancelled' });
    expect(await look(4)).toEqual({ ids, whole: true });
    expect(await look(3)).toEqual({ ids, whole: false });
    expect((await look(2)).ids).toHaveLength(2);
  });

  it('logs what nobody foresaw of a run that it acts on in bulk', async () => {
    const lines: string[] = [];
    const logger = { ...silentLogger, error: (message: string) => void lines.push(message) };
    const { world, operator } = await open({ logger });
    const runId = await createCodeRun(world, 'mail');
    const odd = { ...operator.world, events: { create: async () => Promise.reject(new TypeError('odd')) } } as unknown as typeof world;
    const { failed } = await bulk({ ...operator, world: odd }, { action: 'cancel', filter: { name: 'mail' }, dryRun: false });
    expect(failed).toEqual([{ runId, problem: 'It failed for a reason that is in the log of the server.' }]);
    expect(lines).toEqual([`Acting in bulk on run ${runId} failed: TypeError: odd`]);
  });

  it('lets a hook of its host change or hide what is shown', async () => {
    const redact: OperatorOptions['redact'] = (value, { what }) =>
      what === 'input' ? JSON.parse(JSON.stringify(value).replaceAll(/\d{4}/g, '****')) : undefined;
    const { world, operator } = await open({ redact });
    const runId = await createCodeRun(world, 'pay', { input: sdk([{ card: '4242' }]) });
    expect((await getRun(operator, runId)).input).toMatchObject({ json: [{ card: '****' }] });
    expect((await listEvents(operator, runId)).data).toMatchObject([{ data: { state: 'redacted' } }]);
  });
});

function compare(a: string, b: string): number {
  return a < b ? -1 : 1;
}
