import { describe, expect } from 'vitest';
import type { QueuePayload, World } from '@workflow/world';
import { deferred } from '../deferred.ts';
import * as build from '../event-builders.ts';
import { deliverableStep, pendingRun, pendingStep, runningRun } from '../arrange.ts';
import { type Delivery, forRun, forStep, recordDeliveries } from '../delivery-recorder.ts';
import { newRunId, newStepId, newStepName, newWorkflowName } from '../ids.ts';
import { countingBytes } from '../payload.ts';
import { flowAfter, sendStep, stepMessage, wakeRun } from '../queueing.ts';
import { registerStepName } from '../registered-steps.ts';
import { readChunks, texts } from '../stream-reading.ts';
import type { Contract } from './contract.ts';

export function queueDelivery(contract: Contract): void {
  describe('the queue', () => {
    describe('delivery', () => {
      deliveryPolicies(contract);
    });
    describe('who works', () => {
      workerPolicies(contract);
    });
    describe('messages', () => {
      messagePolicies(contract);
    });
    describe('health checks', () => {
      healthCheckPolicies(contract);
    });
    describe('delivery over HTTP', () => {
      httpPolicies(contract);
    });
  });
}

function deliveryPolicies({ policy }: Contract): void {
  policy('a message is delivered once, as the first attempt, with its queue name and its id', async ({ world }) => {
    const [runId, queueName] = [newRunId(), `__wkf_workflow_${newWorkflowName()}`];
    const recorder = recordDeliveries(world, '__wkf_workflow_');
    await world.start?.();
    const { messageId } = await world.queue(queueName, { runId });
    expect(await recorder.arrival(forRun(runId))).toMatchObject({ message: { runId }, attempt: 1, queueName, messageId });
    await flowAfter(world, recorder);
    expect(recorder.deliveries.filter(forRun(runId))).toHaveLength(1);
  });

  policy('message ids begin with msg_ and differ from message to message', async ({ world }) => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => (await world.queue(`__wkf_workflow_${newWorkflowName()}`, { runId: newRunId() })).messageId),
    );
    for (const id of ids) expect(id).toMatch(/^msg_./);
    expect(new Set(ids).size).toBe(20);
  });

  policy('a message waits until a worker starts', async ({ world }) => {
    const runIds = [newRunId(), await pendingRun(world)];
    for (const runId of runIds) await wakeRun(world, runId);
    const recorder = recordDeliveries(world, '__wkf_workflow_');
    await world.start?.();
    for (const runId of runIds) expect((await recorder.arrival(forRun(runId))).attempt).toBe(1);
  });

  policy('steps and workflows go to their own handlers', async ({ world }) => {
    const [runId, stepId, stepName] = [newRunId(), newStepId(), registerStepName(newStepName())];
    const flows = recordDeliveries(world, '__wkf_workflow_');
    const steps = recordDeliveries(world, '__wkf_step_');
    await world.start?.();
    await world.queue(`__wkf_workflow_${newWorkflowName()}`, { runId });
    await sendStep(world, { runId, stepId, stepName });
    await flows.arrival(forRun(runId));
    await steps.arrival(forStep(runId, stepId));
    expect(flows.deliveries.some(forStep(runId, stepId))).toBe(false);
    expect(steps.deliveries.some(forRun(runId))).toBe(false);
  });

  policy('a step of a run is delivered with its step id, queue name and message', async ({ world }) => {
    const { runId, stepName, stepId } = await deliverableStep(world);
    const steps = recordDeliveries(world, '__wkf_step_');
    const messageId = await sendStep(world, { runId, stepId, stepName });
    await world.start?.();
    const delivery = await steps.arrival(forStep(runId, stepId));
    expect(delivery).toMatchObject({ message: stepMessage({ runId, stepId }), attempt: 1, queueName: `__wkf_step_${stepName}`, messageId });
  });

  policy('of two handlers for one prefix the newer one is called', async ({ world }) => {
    const runId = newRunId();
    const older = recordDeliveries(world, '__wkf_workflow_');
    const newer = recordDeliveries(world, '__wkf_workflow_');
    await world.start?.();
    await world.queue(`__wkf_workflow_${newWorkflowName()}`, { runId });
    await newer.arrival(forRun(runId));
    expect(older.deliveries).toEqual([]);
  });

  policy('a handler may queue and write from inside a delivery', async ({ world }) => {
    const [first, second] = [await runningRun(world), await runningRun(world)];
    const written = deferred();
    const recorder = recordDeliveries(world, '__wkf_workflow_', async ({ message }) => {
      if (message['runId'] !== first) return;
      await world.events.create(first, build.runCompleted());
      await wakeRun(world, second);
      written.resolve();
    });
    await world.start?.();
    await wakeRun(world, first);
    await written.promise;
    await recorder.arrival(forRun(second));
    expect((await world.runs.get(first)).status).toBe('completed');
  });
}

function workerPolicies({ policy }: Contract): void {
  policy('queue() alone never makes the process a worker', async ({ world }) => {
    const flows = recordDeliveries(world, '__wkf_workflow_');
    const steps = recordDeliveries(world, '__wkf_step_');
    const { runId, stepName, stepId } = await deliverableStep(world);
    await sendStep(world, { runId, stepId, stepName });
    await wakeRun(world, runId);
    await wakeRun(world, newRunId());
    // Time enough for a worker to take what is there, measured in the World's own work.
    for (let turn = 0; turn < 50; turn += 1) await pendingRun(world);
    await world.close?.();
    expect([...flows.deliveries, ...steps.deliveries]).toEqual([]);
  });

  policy('a step that waits for its run to go on does not keep the run from going on', async ({ world }) => {
    const runId = await runningRun(world);
    const stepNames = Array.from({ length: 50 }, () => registerStepName(newStepName()));
    const flows = recordDeliveries(world, '__wkf_workflow_');
    const steps = recordDeliveries(world, '__wkf_step_', async () => {
      await flows.arrival(forRun(runId));
    });
    await world.start?.();
    const stepIds = await Promise.all(stepNames.map((stepName) => pendingStep(world, runId, stepName)));
    for (const [index, stepId] of stepIds.entries()) {
      await sendStep(world, { runId, stepId, stepName: String(stepNames[index]) });
    }
    for (const stepId of stepIds) await steps.arrival(forStep(runId, stepId));
    await wakeRun(world, runId);
    await flows.arrival(forRun(runId));
  });
}

function messagePolicies({ policy }: Contract): void {
  for (const home of ['a run that exists', 'a run that does not exist'] as const) {
    const runFor = (world: World) => (home === 'a run that exists' ? runningRun(world, { workflowName }) : Promise.resolve(newRunId()));

    policy(`a workflow message for ${home} arrives with all its fields, known or not`, async ({ world }) => {
      const runId = await runFor(world);
      const message = {
        runId,
        traceCarrier: { traceparent: '00-abc', tracestate: 'größe=1' },
        replayDivergence: { eventId: 'evnt_1', count: 2 },
        serverErrorRetryCount: 3,
        fromTheFuture: { list: [1, null, { deep: 'x\u0000y' }], flag: false },
      };
      const delivery = await deliverFlow(world, message);
      expect(delivery.message).toMatchObject(message);
    });

    policy(`the instant of the request in a message for ${home} can be read`, async ({ world }) => {
      const requestedAt = new Date(1_700_000_000_123);
      const delivery = await deliverFlow(world, { runId: await runFor(world), requestedAt, serverErrorRetryCount: 1 });
      expect(new Date(delivery.message['requestedAt'] as string)).toEqual(requestedAt);
    });

    policy(`a step message for ${home} arrives with all its fields, known or not`, async ({ world }) => {
      const runId = await runFor(world);
      const stepName = registerStepName(newStepName());
      const stepId = home === 'a run that exists' ? await pendingStep(world, runId, stepName) : newStepId();
      const message = { ...stepMessage({ runId, stepId }), traceCarrier: { traceparent: '00-abc' }, fromTheFuture: [1, { two: null }] };
      const steps = recordDeliveries(world, '__wkf_step_');
      await world.queue(`__wkf_step_${stepName}`, message, { idempotencyKey: stepId, headers: { traceparent: '00-abc' } });
      await world.start?.();
      expect((await steps.arrival(forStep(runId, stepId))).message).toMatchObject(message);
    });
  }

  policy('the data of a run that a message brings is there at its delivery, in the message or as the run', async ({ world }) => {
    const [runId, input] = [newRunId(), countingBytes(256)];
    const runInput = {
      input,
      deploymentId: 'dpl_test',
      workflowName,
      specVersion: 3,
      executionContext: { features: { encryption: true } },
    };
    const data = runDataOf(world, await deliverFlow(world, { runId, runInput }));
    expect(await data).toMatchObject({ ...runInput, input: expect.any(Uint8Array) });
    expect(new Uint8Array((await data).input as Uint8Array)).toEqual(input);
  });

  policy('five megabytes fit in a message', async ({ world }) => {
    const [runId, input] = [newRunId(), countingBytes(5 * 1024 * 1024)];
    const runInput = { input, deploymentId: 'dpl_test', workflowName, specVersion: 3 };
    const data = await runDataOf(world, await deliverFlow(world, { runId, runInput }));
    expect(Buffer.compare(data.input as Uint8Array, input)).toBe(0);
  });

  policy('headers, a version and the own deployment are accepted with a message', async ({ world }) => {
    const runId = newRunId();
    const recorder = recordDeliveries(world, '__wkf_workflow_');
    await world.start?.();
    await world.queue(
      `__wkf_workflow_${newWorkflowName()}`,
      { runId },
      { headers: { traceparent: '00-1', tracestate: 'a=b' }, specVersion: 3, deploymentId: await world.getDeploymentId() },
    );
    await recorder.arrival(forRun(runId));
  });

  policy('what the caller does to a message afterwards does not change it', async ({ world }) => {
    const [runId, input] = [newRunId(), countingBytes(10)];
    const message = { runId, fromTheFuture: { a: 'b' }, runInput: { input, deploymentId: 'd', workflowName: 'w', specVersion: 3 } };
    const recorder = recordDeliveries(world, '__wkf_workflow_');
    const queueing = world.queue(`__wkf_workflow_${newWorkflowName()}`, message);
    input.fill(0);
    message.fromTheFuture.a = 'spoiled';
    await queueing;
    await world.start?.();
    const arrived = (await recorder.arrival(forRun(runId))).message;
    expect(arrived['fromTheFuture']).toEqual({ a: 'b' });
    const run = (arrived['runInput'] ?? (await world.runs.get(runId))) as typeof message.runInput;
    expect(new Uint8Array(run.input)).toEqual(countingBytes(10));
  });
}

function healthCheckPolicies({ policy }: Contract): void {
  for (const kind of ['workflow', 'step'] as const) {
    policy(`a health check reaches the ${kind} handler and answers through a stream`, async ({ world }) => {
      const correlationId = newStepId();
      const stream = `__health_check__${correlationId}`;
      recordDeliveries(world, `__wkf_${kind}_`, async ({ message }) => {
        expect(message).toMatchObject({ __healthCheck: true, correlationId });
        const madeUp = newRunId();
        await world.writeToStream(stream, madeUp, '{"healthy":true}');
        await world.closeStream(stream, madeUp);
      });
      await world.start?.();
      const reader = readChunks(await world.readFromStream(stream));
      await world.queue(`__wkf_${kind}_health_check`, { __healthCheck: true, correlationId }, { specVersion: 1 });
      expect(texts(await reader.rest())).toEqual(['{"healthy":true}']);
    });
  }
}

function httpPolicies({ policy }: Contract): void {
  policy('a request that nobody signed is refused and reaches no handler', async ({ world }) => {
    const recorder = recordDeliveries(world, '__wkf_workflow_');
    const headers = {
      'content-type': 'application/json',
      'x-vqs-queue-name': `__wkf_workflow_${newWorkflowName()}`,
      'x-vqs-message-id': 'msg_forged',
      'x-vqs-message-attempt': '1',
    };
    const body = JSON.stringify({ runId: newRunId() });
    const response = await recorder.respond(new Request('http://127.0.0.1/flow', { method: 'POST', headers, body }));
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    expect(recorder.deliveries).toEqual([]);
  });

  policy('a request without a message is a bad request', async ({ world }) => {
    const recorder = recordDeliveries(world, '__wkf_workflow_');
    const response = await recorder.respond(new Request('http://127.0.0.1/flow', { method: 'POST' }));
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    expect(recorder.deliveries).toEqual([]);
  });
}

const workflowName = 'workflow//./workflows/messages//run';

async function deliverFlow(world: World, message: QueuePayload & { runId: string }): Promise<Delivery> {
  const recorder = recordDeliveries(world, '__wkf_workflow_');
  await world.queue(`__wkf_workflow_${workflowName}`, message);
  await world.start?.();
  return recorder.arrival(forRun(message.runId));
}

/** A World that has made the run of the message need not repeat it there. */
async function runDataOf(world: World, { message }: Delivery): Promise<{ input?: unknown }> {
  return (message['runInput'] as { input: unknown } | undefined) ?? world.runs.get(String(message['runId']));
}
