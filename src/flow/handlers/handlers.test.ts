import { describe, expect, it, vi } from 'vitest';
import { createSandbox } from '../sandbox.ts';
import { buildFlow, type StepSketch } from '../testing/build-flow.ts';
import { TestHarness } from '../testing/harness.ts';
import type { SpawnedCode } from '../execution-index.ts';

// Never the time it takes; only how long a machine may stand still meanwhile.
vi.setConfig({ testTimeout: 60_000 });

const day = 86_400_000;

async function runStep(step: StepSketch, context: Record<string, unknown> = {}) {
  // The way of compensation makes the side steps reachable, whatever the test is about.
  const sides = { left: { type: 'log', onFailure: 'right' }, right: { type: 'log' } };
  const flow = buildFlow({ it: { outputKey: 'out', ...step }, ...sides }, { metadata: { onCancel: 'left' } });
  const harness = new TestHarness({ flows: [flow] });
  return { harness, execution: await harness.run('flow', context) };
}

const visited = ({ history }: { history: { stepId: string }[] }) => history.map(({ stepId }) => stepId);

describe('delay', () => {
  it.each([
    ['milliseconds', { duration: 1_500 }, 1_500],
    ['text', { duration: '36h' }, 1.5 * day],
    ['an instant', { until: '2026-01-03T00:00:00Z' }, 2 * day],
    ['an instant that has passed', { until: 5 }, 0],
  ])('waits for %s', async (_name, config, ms) => {
    const { harness, execution } = await runStep({ type: 'delay', config });
    if (ms > 0) {
      await harness.simulateTime(ms - 1);
      expect((await harness.getExecution(execution.id)).status).toBe('waiting');
      await harness.simulateTime(1);
    } else await harness.simulateTime(0);
    const done = await harness.getExecution(execution.id);
    expect(done).toMatchObject({ status: 'completed', context: { out: { delayed: true, duration: ms } } });
  });

  it('takes its time from the input', async () => {
    const input = { type: 'template', template: { duration: '${seconds}' } } as const;
    const { execution } = await runStep({ type: 'delay', input }, { seconds: 1_000 });
    expect(execution.waitMetadata?.wakeAt).toBe(execution.createdAt + 1_000);
  });

  it.each([[{}], [{ duration: 'soon' }], [{ until: 'tomorrow' }], [{ duration: -1 }]])('refuses %j', async (config) => {
    expect((await runStep({ type: 'delay', config })).execution.error?.code).toBe('INVALID_INPUT');
  });

  it('can be cut short', async () => {
    const { harness, execution } = await runStep({ type: 'delay', config: { duration: '60d' } });
    expect((await harness.resume(execution.id)).status).toBe('completed');
  });
});

describe('transform', () => {
  it('reshapes its input', async () => {
    const config = { expression: 'items.{ "name": $uppercase(name) }' };
    const { execution } = await runStep({ type: 'transform', config }, { items: [{ name: 'a' }, { name: 'b' }] });
    expect(execution.context.out).toEqual([{ name: 'A' }, { name: 'B' }]);
  });

  it('fails once when the expression does', async () => {
    const { execution } = await runStep({
      type: 'transform',
      config: { expression: '$number("x")' },
      retries: { maxAttempts: 0 },
    });
    expect(execution.error?.code).toBe('INPUT_RESOLUTION_ERROR');
  });

  it('is ended when it takes too long', async () => {
    const sandbox = createSandbox({ timeLimitMs: 100 });
    const flow = buildFlow({
      it: { type: 'transform', config: { expression: '($f := function($n) { $f($n + 1) }; $f(1))' } },
    });
    const execution = await new TestHarness({ flows: [flow], sandbox }).run('flow');
    expect(execution).toMatchObject({ status: 'failed', error: { code: 'INPUT_RESOLUTION_ERROR' } });
    await sandbox.close();
  });
});

describe('conditional', () => {
  it.each([
    ['n > 3', 'left'],
    ['n > 7', 'right'],
    ['nothing', 'right'],
    [{ path: 'n', op: 'gte', value: 5 }, 'left'],
    [{ path: 'n', op: 'gt', value: '4' }, 'right'],
    [{ path: 'list', op: 'contains', value: 'b' }, 'left'],
    [{ path: 'n', op: 'in', value: [4, 6] }, 'right'],
    [{ path: 'gone', op: 'exists' }, 'right'],
    [{ path: 'gone', op: 'empty' }, 'left'],
    [{ path: 'gone', op: 'ne', value: 1 }, 'left'],
    [{ path: 'list', op: 'eq', value: ['a', 'b'] }, 'left'],
    [{ path: 'object', op: 'eq', value: { y: [{ b: 1, a: 2 }], x: 1 } }, 'left'],
    [{ path: 'object', op: 'eq', value: { x: 1 } }, 'right'],
  ])('%j goes %s', async (test, side) => {
    const config = { if: test, onTrue: 'left', onFalse: 'right' };
    const { execution } = await runStep({ type: 'conditional', config }, { n: 5, list: ['a', 'b'], object: { x: 1, y: [{ a: 2, b: 1 }] } });
    expect(visited(execution)).toEqual(['it', side]);
    expect(execution.context.out).toEqual({ result: side === 'left' });
  });

  it('ends on null, and goes on by onSuccess where no way is named', async () => {
    expect(visited((await runStep({ type: 'conditional', config: { if: 'true', onTrue: null }, onSuccess: 'left' })).execution)).toEqual([
      'it',
    ]);
    expect(visited((await runStep({ type: 'conditional', config: { if: 'true' }, onSuccess: 'left' })).execution)).toEqual(['it', 'left']);
  });
});

describe('switch', () => {
  const cases = [
    { name: 'big', if: 'n > 100', goTo: 'left' },
    { if: { path: 'n', op: 'eq', value: 1 }, goTo: 'right' },
  ];
  it.each([
    [500, 'left', 'big'],
    [1, 'right', 1],
    [2, undefined, null],
  ])('%d goes %s', async (n, side, chosen) => {
    const { execution } = await runStep({ type: 'switch', config: { cases } }, { n });
    expect(visited(execution)).toEqual(side ? ['it', side] : ['it']);
    expect(execution.context.out).toEqual({ case: chosen });
  });

  it('falls back on its default', async () => {
    const { execution } = await runStep({ type: 'switch', config: { cases, default: 'left' } }, { n: 2 });
    expect(visited(execution)).toEqual(['it', 'left']);
  });
});

describe('wait', () => {
  it('gives what it was resumed with, by the token that run returned', async () => {
    const flow = buildFlow({ ask: { type: 'wait', outputKey: 'answer', config: { reason: 'approval' } } });
    const harness = new TestHarness({ flows: [flow] });
    const { id } = await harness.create('flow');
    const { waitMetadata } = await harness.engine.run(id);
    expect(waitMetadata).toMatchObject({ reason: 'approval', token: expect.stringMatching(/^[\w-]{43}$/) });
    expect((await harness.getExecution(id)).waitMetadata?.token).toMatch(/^sha256:/);
    const done = await harness.resume({ token: waitMetadata?.token ?? '' }, { ok: true });
    expect(done).toMatchObject({ status: 'completed', context: { answer: { ok: true } } });
  });

  it('waits for a token that an earlier step made and another one handed out', async () => {
    const flow = buildFlow({
      issue: { type: 'wait', config: { issue: true, ttl: '1d' }, outputKey: 'approval', onSuccess: 'send' },
      send: { type: 'log', input: { type: 'path', path: 'approval.token' }, onSuccess: 'ask' },
      ask: { type: 'wait', input: { type: 'key', key: 'approval' }, config: { timeout: '2d' }, outputKey: 'answer' },
    });
    const harness = new TestHarness({ flows: [flow] });
    const { id } = await harness.runUntil('flow', 'waiting');
    const token = harness.calls('log')[0]?.input as string;
    expect((await harness.resume({ token }, 'yes')).context.answer).toBe('yes');
    const { id: late } = await harness.runUntil('flow', 'waiting');
    const lateToken = harness.calls('log')[1]?.input as string;
    await harness.simulateTime(1 * day);
    await expect(harness.resume({ token: lateToken })).rejects.toMatchObject({ code: 'INVALID_RESUME_TOKEN' });
    await harness.simulateTime(1 * day);
    expect(await harness.getExecution(late)).toMatchObject({
      status: 'failed',
      error: { code: 'TIMEOUT', stepId: 'ask' },
    });
    expect(id).not.toBe(late);
  });
});

describe('log', () => {
  it('writes its input with the message and level', async () => {
    const lines: unknown[] = [];
    const write = (level: string) => (message: string, fields?: object) => lines.push([level, message, fields]);
    const logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
    const flow = buildFlow({
      it: { type: 'log', config: { level: 'warn', message: 'look' }, input: { type: 'static', value: 7 } },
    });
    const execution = await new TestHarness({ flows: [flow], logger }).run('flow');
    expect(execution).toMatchObject({ status: 'completed', context: {} });
    expect(lines).toEqual([['warn', 'look', { executionId: execution.id, stepId: 'it', input: 7 }]]);
  });
});

describe('code', () => {
  const flow = buildFlow({
    call: {
      type: 'code',
      config: { workflow: 'workflow//./a//run' },
      input: { type: 'key', key: 'args' },
      outputKey: 'out',
    },
  });

  it('starts a run as a child and takes its result', async () => {
    const started: SpawnedCode[] = [];
    const code = { start: async (child: SpawnedCode) => void started.push(child) };
    const harness = new TestHarness({ flows: [flow], code });
    const { id } = await harness.runUntil('flow', 'waiting', { args: [1, 'two'] });
    expect(started).toMatchObject([{ workflow: 'workflow//./a//run', args: [1, 'two'], parent: { executionId: id, stepId: 'call' } }]);
    const { id: childId, parent } = started[0] as SpawnedCode;
    await harness.engine.settleChild({
      parentId: id,
      group: parent.group,
      index: parent.index,
      childId,
      status: 'completed',
      output: 3,
    });
    expect((await harness.run(id)).context.out).toBe(3);
  });

  it('fails clearly without a World', async () => {
    const execution = await new TestHarness({ flows: [flow] }).run('flow', { args: [] });
    expect(execution).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('World') } });
  });
});
