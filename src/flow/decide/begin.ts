import type { StepFact } from '../facts.ts';
import { visitsOf } from '../execution-record.ts';
import type { Execution, Step, StepAttempt } from '../types.ts';
import { advance, unchanged, type Transition } from './transition.ts';

export interface Begin {
  readonly execution: Execution;
  readonly step: Step;
  readonly input: unknown;
  readonly now: number;
}

/** A new visit of a step: "step started, attempt 1" is part of the commit that comes before the handler (rule 2). */
export function enterStep({ execution, step, input, now }: Begin): Transition {
  const attempt: StepAttempt = {
    stepId: step.id,
    visit: visitsOf(execution, step.id) + 1,
    attempt: 1,
    deliveries: 1,
    status: 'started',
    startedAt: now,
    ...(input === undefined ? {} : { input }),
  };
  const first = execution.status === 'pending';
  return advance(unchanged(execution), {
    changes: {
      status: 'running',
      attempt: Object.freeze(attempt),
      stepCount: execution.stepCount + 1,
      ...(first ? { startedAt: now } : {}),
    },
    enters: step.id,
    facts: [...(first ? [{ type: 'started' as const, at: now }] : []), { type: 'step-started', ...stepFact(step, attempt, now), input }],
  });
}

/** The next attempt of the same visit, with the same input. */
export function retryStep({ execution, step, now }: Omit<Begin, 'input'>): Transition {
  const previous = attemptOf(execution);
  const { resumedBy: _, ...kept } = previous;
  const attempt: StepAttempt = {
    ...kept,
    attempt: previous.attempt + 1,
    deliveries: 1,
    status: 'started',
    startedAt: now,
  };
  return advance(unchanged(execution), {
    changes: { attempt: Object.freeze(attempt), retryAt: undefined },
    facts: [{ type: 'step-started', ...stepFact(step, attempt, now), input: attempt.input }],
  });
}

/**
 * The attempt goes on. After a wait the input may be new, and it counts as a step, so that a wait that leads back to
 * itself ends at MAX_STEPS (rule 4); on another worker, after a crash, it counts as a delivery.
 */
export function continueStep({ execution, step, input, now, redelivery }: Begin & { readonly redelivery: boolean }): Transition {
  const { input: _, ...previous } = attemptOf(execution);
  const attempt: StepAttempt = {
    ...previous,
    deliveries: redelivery ? previous.deliveries + 1 : 1,
    status: 'started',
    ...(input === undefined ? {} : { input }),
  };
  return advance(unchanged(execution), {
    changes: {
      attempt: Object.freeze(attempt),
      ...(redelivery ? {} : { stepCount: execution.stepCount + 1 }),
    },
    facts: [{ type: 'step-continued', ...stepFact(step, attempt, now), deliveries: attempt.deliveries, input }],
  });
}

/**
 * The handler is called because children ended. Under the very claim that follows its last answer that is the first time, and nothing is
 * written. Under any other a call before it may be lost: from then on each is counted, in a commit that comes before it.
 */
export function callBack(execution: Execution, epoch: number): Transition {
  const { join } = execution;
  if (!join || epoch - 1 === join.epoch) return unchanged(execution);
  const { epoch: answeredUnder, ...others } = join;
  const previous = attemptOf(execution);
  // The claim of that answer has not called since: it goes on with children that ended meanwhile.
  const counted = previous.deliveries + (epoch === answeredUnder ? 0 : 1);
  // An older release said neither when it had its answer nor what it counted.
  const deliveries = answeredUnder === undefined && !join.counted ? 1 : counted;
  return advance(unchanged(execution), {
    changes: { join: Object.freeze({ ...others, counted: true }), attempt: Object.freeze({ ...previous, deliveries }) },
  });
}

/** A worker that shuts down gives the attempt back; that does not count as a delivery (decisions B4). */
export function drainStep(execution: Execution, epoch: number): Transition {
  const { status, join } = execution;
  const previous = attemptOf(execution);
  const attempt: StepAttempt = { ...previous, deliveries: Math.max(0, previous.deliveries - 1) };
  // The claim that follows calls back for the first time again.
  const left = status === 'waiting' && join ? { join: Object.freeze({ ...join, epoch }) } : {};
  return advance(unchanged(execution), { changes: { ...left, attempt: Object.freeze(attempt) } });
}

export function stepFact(step: Step, { visit, attempt }: StepAttempt, at: number): StepFact {
  return { at, stepId: step.id, stepType: step.type, visit, attempt };
}

export function attemptOf(execution: Execution): StepAttempt {
  if (execution.attempt) return execution.attempt;
  throw new TypeError(`Execution ${execution.id} has no attempt in progress`);
}

/** Stable over retries, waits and redeliveries of one visit, different for the next (flow.md §1 HandlerParams). */
export function idempotencyKeyOf(execution: Execution): string {
  const { stepId, visit } = attemptOf(execution);
  return `${execution.id}:${stepId}:${visit}`;
}
