import type { WorldContext } from './context.ts';
import type { Delivery } from './delivery.ts';
import type { EventLogCache } from './event-log.ts';
import type { Outcomes } from './port.ts';
import { isStepTerminal } from './rows.ts';
import { resolveSteps } from './written-rows.ts';
import type { Transition } from './transition.ts';

export type Written = Extract<Outcomes['write'], { kind: 'written' }>;

export interface CommittedWrite {
  readonly context: WorldContext;
  readonly log: EventLogCache;
  readonly delivery: Delivery | undefined;
  readonly transition: Transition;
  readonly written: Written;
}

/** Tells this process what a commit changed: the log it caches, the delivery that wrote it, and the workers that may have work now. */
export function publishWrite({ context, log, delivery, transition, written }: CommittedWrite): void {
  const { runId, run, steps, wakeAt } = transition;
  for (const [index, event] of transition.events.entries()) {
    log.append({ ...event, runId, seq: written.firstSeq + index, createdAt: written.at });
  }
  if (delivery) noteSteps(delivery, transition, written);
  const unclaimed = steps.some(({ dueAt, leaseOwner }) => dueAt !== null && leaseOwner === null);
  if (unclaimed || (wakeAt !== null && !written.taken)) {
    context.dispatcher().somethingDue(Math.min(wakeAt ?? Infinity, ...steps.map(({ dueAt }) => dueAt ?? Infinity)));
  }
  if (run.kind === 'finish' || run.kind === 'cancelLegacy') {
    if (delivery?.of === 'run') delivery.leaseEnded = true;
    log.forget(runId);
    context.dispatcher().runEnded(runId);
  }
}

function noteSteps(delivery: Delivery, transition: Transition, written: Written): void {
  for (const step of resolveSteps(transition, written)) {
    delivery.knownSteps.add(step.stepId);
    if (step.version === 1 && step.leaseOwner !== null) delivery.born.set(step.stepId, step);
    if (delivery.stepId !== step.stepId) continue;
    delivery.wokeRun ||= isStepTerminal(step.status);
    delivery.leaseEnded ||= step.leaseOwner === null;
  }
}
