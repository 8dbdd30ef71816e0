import { describe, expect } from 'vitest';
import type { World } from '@workflow/world';
import * as build from '../event-builders.ts';
import { pendingRun, runningRun } from '../arrange.ts';
import { newHookId, newStepId, newToken } from '../ids.ts';
import { countingBytes, payload } from '../payload.ts';
import { dataOf, readLog } from '../read-log.ts';
import type { Contract } from './contract.ts';

export function payloads(contract: Contract): void {
  describe('payloads', () => {
    describe('values', () => {
      valuePolicies(contract);
    });
    describe('ownership', () => {
      ownershipPolicies(contract);
    });
  });
}

function valuePolicies({ policy }: Contract): void {
  for (const [label, value] of values) {
    policy(`${label} comes back as it went in, wherever a payload is stored`, async ({ world }) => {
      expect(await everywhere(world, value)).toEqual(Array.from({ length: 11 }, () => value));
    });
  }

  policy('bytes come back as a plain Uint8Array', async ({ world }) => {
    for (const stored of await everywhere(world, Buffer.from('from a Buffer'))) {
      expect(stored).toBeInstanceOf(Uint8Array);
      expect(new Uint8Array(stored as Uint8Array)).toEqual(new TextEncoder().encode('from a Buffer'));
    }
  });

  policy('bytes that are a window on a larger buffer are stored as the window', async ({ world }) => {
    const window = countingBytes(1_000).subarray(500, 510);
    for (const stored of await everywhere(world, window)) expect(stored).toEqual(countingBytes(10, 500));
  });

  policy('a completed run without an output has none', async ({ world }) => {
    const runId = await runningRun(world);
    await world.events.create(runId, { eventType: 'run_completed', specVersion: 3, eventData: {} });
    const run = await world.runs.get(runId);
    expect(run.status).toBe('completed');
    expect(run.output).toBeUndefined();
  });

  policy('five megabytes fit in a payload', async ({ world }) => {
    const bytes = countingBytes(5 * 1024 * 1024);
    const runId = await runningRun(world, { input: bytes });
    await world.events.create(runId, build.runCompleted(bytes));
    const run = await world.runs.get(runId);
    expect(Buffer.compare(run.input as Uint8Array, bytes)).toBe(0);
    expect(Buffer.compare(run.output as Uint8Array, bytes)).toBe(0);
  });

  policy('NUL characters in texts survive', async ({ world }) => {
    const text = 'before\u0000after';
    const runId = await runningRun(world, { executionContext: { note: text } });
    const stepId = newStepId();
    await world.events.create(runId, build.stepCreated(stepId, { input: [text] }));
    await world.events.create(runId, build.stepFailed(stepId, { error: { message: text }, stack: text }));
    await world.events.create(runId, build.runFailed({ error: { message: text, stack: text } }));
    expect((await world.steps.get(runId, stepId)).input).toEqual([text]);
    expect((await world.steps.get(runId, stepId)).error).toMatchObject({ message: text, stack: text });
    const run = await world.runs.get(runId);
    expect(run.error).toMatchObject({ message: text, stack: text });
    expect(run.executionContext).toEqual({ note: text });
  });

  policy('an execution context comes back as it went in', async ({ world }) => {
    const executionContext = {
      traceCarrier: { traceparent: '00-1' },
      features: { encryption: false },
      list: [1, null, ''],
      workflowCoreVersion: '4.8.9',
    };
    const runId = await pendingRun(world, { executionContext });
    expect((await world.runs.get(runId)).executionContext).toEqual(executionContext);
    expect(dataOf((await readLog(world, runId))[0])?.['executionContext']).toEqual(executionContext);
  });
}

function ownershipPolicies({ policy }: Contract): void {
  policy('what the caller does to its data afterwards does not change what is stored', async ({ world }) => {
    const bytes = countingBytes(10);
    const context = { tags: ['a'] };
    const runId = await pendingRun(world, { input: bytes, executionContext: context });
    bytes.fill(0);
    context.tags.push('b');
    const { events } = await world.events.create(runId, build.runStarted());
    expect(dataOf(events?.[0])).toMatchObject({ input: countingBytes(10), executionContext: { tags: ['a'] } });
    expect((await world.runs.get(runId)).input).toEqual(countingBytes(10));
    expect((await world.runs.get(runId)).executionContext).toEqual({ tags: ['a'] });
  });

  policy('every read hands out objects of its own', async ({ world }) => {
    const runId = await runningRun(world, { executionContext: { tags: ['a'] } });
    const [hookId, stepId] = [newHookId(), newStepId()];
    await world.events.create(runId, build.hookCreated(hookId, { metadata: { deep: { list: [1] } } }));
    await world.events.create(runId, build.stepCreated(stepId, { input: { deep: [1] } }));
    const reads = [
      () => world.runs.get(runId),
      () => world.runs.list({}),
      () => world.steps.get(runId, stepId),
      () => world.steps.list({ runId }),
      () => world.hooks.get(hookId),
      () => world.hooks.list({ runId }),
      () => world.events.list({ runId }),
      async () => (await world.events.create(runId, build.runStarted())).events,
      async () => (await world.events.create(runId, build.runStarted())).run,
    ];
    for (const read of reads) {
      const before = structuredClone(await read());
      spoil(await read());
      expect(await read()).toEqual(before);
    }
  });

  // The SDK hands bytes on to streams, which take the memory away from whoever gave it.
  policy('bytes that were read may be transferred without hurting the next reader', async ({ world }) => {
    const runId = await runningRun(world, { input: payload('kept') });
    for (let read = 0; read < 3; read += 1) {
      const [fromRun, fromLog] = [(await world.runs.get(runId)).input, dataOf((await readLog(world, runId))[0])?.['input']];
      const preloaded = dataOf((await world.events.create(runId, build.runStarted())).events?.[0])?.['input'];
      for (const bytes of [fromRun, fromLog, preloaded] as Uint8Array[]) {
        expect(new Uint8Array(bytes)).toEqual(payload('kept'));
        structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] });
      }
    }
  });

  policy('bytes that were read may be overwritten without hurting the next reader', async ({ world }) => {
    const runId = await runningRun(world, { input: payload('kept') });
    for (let read = 0; read < 3; read += 1) {
      const input = (await world.runs.get(runId)).input as Uint8Array;
      expect(input).toEqual(payload('kept'));
      input.fill(0);
    }
  });
}

const values: readonly (readonly [string, unknown])[] = [
  ['a framed payload', payload({ a: [1, 2] })],
  ['an empty Uint8Array', new Uint8Array(0)],
  ['every byte value', countingBytes(256)],
  ['zero', 0],
  ['false', false],
  ['an empty text', ''],
  ['null', null],
  ['an empty list', []],
  ['an empty object', {}],
  ['plain JSON', { text: 'größe 日本 🪝', list: [1, -0.5, 1e21, null, true], deep: { a: { b: {} } } }],
  ['a Date', new Date(1_700_000_000_123)],
  ['a Date and bytes inside JSON', { at: [new Date(0)], bytes: { b: countingBytes(3) } }],
  ['an object that looks like an encoding', { __type: 'Uint8Array', data: 'AAEC', $date: 1 }],
];

/** Stores a value in each of the places a payload can have and returns what each read shows. */
async function everywhere(world: World, value: unknown): Promise<unknown[]> {
  const runId = await runningRun(world, { input: value });
  const [stepId, hookId, token] = [newStepId(), newHookId(), newToken()];
  await world.events.create(runId, build.stepCreated(stepId, { input: value }));
  await world.events.create(runId, build.stepCompleted(stepId, value));
  await world.events.create(runId, build.hookCreated(hookId, { token, metadata: value }));
  await world.events.create(runId, build.hookReceived(hookId, value));
  const hook = await world.hooks.get(hookId);
  await world.events.create(runId, build.runCompleted(value));
  const [run, step, log] = [await world.runs.get(runId), await world.steps.get(runId, stepId), await readLog(world, runId)];
  const fromLog = [
    [0, 'input'],
    [2, 'input'],
    [3, 'result'],
    [4, 'metadata'],
    [5, 'payload'],
    [6, 'output'],
  ] as const;
  return [run.input, run.output, step.input, step.output, hook.metadata, ...fromLog.map(([at, field]) => dataOf(log[at])?.[field])];
}

function spoil(value: unknown): void {
  if (value instanceof Uint8Array) return void value.fill(0);
  if (value instanceof Date) return void value.setTime(0);
  if (typeof value !== 'object' || value === null) return;
  for (const inner of Object.values(value)) spoil(inner);
  Object.assign(value, { spoiled: true });
  if (Array.isArray(value)) value.push('spoiled');
}
