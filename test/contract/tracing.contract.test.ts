import { trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createWorld, defineFlow, type PawlWorld } from '../../src/index.ts';
import { newRunId } from '../../src/testing/ids.ts';
import { scratchDatabase, storeNames } from '../support/any-store.ts';
import { createCodeRun, writeEvent } from '../support/code-runs.ts';
import { approvalEngine } from '../support/flows.ts';
import { recordSpans } from '../support/traces.ts';

const twoSteps = defineFlow({
  id: 'two',
  version: '1.0.0',
  initialStepId: 'greet',
  steps: {
    greet: { type: 'greet', input: { type: 'full' }, transitions: { onSuccess: 'check' } },
    check: { type: 'check', input: { type: 'full' }, transitions: { onSuccess: null } },
  },
});

describe.each(storeNames)('a trace, on %s,', (store) => {
  it('goes with a flow through the queue: its deliveries, its steps, and the commits of both', async () => {
    const world = await open(store);
    const spans = recordSpans();
    const engine = approvalEngine(world);
    onTestFinished(() => engine.close());
    engine.flows.register(twoSteps);
    await engine.start();
    const runId = await trace.getTracer('app').startActiveSpan('checkout', async (span) => {
      const { execution } = await engine.create('two', { who: 'Ada', fail: true });
      span.end();
      return execution.id;
    });
    await engine.waitFor(runId);
    const named = (name: string) => spans.finished().filter((span) => span.name === name);
    await vi.waitUntil(() => named('pawl.run two@1.0.0').length > 0);

    const [checkout] = named('checkout');
    const [delivery] = named('pawl.run two@1.0.0');
    expect(parentOf(delivery)).toBe(checkout?.spanContext().spanId);
    expect(delivery?.attributes).toMatchObject({
      'messaging.system': 'pawl',
      'pawl.run_id': runId,
      'pawl.attempt': 1,
      'pawl.via': 'inprocess',
    });
    const [greet] = named('pawl.step greet');
    const [check] = named('pawl.step check');
    for (const step of [greet, check]) expect(parentOf(step)).toBe(delivery?.spanContext().spanId);
    expect(greet?.attributes).toMatchObject({ 'pawl.step_id': 'greet', 'pawl.handler': 'greet', 'pawl.outcome': 'success' });
    expect(check?.status).toMatchObject({ code: 2, message: 'NO_STOCK: None left.' });
    const commits = named('pawl.commit').filter((span) => span.spanContext().traceId === checkout?.spanContext().traceId);
    expect(new Set(commits.map(parentOf))).toEqual(new Set([checkout, delivery].map((span) => span?.spanContext().spanId)));
  });

  it('goes on with what came with a message, and says when a delivery failed', async () => {
    const world = await open(store);
    const spans = recordSpans();
    const delivered: string[] = [];
    world.createQueueHandler('__wkf_workflow_', async (_message, { attempt }) => {
      delivered.push(trace.getActiveSpan()?.spanContext().traceId ?? 'none');
      if (attempt === 1) throw new Error('not today');
    });
    const runId = newRunId();
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const traceCarrier = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
    await createCodeRun(world, 'mail', { runId });
    await world.queue(`__wkf_workflow_workflow//./shop//mail`, { runId, traceCarrier });
    await world.start();
    const deliveries = () => spans.finished().filter(({ name }) => name === 'pawl.run mail');
    await vi.waitUntil(() => deliveries().length >= 2, { timeout: 20_000 });
    expect(delivered.slice(0, 2)).toEqual([traceId, traceId]);
    const [first, second] = deliveries();
    expect(parentOf(first)).toBe('b7ad6b7169203331');
    expect([first?.status.code, first?.attributes['pawl.outcome']]).toEqual([2, 'retry']);
    expect([second?.status.code, second?.attributes['pawl.outcome']]).toEqual([0, 'done']);
  });

  it('costs nothing where nobody asked for one', async () => {
    const world = await open(store);
    const runId = await createCodeRun(world, 'mail');
    await writeEvent(world, runId, { eventType: 'run_started' });
    expect(trace.getActiveSpan()).toBeUndefined();
    expect(await world.runs.get(runId)).not.toHaveProperty('executionContext');
  });
});

async function open(store: (typeof storeNames)[number]): Promise<PawlWorld> {
  const world = createWorld({ env: await scratchDatabase(store), apart: true });
  onTestFinished(() => world.close());
  return world;
}

function parentOf(span: ReadableSpan | undefined): string | undefined {
  return span?.parentSpanContext?.spanId;
}
