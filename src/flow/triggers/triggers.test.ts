import { createHmac } from 'node:crypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createFakeClock, type FakeClock } from '../../base/fake-clock.ts';
import { Engine } from '../engine.ts';
import { createFlowRegistry } from '../flow-registry.ts';
import { createHandlerRegistry } from '../handler-registry.ts';
import { driveDue } from '../local-worker.ts';
import { MemoryStateStore } from '../memory/memory-state-store.ts';
import { Result } from '../result.ts';
import { buildFlow } from '../testing/build-flow.ts';
import { spy } from '../testing/handlers.ts';
import type { Execution } from '../types.ts';
import { forwardEvents, type Forwarding } from './forward-events.ts';
import { MemoryTriggerStore } from './memory-trigger-store.ts';
import { dueOccurrences, nextOccurrence } from './schedule.ts';
import { createTriggers, type Triggers } from './triggers.ts';
import type { HttpTrigger } from './types.ts';

// Never the time it takes; only how long a machine may stand still meanwhile.
vi.setConfig({ testTimeout: 60_000 });

let clock: FakeClock;
let engine: Engine;
let store: MemoryTriggerStore;
let triggers: Triggers;
let created: Execution[];
const hour = 3_600_000;

beforeEach(() => {
  clock = createFakeClock(Date.UTC(2026, 0, 1));
  const executions = new MemoryStateStore({ clock });
  const flows = [buildFlow({ a: {} }), buildFlow({ a: {} }, { id: 'other' }), buildFlow({ f: {} }, { id: 'failing' })];
  const handlers = [spy('a', Result.success()), spy('f', Result.failure({ code: 'X', message: 'x' }))];
  engine = new Engine(executions, createHandlerRegistry(handlers), createFlowRegistry(flows), { clock });
  store = new MemoryTriggerStore(executions.index);
  triggers = open();
  created = [];
  engine.on<Execution>('execution:created', (execution) => created.push(execution));
});

const open = () => createTriggers({ engine, store, clock, secrets: (name) => (name === 'HOOK_SECRET' ? 's3cret' : undefined) });

describe('schedule arithmetic', () => {
  const times = (cron: string, timezone: string, from: string, count: number) => {
    const found: string[] = [];
    let at: number | undefined = Date.parse(from);
    for (let n = 0; n < count && at !== undefined; n += 1) {
      at = nextOccurrence({ cron, timezone }, at);
      if (at !== undefined) found.push(new Date(at).toISOString());
    }
    return found;
  };

  it('counts in UTC by default, and in seconds with six fields', () => {
    expect(nextOccurrence({ cron: '0 2 * * *' }, Date.UTC(2026, 0, 1))).toBe(Date.UTC(2026, 0, 1, 2));
    expect(nextOccurrence({ cron: '*/10 * * * * *' }, Date.UTC(2026, 0, 1, 0, 0, 1))).toBe(Date.UTC(2026, 0, 1, 0, 0, 10));
  });

  it('fires a time that spring skips right after it, once', () => {
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
  });

  it('fires a time that autumn repeats once', () => {
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
  });

  it('treats each time of a list, and of a range, like a time by itself when the clocks change', () => {
    expect(times('30 2,14 * * *', 'Europe/Berlin', '2026-03-28T14:00:00Z', 3)).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-29T12:30:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
    expect(times('30 2,14 * * *', 'Europe/Berlin', '2026-10-24T14:00:00Z', 3)).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-25T13:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
    expect(times('0 1-3 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 3)).toEqual([
      '2026-10-24T23:00:00.000Z',
      '2026-10-25T00:00:00.000Z',
      '2026-10-25T02:00:00.000Z',
    ]);
  });

  it('keeps an interval when the clocks change', () => {
    expect(times('*/30 * * * *', 'Europe/Berlin', '2026-10-25T00:10:00Z', 3)).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-25T01:00:00.000Z',
      '2026-10-25T01:30:00.000Z',
    ]);
  });

  it('has no occurrence of a day that never comes', () => {
    expect(nextOccurrence({ cron: '0 0 31 2 *' }, 0)).toBeUndefined();
  });

  it.each([
    ['skip', []],
    ['latest', [3]],
    ['all', [1, 2, 3]],
  ] as const)('makes up for what was missed: %s', (catchUp, hours) => {
    const start = Date.UTC(2026, 0, 1);
    const due = dueOccurrences({ cron: '0 * * * *', catchUp }, start + hour, start + 3.5 * hour);
    expect(due).toEqual({ fire: hours.map((n) => start + n * hour), nextFireAt: start + 4 * hour });
  });

  it.each(['skip', 'latest', 'all'] as const)('fires one that is on time: %s', (catchUp) => {
    const start = Date.UTC(2026, 0, 1);
    const due = dueOccurrences({ cron: '0 * * * *', catchUp }, start + hour, start + hour + 1_500);
    expect(due).toEqual({ fire: [start + hour], nextFireAt: start + 2 * hour });
  });

  it('finds the latest of years of missed minutes', () => {
    const start = Date.UTC(2020, 0, 1);
    const now = Date.UTC(2026, 0, 1, 0, 0, 30);
    expect(dueOccurrences({ cron: '* * * * *' }, start, now).fire).toEqual([Date.UTC(2026, 0, 1)]);
  });
});

describe('schedule triggers', () => {
  it('fire each occurrence once, however many workers look', async () => {
    await triggers.register({
      type: 'schedule',
      id: 'nightly',
      flowId: 'flow',
      cron: '0 2 * * *',
      context: { days: 7 },
    });
    clock.advance(2 * hour - 1);
    expect(await triggers.fireDue()).toBe(Date.UTC(2026, 0, 1, 2));
    expect(created).toHaveLength(0);
    clock.advance(1);
    await Promise.all(Array.from({ length: 10 }, () => open().fireDue()));
    expect(created).toHaveLength(1);
    expect(created[0]).toMatchObject({
      context: { days: 7, scheduledFor: '2026-01-01T02:00:00.000Z' },
      metadata: { triggerId: 'nightly' },
    });
    expect(await triggers.firings('nightly')).toMatchObject([{ scheduledFor: Date.UTC(2026, 0, 1, 2), executionId: created[0]?.id }]);
    clock.advance(24 * hour);
    await triggers.fireDue();
    expect(created).toHaveLength(2);
  });

  it('say in their record that they failed, go on, and stop no other', async () => {
    await triggers.register({ type: 'schedule', id: 'bad', flowId: 'nobody', cron: '0 * * * *' });
    await triggers.register({ type: 'schedule', id: 'good', flowId: 'flow', cron: '0 * * * *' });
    clock.advance(hour);
    expect(await triggers.fireDue()).toBe(clock.now() + hour);
    expect(await triggers.firings('bad')).toMatchObject([{ error: { code: 'FLOW_NOT_FOUND' } }]);
    expect(created.map(({ flowId }) => flowId)).toEqual(['flow']);
  });

  it('that are registered again at boot make up for what they missed', async () => {
    const hourly = { type: 'schedule', id: 'hourly', flowId: 'flow', cron: '0 * * * *', catchUp: 'all' } as const;
    await triggers.register(hourly);
    clock.advance(3.5 * hour);
    await triggers.register({ ...hourly, context: { now: 'with context' }, timezone: 'UTC' });
    await triggers.fireDue();
    expect(created).toHaveLength(3);
    expect((await triggers.find('hourly'))?.nextFireAt).toBe(clock.now() + hour / 2);
  });

  it('that become another schedule, or were disabled, owe nothing', async () => {
    const hourly = { type: 'schedule', id: 'hourly', flowId: 'flow', cron: '0 * * * *', catchUp: 'all' } as const;
    await triggers.register(hourly);
    clock.advance(3.5 * hour);
    for (const other of [{ cron: '30 * * * *' }, { timezone: 'Europe/Berlin' }]) {
      expect((await triggers.register({ ...hourly, ...other })).nextFireAt).toBeGreaterThan(clock.now());
      await triggers.register(hourly);
    }
    await triggers.register({ ...hourly, enabled: false });
    clock.advance(5 * hour);
    await triggers.register(hourly);
    await triggers.fireDue();
    expect(created).toHaveLength(0);
  });

  it('rest while they are disabled', async () => {
    await triggers.register({ type: 'schedule', id: 'off', flowId: 'flow', cron: '0 * * * *', enabled: false });
    clock.advance(5 * hour);
    expect(await triggers.fireDue()).toBeUndefined();
    expect(created).toHaveLength(0);
  });
});

describe('http triggers', () => {
  const base: HttpTrigger = { type: 'http', id: 'hook', flowId: 'flow', path: '/hooks/orders' };
  const post = (body: unknown, headers: Record<string, string> = {}, path = '/hooks/orders') =>
    triggers.handle({
      method: 'POST',
      path,
      query: { a: '1' },
      headers,
      rawBody: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    });
  const sign = (body: string, secret = 's3cret') => `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

  it('start an execution with what they saw, without credentials', async () => {
    await triggers.register(base);
    const answer = await post({ n: 1 }, { 'content-type': 'application/json', authorization: 'Bearer x', 'x-one': '1' });
    expect(answer).toEqual({ status: 202, body: { executionId: created[0]?.id } });
    expect(created[0]?.context).toEqual({
      method: 'POST',
      path: '/hooks/orders',
      query: { a: '1' },
      headers: { 'content-type': 'application/json', 'x-one': '1' },
      body: { n: 1 },
    });
  });

  it('make the context by their transform', async () => {
    await triggers.register({ ...base, transform: '{ "order": body.id, "from": headers.`x-from` }' });
    await post({ id: 7 }, { 'x-from': 'shop' });
    expect(created[0]?.context).toEqual({ order: 7, from: 'shop' });
    await triggers.register({ ...base, transform: 'body.id' });
    expect(await post({ id: 7 })).toMatchObject({ status: 422, body: { code: 'INVALID_INPUT' } });
    expect((await triggers.firings('hook'))[0]).toMatchObject({ error: { code: 'INVALID_INPUT' } });
  });

  it('are found by path and method only', async () => {
    await triggers.register(base);
    expect((await post({}, {}, '/hooks/other')).status).toBe(404);
    expect((await triggers.handle({ method: 'GET', path: base.path, query: {}, headers: {}, rawBody: Buffer.alloc(0) })).status).toBe(404);
    await triggers.register({ ...base, enabled: false });
    expect((await post({})).status).toBe(404);
  });

  it('refuse what is no JSON, and what does not fit the schema', async () => {
    await triggers.register({ ...base, schema: { type: 'object', required: ['id'] } });
    expect((await post('{')).status).toBe(400);
    expect(await post({})).toMatchObject({ status: 422, body: { problems: [{ pointer: '' }] } });
    expect((await post({ id: 1 })).status).toBe(202);
  });

  it('refuse a schema that would answer later', async () => {
    const register = triggers.register({ ...base, schema: { $async: true, type: 'object' } });
    await expect(register).rejects.toMatchObject({ code: 'INVALID_INPUT', details: { problems: [{ pointer: '/schema' }] } });
  });

  it('refuse a body that no context can hold', async () => {
    await triggers.register(base);
    expect(await post('{"constructor":"ACME"}')).toMatchObject({ status: 422, body: { code: 'INVALID_INPUT', pointer: '/body' } });
    const deep = `${'['.repeat(300)}${']'.repeat(300)}`;
    expect(await post(deep)).toMatchObject({ status: 413, body: { code: 'CONTEXT_LIMIT' } });
    expect(await post({ big: 'x'.repeat(2 ** 20) })).toMatchObject({ status: 413, body: { code: 'CONTEXT_LIMIT' } });
    expect(created).toHaveLength(0);
  });

  it('trust only what is signed with their secret', async () => {
    const signature = { header: 'X-Signature', secret: { env: 'HOOK_SECRET' }, prefix: 'sha256=' };
    await triggers.register({ ...base, signature });
    const body = '{"n": 1}';
    for (const given of [undefined, sign(body, 'other'), sign(body).slice(7), sign(`${body} `), 'sha256=', `${sign(body)}00`]) {
      expect((await post(body, given === undefined ? {} : { 'x-signature': given })).status).toBe(401);
    }
    expect((await post(body, { 'x-signature': sign(body) })).status).toBe(202);
    expect(created[0]?.context.headers).toEqual({});
    await triggers.register({ ...base, signature: { ...signature, secret: { env: 'UNSET' } } });
    expect((await post(body, { 'x-signature': sign(body, '') })).status).toBe(401);
  });

  it('refuse a signed request that is too old', async () => {
    await triggers.register({
      ...base,
      signature: { header: 'x-sig', secret: 's3cret', encoding: 'base64', timestampHeader: 'x-time' },
    });
    const send = (at: number) => {
      const time = String(Math.floor(at / 1_000));
      const mac = createHmac('sha256', 's3cret').update(`${time}.{}`).digest('base64');
      return post('{}', { 'x-sig': mac, 'x-time': time });
    };
    expect((await send(clock.now() - 301_000)).status).toBe(401);
    expect((await send(clock.now() - 299_000)).status).toBe(202);
    expect((await send(clock.now() + 301_000)).status).toBe(401);
  });

  it('start one execution for a request that arrives many times', async () => {
    await triggers.register({ ...base, idempotencyKeyHeader: 'X-Delivery' });
    expect((await post({})).status).toBe(400);
    const answers = await Promise.all(Array.from({ length: 20 }, () => post({}, { 'x-delivery': 'd1' })));
    expect(new Set(answers.map(({ body }) => body.executionId)).size).toBe(1);
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(19);
    expect(created).toHaveLength(1);
  });
});

describe('event triggers', () => {
  let forwarding: Forwarding;
  beforeEach(() => {
    forwarding = forwardEvents(engine, triggers);
  });
  const finish = async (flowId: string, context = {}) => {
    const { execution } = await engine.create(flowId, context);
    await driveDue(engine, clock);
    await forwarding.settled();
    return execution;
  };

  it('start an execution for another one’s event, once', async () => {
    await triggers.register({
      type: 'event',
      id: 'alarm',
      flowId: 'other',
      event: 'execution:failed',
      sourceFlowId: 'failing',
      transform: '{ "failed": execution.id }',
    });
    const source = await finish('failing');
    await finish('flow');
    const alarms = created.filter(({ flowId }) => flowId === 'other');
    expect(alarms).toMatchObject([{ context: { failed: source.id } }]);
    await triggers.fireEvent('execution:failed', await engine.get(source.id));
    expect(created.filter(({ flowId }) => flowId === 'other')).toHaveLength(1);
  });

  it('whose store is away tell whoever told them, and fire once when it is told again', async () => {
    await triggers.register({ type: 'event', id: 'alarm', flowId: 'other', event: 'execution:failed', sourceFlowId: 'failing' });
    const away = vi.spyOn(store, 'fire').mockRejectedValue(new Error('away'));
    const source = await engine.get((await finish('failing')).id);
    await expect(triggers.fireEvent('execution:failed', source)).rejects.toThrow('away');
    away.mockRestore();
    const flows = vi.spyOn(engine.store, 'findByIdempotencyKey').mockRejectedValue(new Error('away'));
    await expect(triggers.fireEvent('execution:failed', source)).rejects.toThrow('away');
    flows.mockRestore();
    expect(await triggers.firings('alarm')).toEqual([]);
    for (let told = 0; told < 2; told += 1) await triggers.fireEvent('execution:failed', source);
    expect(created.filter(({ flowId }) => flowId === 'other')).toHaveLength(1);
  });

  it('whose store refuses them note that, and hold up nobody', async () => {
    await triggers.register({ type: 'event', id: 'alarm', flowId: 'other', event: 'execution:failed', sourceFlowId: 'failing' });
    const refused = Object.assign(new Error('it cannot be stored'), { status: 400 });
    vi.spyOn(engine.store, 'findByIdempotencyKey').mockRejectedValue(refused);
    await finish('failing');
    expect(await triggers.firings('alarm')).toMatchObject([{ error: { message: 'it cannot be stored' } }]);
  });

  it('ask their condition first', async () => {
    await triggers.register({
      type: 'event',
      id: 'big',
      flowId: 'other',
      event: 'execution:completed',
      condition: 'execution.context.n > 5',
    });
    await finish('flow', { n: 3 });
    await finish('flow', { n: 8 });
    expect(created.filter(({ flowId }) => flowId === 'other')).toHaveLength(1);
  });

  it('do not set themselves off', async () => {
    await triggers.register({ type: 'event', id: 'loop', flowId: 'flow', event: 'execution:completed' });
    await finish('flow');
    for (let n = 0; n < 5; n += 1) await driveDue(engine, clock);
    expect(created).toHaveLength(2);
  });
});

describe('registering', () => {
  it('refuses a trigger with every problem at its pointer', async () => {
    const bad = { type: 'schedule', id: 'a b', flowId: 'flow', cron: '99 * * * *', transform: 'x[' } as const;
    await expect(triggers.register(bad)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { problems: [{ pointer: '/id' }] },
    });
    const worse = triggers.register({ ...bad, id: 'ok' });
    await expect(worse).rejects.toMatchObject({
      details: { problems: [{ pointer: '/transform' }, { pointer: '/cron' }] },
    });
    await expect(
      triggers.register({ type: 'schedule', id: 'tz', flowId: 'flow', cron: '* * * * *', timezone: 'Mars/Olympus' }),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(await triggers.list()).toEqual([]);
  });

  it('replaces and removes', async () => {
    await triggers.register({ type: 'schedule', id: 's', flowId: 'flow', cron: '0 * * * *' });
    const { revision, createdAt } = await triggers.register({
      type: 'schedule',
      id: 's',
      flowId: 'flow',
      cron: '30 * * * *',
    });
    expect([revision, createdAt]).toEqual([2, clock.now()]);
    expect((await triggers.find('s'))?.nextFireAt).toBe(clock.now() + hour / 2);
    await triggers.remove('s');
    clock.advance(hour);
    await triggers.fireDue();
    expect(created).toHaveLength(0);
  });
});
