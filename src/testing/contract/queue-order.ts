import { describe, expect } from 'vitest';
import type { World } from '@workflow/world';
import * as build from '../event-builders.ts';
import { deliverableStep, pendingStep, runningRun } from '../arrange.ts';
import { deferred } from '../deferred.ts';
import { forRun, forStep, recordDeliveries } from '../delivery-recorder.ts';
import { newHookId, newRunId, newStepName, newWaitId, newWorkflowName } from '../ids.ts';
import { advanceUntil, standStillUntil } from '../advance-until.ts';
import { flowAfter, sendStep, wakeRun } from '../queueing.ts';
import { registerStepName } from '../registered-steps.ts';
import type { Contract } from './contract.ts';

export function queueOrder(contract: Contract): void {
  describe('one delivery at a time', () => {
    describe('serial runs', () => {
      serialPolicies(contract);
    });
    describe('coalesced wakes', () => {
      coalescingPolicies(contract);
    });
    describe('wakes that are part of the write', () => {
      durableWakePolicies(contract);
    });
  });
}

function serialPolicies({ policy }: Contract): void {
  policy('a run is never delivered twice at the same time', async ({ world }) => {
    const runId = await runningRun(world);
    const gates = [deferred(), deferred()];
    let [inside, most] = [0, 0];
    const recorder = recordDeliveries(world, '__wkf_workflow_', async ({ message }) => {
      if (message['runId'] !== runId) return;
      inside += 1;
      most = Math.max(most, inside);
      await gates[Math.min(recorder.deliveries.filter(forRun(runId)).length, 2) - 1]?.promise;
      inside -= 1;
    });
    await world.start?.();
    await wakeRun(world, runId);
    await recorder.arrival(forRun(runId));
    for (let again = 0; again < 5; again += 1) await wakeRun(world, runId);
    await flowAfter(world, recorder);
    gates[0]?.resolve();
    await recorder.arrival(forRun(runId), 2);
    await flowAfter(world, recorder);
    gates[1]?.resolve();
    await flowAfter(world, recorder);
    expect(most).toBe(1);
  });

  policy('a run that is queued while it is being created is not delivered beside itself', async ({ world }) => {
    const runIds = Array.from({ length: 10 }, () => newRunId());
    const inside = new Map<string, number>();
    let most = 0;
    const leave = deferred();
    const recorder = recordDeliveries(world, '__wkf_workflow_', async ({ message }) => {
      const runId = String(message['runId']);
      if (!runIds.includes(runId)) return;
      inside.set(runId, (inside.get(runId) ?? 0) + 1);
      most = Math.max(most, inside.get(runId) as number);
      await leave.promise;
      inside.set(runId, (inside.get(runId) as number) - 1);
    });
    await world.start?.();
    const workflowName = newWorkflowName();
    const created = runIds.map((runId) => world.events.create(runId, build.runCreated({ workflowName })));
    const queued = runIds.map((runId) => world.queue(`__wkf_workflow_${workflowName}`, { runId }));
    await Promise.all([...created, ...queued]);
    for (const runId of runIds) await recorder.arrival(forRun(runId));
    await flowAfter(world, recorder);
    leave.resolve();
    await flowAfter(world, recorder);
    expect(most).toBe(1);
  });

  policy('different runs are delivered side by side', async ({ world }) => {
    const runIds = await Promise.all([runningRun(world), runningRun(world), runningRun(world)]);
    const leave = deferred();
    const recorder = recordDeliveries(world, '__wkf_workflow_', () => leave.promise);
    await world.start?.();
    for (const runId of runIds) await wakeRun(world, runId);
    for (const runId of runIds) await recorder.arrival(forRun(runId));
    leave.resolve();
  });

  policy('the steps of one run are delivered side by side', async ({ world }) => {
    const runId = await runningRun(world);
    const stepNames = [1, 2, 3, 4].map(() => registerStepName(newStepName()));
    const leave = deferred();
    const steps = recordDeliveries(world, '__wkf_step_', () => leave.promise);
    await world.start?.();
    for (const stepName of stepNames) {
      const stepId = await pendingStep(world, runId, stepName);
      await sendStep(world, { runId, stepId, stepName });
      await steps.arrival(forStep(runId, stepId));
    }
    leave.resolve();
  });
}

function coalescingPolicies({ policy }: Contract): void {
  policy('wakes that nobody has taken yet are one delivery', async ({ world }) => {
    const runId = await runningRun(world);
    for (let again = 0; again < 10; again += 1) await wakeRun(world, runId);
    const recorder = recordDeliveries(world, '__wkf_workflow_');
    await world.start?.();
    await recorder.arrival(forRun(runId));
    await flowAfter(world, recorder);
    await flowAfter(world, recorder);
    expect(recorder.deliveries.filter(forRun(runId))).toHaveLength(1);
  });

  policy('wakes that come during a delivery are one delivery more', async ({ world }) => {
    const runId = await runningRun(world);
    const leave = deferred();
    const recorder = recordDeliveries(world, '__wkf_workflow_', async ({ message }) => {
      if (message['runId'] === runId) await leave.promise;
    });
    await world.start?.();
    await wakeRun(world, runId);
    await recorder.arrival(forRun(runId));
    for (let again = 0; again < 10; again += 1) await wakeRun(world, runId);
    leave.resolve();
    await recorder.arrival(forRun(runId), 2);
    await flowAfter(world, recorder);
    await flowAfter(world, recorder);
    expect(recorder.deliveries.filter(forRun(runId))).toHaveLength(2);
  });

  policy('what a wake has to say is not lost with the other wakes', async ({ world }) => {
    const runId = await runningRun(world, { workflowName: 'w' });
    const telling = [{ replayDivergence: { eventId: 'evnt_1', count: 2 } }, { serverErrorRetryCount: 3 }];
    await wakeRun(world, runId);
    for (const said of telling) await world.queue('__wkf_workflow_w', { runId, ...said });
    await wakeRun(world, runId);
    const recorder = recordDeliveries(world, '__wkf_workflow_');
    await world.start?.();
    for (const said of telling) {
      const [field, value] = Object.entries(said)[0] as [string, unknown];
      const delivery = await recorder.arrival((one) => forRun(runId)(one) && one.message[field] !== undefined);
      expect(delivery.message[field]).toEqual(value);
    }
  });

  for (const home of ['a run that exists', 'a run that does not exist'] as const) {
    policy(`a wake cuts the sleep of ${home} short`, async ({ world }) => {
      const runId = home === 'a run that exists' ? await runningRun(world) : newRunId();
      const recorder = recordDeliveries(world, '__wkf_workflow_', ({ message }) => {
        if (message['runId'] === runId) return { timeoutSeconds: 3_600 };
      });
      await world.start?.();
      await wakeRun(world, runId);
      await recorder.arrival(forRun(runId));
      await flowAfter(world, recorder);
      await wakeRun(world, runId);
      await recorder.arrival(forRun(runId), 2);
    });
  }
}

// A process may die between writing an event and queueing what follows from it.
function durableWakePolicies({ policy, timedPolicy }: Contract): void {
  for (const [label, prepare] of wakingEvents) {
    policy(`${label} wakes its run even if nobody queues a message`, async ({ world }) => {
      const workflowName = newWorkflowName();
      const runId = await runningRun(world, { workflowName });
      const act = await prepare(world, runId);
      const recorder = recordDeliveries(world, '__wkf_workflow_');
      await act();
      await world.start?.();
      const delivery = await recorder.arrival(forRun(runId));
      expect(delivery).toMatchObject({ message: { runId }, attempt: 1, queueName: `__wkf_workflow_${workflowName}` });
    });
  }

  timedPolicy('a wait wakes its run when it is over, and not before, even if nobody queues a message', async ({ world, clock }) => {
    const runId = await runningRun(world);
    let arrivedAt = 0;
    const recorder = recordDeliveries(world, '__wkf_workflow_', (delivery) => {
      if (forRun(runId)(delivery)) arrivedAt = clock.now();
    });
    await world.start?.();
    // A World may have woken the run for its creation; that is over by then.
    await flowAfter(world, recorder);
    const before = recorder.deliveries.filter(forRun(runId)).length;
    const resumeAt = clock.now() + 10_300;
    await world.events.create(runId, build.waitCreated(newWaitId(), new Date(resumeAt)));
    await flowAfter(world, recorder);
    await advanceUntil(clock, recorder.arrival(forRun(runId), before + 1));
    expect(arrivedAt).toBeGreaterThanOrEqual(resumeAt);
  });

  timedPolicy('waits wake their runs on time, though something is due that no worker here can take', async ({ world, clock }) => {
    // Of an app that is not here: it waits for a worker of its own.
    await world.queue(`__elsewhere_wkf_workflow_${newWorkflowName()}`, { runId: newRunId() });
    const runIds = await Promise.all([1, 2, 3].map(() => runningRun(world)));
    // A replay begins with that, and ends the waits that are over.
    const recorder = recordDeliveries(world, '__wkf_workflow_', async ({ message }) => {
      const runId = String(message['runId']);
      if (runIds.includes(runId)) await world.events.create(runId, build.runStarted());
    });
    await world.start?.();
    for (const runId of runIds) await recorder.answer(forRun(runId));
    await flowAfter(world, recorder);
    const resumeAts = runIds.map((_, index) => clock.now() + 200 * (index + 1));
    for (const [index, runId] of runIds.entries())
      await world.events.create(runId, build.waitCreated(newWaitId(), new Date(Number(resumeAts[index]))));

    for (const [index, runId] of runIds.entries()) {
      // What was left to look at is looked at before the clock moves on.
      await standStillUntil(clock, new Promise((resolve) => setTimeout(resolve, 50)));
      clock.advance(Number(resumeAts[index]) - clock.now());
      await standStillUntil(clock, recorder.answer(forRun(runId), 2));
    }
  });

  policy('a step that nobody has taken yet is not delivered after the end of its run', async ({ world }) => {
    const { runId, stepName, stepId } = await deliverableStep(world);
    await sendStep(world, { runId, stepId, stepName });
    await world.events.create(runId, build.runCancelled());
    const flows = recordDeliveries(world, '__wkf_workflow_');
    const steps = recordDeliveries(world, '__wkf_step_');
    await world.start?.();
    await flowAfter(world, flows);
    const otherRunId = newRunId();
    await sendStep(world, { runId: otherRunId, stepId, stepName });
    await steps.arrival(forStep(otherRunId, stepId));
    expect(steps.deliveries.filter(forStep(runId, stepId))).toEqual([]);
  });
}

const wakingEvents: readonly (readonly [string, (world: World, runId: string) => Promise<() => Promise<unknown>>])[] = [
  [
    'a completed step',
    async (world, runId) => {
      const stepId = await pendingStep(world, runId);
      return () => world.events.create(runId, build.stepCompleted(stepId));
    },
  ],
  [
    'a failed step',
    async (world, runId) => {
      const stepId = await pendingStep(world, runId);
      return () => world.events.create(runId, build.stepFailed(stepId));
    },
  ],
  [
    'a received hook',
    async (world, runId) => {
      const hookId = newHookId();
      await world.events.create(runId, build.hookCreated(hookId));
      return () => world.events.create(runId, build.hookReceived(hookId));
    },
  ],
];
