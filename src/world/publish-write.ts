import type { WorldContext } from './context.ts';
import type { Delivery } from './delivery.ts';
import type { EventLogCache } from './event-log.ts';
import type { Birth, Outcomes } from './port.ts';
import { isStepTerminal } from './rows.ts';
import type { WrittenRows } from './written-rows.ts';
import type { Transition } from './transition.ts';

export type Written = Extract<Outcomes['write'], { kind: 'written' }>;

export interface CommittedWrite {
  readonly context: WorldContext;
  readonly log: EventLogCache;
  readonly delivery: Delivery | undefined;
  readonly transition: Transition;
  readonly written: Written;
  readonly rows: WrittenRows;
  readonly durable: Birth['durable'];
  /** The write is only foreseen; see `Delivery.certain`. */
  readonly certain: Promise<boolean> | undefined;
  /** Told before, not quite as it came: the steps that it bore are with their handlers. */
  readonly again: boolean;
}

/** Tells this process what a commit changed: the log it caches, the delivery that wrote it, and the workers that may have work now. */
export function publishWrite(committed: CommittedWrite): void {
  const { context, log, delivery, transition, written, rows, durable, certain, again } = committed;
  const { runId, run, steps, wakeAt } = transition;
  const events = transition.events.map((event, index) => ({ ...event, runId, seq: written.firstSeq + index, createdAt: written.at }));
  log.append(runId, events, certain);
  const birth = { startedSeq: written.firstSeq + 1, input: transition.events[0]?.payload ?? null, durable, isWritten: !certain };
  if (delivery) noteRows(delivery, rows, again ? undefined : birth);
  const unclaimed = steps.some(({ dueAt, leaseOwner }) => dueAt !== null && leaseOwner === null);
  if (unclaimed || (wakeAt !== null && !written.taken)) {
    context.dispatcher().somethingDue(Math.min(wakeAt ?? Infinity, ...steps.map(({ dueAt }) => dueAt ?? Infinity)));
  }
  if (!delivery && wakeAt !== null && wakeAt <= transition.now && run.kind === 'append') context.freshWakes().note(runId);
  // Last of what concerns the log: the delivery that begins here reads it.
  if (written.taken) context.dispatcher().runTaken(written.taken, certain);
  if (delivery?.of === 'run' && (run.kind === 'finish' || run.kind === 'cancelLegacy')) delivery.leaseEnded = true;
}

function noteRows(delivery: Delivery, { run, steps, waits }: WrittenRows, birth: Birth | undefined): void {
  delivery.run = run;
  if (waits.some(({ status }) => status === 'completed')) delivery.waitsDue = false;
  for (const step of steps) {
    delivery.knownSteps.add(step.stepId);
    if (birth && step.version === 1 && step.leaseOwner !== null) delivery.born.set(step.stepId, { step, run, birth });
    if (delivery.stepId !== step.stepId) continue;
    delivery.step = step;
    delivery.wokeRun ||= isStepTerminal(step.status);
    delivery.leaseEnded ||= step.leaseOwner === null;
  }
}
