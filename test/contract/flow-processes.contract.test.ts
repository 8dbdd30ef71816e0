import { describe, expect, it, onTestFinished } from 'vitest';
import { createFakeClock } from '../../src/base/fake-clock.ts';
import { insidesOf } from '../../src/connect/create-world.ts';
import { WorldEngine } from '../../src/connect/open-engine.ts';
import { createWorld, defineFlow, defineHandler, Result } from '../../src/index.ts';
import * as build from '../../src/testing/event-builders.ts';
import { shardOf } from '../../src/world/shard.ts';
import { type Place, places } from '../support/places.ts';
import { asAdmin } from '../support/postgres-schema.ts';

const nothing = { type: 'static', value: null } as const;
const flows = [
  defineFlow({
    id: 'ask',
    version: '1.0.0',
    initialStepId: 'ask',
    steps: {
      ask: { type: 'wait', config: {}, input: nothing, transitions: { onSuccess: null, onResume: 'again' } },
      again: { type: 'wait', config: {}, input: nothing, transitions: { onSuccess: null } },
    },
  }),
  defineFlow({
    id: 'call',
    version: '1.0.0',
    initialStepId: 'call',
    steps: {
      call: {
        type: 'code',
        config: { workflow: 'workflow//./add//add' },
        input: { type: 'path', path: 'args' },
        transitions: { onSuccess: null },
      },
    },
  }),
  defineFlow({
    id: 'many',
    version: '1.0.0',
    initialStepId: 'each',
    steps: {
      each: {
        type: 'map',
        config: { startStepId: 'item', concurrency: 10 },
        input: { type: 'key', key: 'items' },
        outputKey: 'out',
        transitions: { onSuccess: null },
      },
      item: { type: 'double', input: { type: 'key', key: 'item' }, transitions: { onSuccess: null } },
    },
  }),
];
const double = defineHandler({ type: 'double', execute: ({ input }) => Result.success(Number(input) * 2) });

describe.each(Object.entries(places))('engines that share nothing but %s', (_, make) => {
  // Half an hour before the schedule is due.
  const clock = () => createFakeClock(Date.UTC(2026, 0, 1, 0, 30));
  let place: Place | undefined;

  async function open(options: { readonly clock?: ReturnType<typeof clock> } = {}): Promise<WorldEngine> {
    const { env: where } = (place ??= await placeOfTest());
    const env = { WORKFLOW_PAWL_LOG_LEVEL: 'silent', ...where };
    const engine = new WorldEngine(createWorld({ env, apart: true, ...options }), { flows, handlers: [double], ...options });
    onTestFinished(() => engine.close());
    await engine.flows.flush();
    return engine;
  }

  async function placeOfTest(): Promise<Place> {
    const made = await make();
    onTestFinished(async () => {
      place = undefined;
      await made.remove();
    });
    return made;
  }

  it('let one of 100 concurrent resumes with one token win', async () => {
    const engines = [await open(), await open()] as const;
    const { execution } = await engines[0].create('ask');
    const { waitMetadata } = await engines[0].run(execution.id);
    const token = String(waitMetadata?.token);
    const uses = Array.from({ length: 100 }, (_unused, n) => (engines[n % 2] as WorldEngine).resume({ token }, n));
    const settled = await Promise.allSettled(uses);
    const refused = settled.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code: string }).code] : []));
    expect(refused).toEqual(Array.from({ length: 99 }, () => 'INVALID_RESUME_TOKEN'));
    const winner = settled.findIndex(({ status }) => status === 'fulfilled');
    expect((await engines[1].get(execution.id)).context).toMatchObject({ resumeData: winner });
  });

  it('make one execution of 100 concurrent creates with one key', async () => {
    const engines = [await open(), await open()] as const;
    const create = (n: number) => (engines[n % 2] as WorldEngine).create('ask', { n }, { idempotencyKey: 'order-7' });
    const results = await Promise.all(Array.from({ length: 100 }, (_unused, n) => create(n)));
    expect(new Set(results.map(({ execution }) => execution.id)).size).toBe(1);
    expect(results.filter(({ created }) => created)).toHaveLength(1);
    expect((await engines[0].world.runs.list()).data).toHaveLength(1);
  });

  it('fire a schedule once for each occurrence', async () => {
    const time = clock();
    const engines = [await open({ clock: time }), await open({ clock: time })] as const;
    await engines[0].triggers.register({ id: 'nightly', type: 'schedule', flowId: 'ask', cron: '0 * * * *', catchUp: 'all' });
    time.advance(3 * 3_600_000);
    await Promise.all([...engines, ...engines].map(({ triggers }) => triggers.fireDue()));
    expect((await engines[1].world.runs.list()).data).toHaveLength(3);
    expect(await engines[1].triggers.firings('nightly')).toHaveLength(3);
  });

  it('join the items of a map, whoever ends them', async () => {
    const engines = [await open(), await open()] as const;
    for (const engine of engines) await engine.start();
    const items = Array.from({ length: 200 }, (_unused, n) => n);
    const { execution } = await engines[0].create('many', { items });
    const done = await engines[1].waitFor(execution.id);
    expect(done).toMatchObject({ status: 'completed', context: { out: items.map((n) => n * 2) } });
  });

  it('go on when the code they called has ended, whoever ended it and however', async () => {
    const [engine, world] = [await open(), (await open()).world];
    for (const end of [build.runCompleted(new TextEncoder().encode('devl[7]')), build.runFailed(), build.runCancelled()]) {
      const { execution } = await engine.create('call', { args: [3, 4] });
      expect(await engine.run(execution.id)).toMatchObject({ status: 'waiting' });
      const { data: called } = await world.runs.list({ workflowName: 'workflow//./add//add', status: 'pending' });
      const runId = String(called[0]?.runId);
      await world.events.create(runId, build.runStarted());
      await world.events.create(runId, end);
      await engine.run(execution.id);
      const ended = end.eventType === 'run_completed' ? { status: 'completed' } : { status: 'failed', error: { code: 'HANDLER_ERROR' } };
      expect(await engine.get(execution.id)).toMatchObject(ended);
    }
  });

  it('cancel the code that they called', async () => {
    const [engine, other] = [await open(), await open()];
    const { execution } = await engine.create('call', { args: [3, 4] });
    await engine.run(execution.id);
    await other.cancel(execution.id);
    const { data: called } = await other.world.runs.list({ workflowName: 'workflow//./add//add' });
    expect(called.map(({ status }) => status)).toEqual(['cancelled']);
    const { data: events } = await other.world.events.list({ runId: String(called[0]?.runId) });
    expect(events.map(({ eventType }) => eventType)).toEqual(['run_created', 'run_cancelled']);
  });
});

it('the end of a run of code that nobody told its parent of is told by the next sweep on PostgreSQL', async () => {
  const place = await places.PostgreSQL();
  onTestFinished(() => place.remove());
  const world = createWorld({ env: { WORKFLOW_PAWL_LOG_LEVEL: 'silent', ...place.env }, apart: true });
  const engine = new WorldEngine(world, { flows, handlers: [double] });
  onTestFinished(() => engine.close());
  await engine.flows.flush();
  const { execution } = await engine.create('call', { args: [3, 4] });
  await engine.run(execution.id);
  const { data: called } = await world.runs.list({ workflowName: 'workflow//./add//add' });
  const runId = String(called[0]?.runId);

  // As far as a process comes that dies between the end and the telling of it.
  const schema = place.env['WORKFLOW_PAWL_SCHEMA'];
  await asAdmin(
    String(place.env['WORKFLOW_PAWL_URL']),
    `update "${schema}".runs set status = 'failed', completed_at = 1, due_at = null where run_id = '${runId}'`,
    `select "${schema}".pawl_end_run_v1(${shardOf(runId)}, '${runId}')`,
  );
  const store = await insidesOf(world).flows.open();
  expect(await store.hasDeadWorkers()).toBe(true);
  await store.commit({ kind: 'reap', now: store.now() });
  expect(await store.hasDeadWorkers()).toBe(false);
  await engine.run(execution.id);
  expect(await engine.get(execution.id)).toMatchObject({ status: 'failed', error: { code: 'HANDLER_ERROR' } });
});
