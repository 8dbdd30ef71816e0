import { describe, expect } from 'vitest';
import * as build from '../event-builders.ts';
import { advanceUntil } from '../advance-until.ts';
import { deliverableStep, runningRun } from '../arrange.ts';
import { type Delivery, type DeliveryRecorder, forRun, forStep, recordDeliveries } from '../delivery-recorder.ts';
import { badRequest, expectError } from '../expect-error.ts';
import { newHookId, newRunId, newWaitId } from '../ids.ts';
import { flowAfter, sendStep, stepAfter, wakeRun } from '../queueing.ts';
import type { Contract, TimedScene } from './contract.ts';

const dayMs = 86_400_000;
const workflowName = 'workflow//./workflows/attempts//run';

export function queueAttempts(contract: Contract): void {
  describe('attempts', () => {
    describe('after a failure', () => {
      failurePolicies(contract);
    });
    describe('after {timeoutSeconds}', () => {
      timeoutPolicies(contract);
    });
    describe('after a delay', () => {
      delayPolicies(contract);
    });
  });
}

function failurePolicies({ timedPolicy }: Contract): void {
  for (const home of ['a run that exists', 'a run that does not exist'] as const) {
    timedPolicy(`a message for ${home} whose handler throws comes again as the next attempt`, async (scene) => {
      const { world } = scene;
      const runId = home === 'a run that exists' ? await runningRun(world, { workflowName }) : newRunId();
      const recorder = recordDeliveries(world, '__wkf_workflow_', (delivery) => {
        if (forRun(runId)(delivery) && delivery.attempt < 5) throw new Error('not yet');
      });
      // Before the start, so that it is one with the wake that the creation of a run may be.
      await world.queue(`__wkf_workflow_${workflowName}`, { runId, traceCarrier: { a: 'b' } });
      await world.start?.();
      const deliveries = await comesAgain(scene, recorder, forRun(runId), 5);
      expect(deliveries.map((delivery) => delivery.attempt)).toEqual([1, 2, 3, 4, 5]);
      expect(new Set(deliveries.map((delivery) => delivery.messageId)).size).toBe(1);
      for (const { message } of deliveries) expect(message).toMatchObject({ runId, traceCarrier: { a: 'b' } });
    });
  }

  timedPolicy('a step whose handler throws comes again as the next attempt', async (scene) => {
    const { world } = scene;
    const { runId, stepName, stepId } = await deliverableStep(world);
    const steps = recordDeliveries(world, '__wkf_step_', (delivery) => {
      if (forStep(runId, stepId)(delivery) && delivery.attempt < 4) throw new Error('not yet');
    });
    await sendStep(world, { runId, stepId, stepName });
    await world.start?.();
    const deliveries = await comesAgain(scene, steps, forStep(runId, stepId), 4, { oneMore: stepAfter });
    expect(deliveries.map((delivery) => delivery.attempt)).toEqual([1, 2, 3, 4]);
  });

  timedPolicy('whatever a handler throws is a failure', async (scene) => {
    const { world } = scene;
    const thrown = [new Error('an error'), 'a text', undefined, null, { status: 404 }];
    const runId = newRunId();
    const recorder = recordDeliveries(world, '__wkf_workflow_', (delivery) => {
      if (forRun(runId)(delivery) && delivery.attempt <= thrown.length) throw thrown[delivery.attempt - 1];
    });
    await world.start?.();
    await wakeRun(world, runId);
    const deliveries = await comesAgain(scene, recorder, forRun(runId), thrown.length + 1);
    expect(deliveries.map((delivery) => delivery.attempt)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  // The SDK itself gives up at the forty-ninth; a World that stops before leaves the run hanging for ever.
  timedPolicy('a message that always fails comes back forty-eight times', async (scene) => {
    const { world } = scene;
    const runId = newRunId();
    const recorder = recordDeliveries(world, '__wkf_workflow_', (delivery) => {
      if (forRun(runId)(delivery)) throw new Error('never');
    });
    await world.start?.();
    await wakeRun(world, runId);
    // When each comes is asked elsewhere.
    const deliveries = await comesAgain(scene, recorder, forRun(runId), 49, { firstStepMs: 600_000 });
    expect(deliveries.map((delivery) => delivery.attempt)).toEqual(Array.from({ length: 49 }, (_, index) => index + 1));
  });

  // Otherwise a run whose hooks keep coming while its app is away has used up its tries before it is back.
  timedPolicy('what wakes a run before its back-off is over costs it no attempt', async (scene) => {
    const { world } = scene;
    const runId = await runningRun(world, { workflowName });
    const hookId = newHookId();
    await world.events.create(runId, build.hookCreated(hookId));
    const recorder = recordDeliveries(world, '__wkf_workflow_', (delivery) => {
      if (forRun(runId)(delivery)) throw new Error('not yet');
    });
    await wakeRun(world, runId);
    await world.start?.();
    const wakes = 4;
    for (let nth = 1; nth <= wakes; nth += 1) {
      await recorder.answer(forRun(runId), nth);
      await flowAfter(world, recorder);
      await world.events.create(runId, build.hookReceived(hookId));
      await wakeRun(world, runId);
      await recorder.arrival(forRun(runId), nth + 1);
    }
    const deliveries = await comesAgain(scene, recorder, forRun(runId), wakes + 3);
    expect(deliveries.map((delivery) => delivery.attempt)).toEqual([1, 1, 1, 1, 1, 2, 3]);
  });

  timedPolicy('a timer that is due within a back-off gives no attempt back', async (scene) => {
    const { world, clock } = scene;
    const runId = await runningRun(world, { workflowName });
    await world.events.create(runId, build.waitCreated(newWaitId(), new Date(clock.now() + 400)));
    const recorder = recordDeliveries(world, '__wkf_workflow_', (delivery) => {
      if (forRun(runId)(delivery)) throw new Error('not yet');
    });
    await wakeRun(world, runId);
    await world.start?.();
    const deliveries = await comesAgain(scene, recorder, forRun(runId), 4);
    expect(deliveries.map((delivery) => delivery.attempt)).toEqual([1, 2, 3, 4]);
  });

  timedPolicy('a message that fails holds up no other', async ({ world }) => {
    const failing = newRunId();
    const recorder = recordDeliveries(world, '__wkf_workflow_', (delivery) => {
      if (forRun(failing)(delivery)) throw new Error('never');
    });
    await world.start?.();
    await wakeRun(world, failing);
    await recorder.answer(forRun(failing));
    await flowAfter(world, recorder);
  });
}

function timeoutPolicies({ policy, timedPolicy }: Contract): void {
  for (const home of ['a run that exists', 'a run that does not exist'] as const) {
    policy(`zero seconds for ${home} means again at once, and is no attempt, however often`, async ({ world }) => {
      const runId = home === 'a run that exists' ? await runningRun(world) : newRunId();
      let deliveries = 0;
      const recorder = recordDeliveries(world, '__wkf_workflow_', () => {
        deliveries += 1;
        if (deliveries < 60) return { timeoutSeconds: 0 };
      });
      await world.start?.();
      await wakeRun(world, runId);
      await recorder.arrival(forRun(runId), 60);
      expect(new Set(recorder.deliveries.map((delivery) => delivery.attempt))).toEqual(new Set([1]));
    });

    timedPolicy(`a message for ${home} comes again after its seconds, not before, as a first attempt`, async (scene) => {
      const { world, clock } = scene;
      const runId = home === 'a run that exists' ? await runningRun(world) : newRunId();
      const arrivedAt: number[] = [];
      const recorder = recordDeliveries(world, '__wkf_workflow_', (delivery) => {
        if (!forRun(runId)(delivery)) return;
        arrivedAt.push(clock.now());
        return { timeoutSeconds: 20 };
      });
      // Before the start, so that it is one with the wake that the creation of a run may be.
      await wakeRun(world, runId);
      await world.start?.();
      const deliveries = await comesAgain(scene, recorder, forRun(runId), 4);
      expect(deliveries.map((delivery) => delivery.attempt)).toEqual([1, 1, 1, 1]);
      expect(Math.min(...gaps(arrivedAt))).toBeGreaterThanOrEqual(20_000);
    });
  }

  timedPolicy('seconds after a failure begin a new life of the message', async (scene) => {
    const { world } = scene;
    const runId = newRunId();
    let deliveries = 0;
    const recorder = recordDeliveries(world, '__wkf_workflow_', (delivery) => {
      if (!forRun(runId)(delivery)) return;
      deliveries += 1;
      if (deliveries === 3) return { timeoutSeconds: 5 };
      throw new Error('not yet');
    });
    await world.start?.();
    await wakeRun(world, runId);
    const arrived = await comesAgain(scene, recorder, forRun(runId), 6);
    expect(arrived.map((delivery) => delivery.attempt)).toEqual([1, 2, 3, 1, 2, 3]);
  });

  timedPolicy('a step that is retried comes again after its seconds as a first attempt', async (scene) => {
    const { world, clock } = scene;
    const { runId, stepName, stepId } = await deliverableStep(world);
    const arrivedAt: number[] = [];
    const steps = recordDeliveries(world, '__wkf_step_', async (delivery) => {
      if (!forStep(runId, stepId)(delivery)) return;
      arrivedAt.push(clock.now());
      await world.events.create(runId, build.stepStarted(stepId));
      await world.events.create(runId, build.stepRetrying(stepId, { retryAfter: new Date(clock.now() + 10_000) }));
      return { timeoutSeconds: 10 };
    });
    await sendStep(world, { runId, stepId, stepName });
    await world.start?.();
    const deliveries = await comesAgain(scene, steps, forStep(runId, stepId), 3, { oneMore: stepAfter });
    expect(deliveries.map((delivery) => delivery.attempt)).toEqual([1, 1, 1]);
    expect(Math.min(...gaps(arrivedAt))).toBeGreaterThanOrEqual(10_000);
    await steps.answer(forStep(runId, stepId), 3);
    expect((await world.steps.get(runId, stepId)).attempt).toBe(3);
  });

  timedPolicy(
    'a step that fails before it starts is given more time after each failure, also when its retryAfter has passed',
    async (scene) => {
      const { world, clock } = scene;
      const { runId, stepName, stepId } = await deliverableStep(world);
      const arrivedAt: number[] = [];
      const steps = recordDeliveries(world, '__wkf_step_', async (delivery) => {
        if (!forStep(runId, stepId)(delivery)) return;
        arrivedAt.push(clock.now());
        if (arrivedAt.length > 1) throw new Error('The code of the step cannot be loaded.');
        await world.events.create(runId, build.stepStarted(stepId));
        await world.events.create(runId, build.stepRetrying(stepId, { retryAfter: new Date(clock.now() + 10_000) }));
        return { timeoutSeconds: 10 };
      });
      await sendStep(world, { runId, stepId, stepName });
      await world.start?.();
      const deliveries = await comesAgain(scene, steps, forStep(runId, stepId), 5, { oneMore: stepAfter });
      expect(deliveries.map((delivery) => delivery.attempt)).toEqual([1, 1, 2, 3, 4]);
      for (const [failures, gap] of gaps(arrivedAt).slice(1).entries()) expect(gap).toBeGreaterThanOrEqual(500 * 2 ** failures);
    },
  );

  timedPolicy('seconds may have fractions of any size, and are never cut short', async (scene) => {
    const { world, clock } = scene;
    for (const runId of [await runningRun(world), newRunId()]) {
      const arrivedAt: number[] = [];
      const recorder = recordDeliveries(world, '__wkf_workflow_', (delivery) => {
        if (!forRun(runId)(delivery)) return;
        arrivedAt.push(clock.now());
        return arrivedAt.length < 3 ? { timeoutSeconds: 1.2345 } : undefined;
      });
      await wakeRun(world, runId);
      await world.start?.();
      await comesAgain(scene, recorder, forRun(runId), 3);
      expect(Math.min(...gaps(arrivedAt))).toBeGreaterThanOrEqual(1_234.5);
    }
  });

  // A timer of the language overflows after 24 days and would fire at once.
  timedPolicy('forty days are forty days', async (scene) => {
    const { world, clock } = scene;
    const runId = newRunId();
    const arrivedAt: number[] = [];
    const recorder = recordDeliveries(world, '__wkf_workflow_', (delivery) => {
      if (!forRun(runId)(delivery)) return;
      arrivedAt.push(clock.now());
      return { timeoutSeconds: 40 * 86_400 };
    });
    await world.start?.();
    await wakeRun(world, runId);
    await comesAgain(scene, recorder, forRun(runId), 2);
    expect(Math.min(...gaps(arrivedAt))).toBeGreaterThanOrEqual(40 * dayMs);
  });

  policy('messages that wait for their time hold up no other', async ({ world }) => {
    const sleeping = new Set(Array.from({ length: 300 }, () => newRunId()));
    const recorder = recordDeliveries(world, '__wkf_workflow_', ({ message }) => {
      if (sleeping.has(String(message['runId']))) return { timeoutSeconds: 3_600 };
    });
    await world.start?.();
    await Promise.all([...sleeping].map((runId) => wakeRun(world, runId)));
    for (const runId of sleeping) await recorder.answer(forRun(runId));
    await flowAfter(world, recorder);
    expect(recorder.deliveries.filter(({ message }) => sleeping.has(String(message['runId'])))).toHaveLength(300);
  });
}

function delayPolicies({ policy, timedPolicy }: Contract): void {
  timedPolicy('a delayed message is neither brought forward by another wake of its run nor lost with it', async ({ world, clock }) => {
    const runId = await runningRun(world, { workflowName });
    let arrivedAt = 0;
    const isDelayed = (delivery: Delivery) => forRun(runId)(delivery) && delivery.message['serverErrorRetryCount'] === 3;
    const recorder = recordDeliveries(world, '__wkf_workflow_', (delivery) => {
      if (isDelayed(delivery)) arrivedAt = clock.now();
    });
    await world.start?.();
    await flowAfter(world, recorder);
    const queuedAt = clock.now();
    await world.queue(`__wkf_workflow_${workflowName}`, { runId, serverErrorRetryCount: 3 }, { delaySeconds: 30 });
    const before = recorder.deliveries.filter(forRun(runId)).length;
    await wakeRun(world, runId);
    await recorder.answer(forRun(runId), before + 1);
    await flowAfter(world, recorder);
    expect(recorder.deliveries.filter(isDelayed)).toEqual([]);
    await advanceUntil(clock, recorder.arrival(isDelayed));
    expect(arrivedAt - queuedAt).toBeGreaterThanOrEqual(30_000);
  });

  policy('a delay may have a fraction of any size, and has to be a number', async ({ world }) => {
    const recorder = recordDeliveries(world, '__wkf_workflow_');
    await world.start?.();
    for (const runId of [await runningRun(world, { workflowName }), newRunId()]) {
      const before = recorder.deliveries.filter(forRun(runId)).length;
      await world.queue(`__wkf_workflow_${workflowName}`, { runId }, { delaySeconds: 0.012_345 });
      await recorder.arrival(forRun(runId), before + 1);
    }
    const queue = world.queue(`__wkf_workflow_${workflowName}`, { runId: newRunId() }, { delaySeconds: Number.NaN });
    await expectError(queue, badRequest(/delaySeconds/));
  });

  for (const home of ['a run that exists', 'a run that does not exist'] as const) {
    timedPolicy(`a delayed message for ${home} comes after its delay, not before`, async ({ world, clock }) => {
      const runId = home === 'a run that exists' ? await runningRun(world, { workflowName }) : newRunId();
      let arrivedAt = 0;
      const recorder = recordDeliveries(world, '__wkf_workflow_', (delivery) => {
        if (forRun(runId)(delivery)) arrivedAt = clock.now();
      });
      await world.start?.();
      // A World may have woken the run for its creation; that is over by then.
      await flowAfter(world, recorder);
      const before = recorder.deliveries.filter(forRun(runId)).length;
      const queuedAt = clock.now();
      await world.queue(`__wkf_workflow_${workflowName}`, { runId }, { delaySeconds: 30 });
      await flowAfter(world, recorder);
      await advanceUntil(clock, recorder.arrival(forRun(runId), before + 1));
      expect(arrivedAt - queuedAt).toBeGreaterThanOrEqual(30_000);
      await flowAfter(world, recorder);
      expect(recorder.deliveries.filter(forRun(runId))).toHaveLength(before + 1);
    });
  }
}

/** Moves the clock from one delivery to the next until there were as many; each is settled before the clock moves. */
async function comesAgain(
  { world, clock }: TimedScene,
  recorder: DeliveryRecorder,
  matches: (delivery: Delivery) => boolean,
  times: number,
  { oneMore = flowAfter, firstStepMs }: { readonly oneMore?: typeof flowAfter; readonly firstStepMs?: number } = {},
): Promise<Delivery[]> {
  for (let nth = 1; nth < times; nth += 1) {
    await recorder.answer(matches, nth);
    await oneMore(world, recorder);
    await advanceUntil(clock, recorder.arrival(matches, nth + 1), 100 * dayMs, firstStepMs);
  }
  return recorder.deliveries.filter(matches);
}

function gaps(instants: readonly number[]): number[] {
  return instants.slice(1).map((at, index) => at - (instants[index] as number));
}
