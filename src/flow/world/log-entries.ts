import { encodeFields, encodeValue } from '../../base/codec.ts';
import type { ExecutionWrite, FlowHookChange, FlowStepChange, FlowWaitChange, HeardEvent } from '../../world/flow-port.ts';
import type { RunStatus } from '../../world/rows.ts';
import { specVersion } from '../../world/rules/spec-version.ts';
import type { NewEvent } from '../../world/transition.ts';
import { isTerminal } from '../decide/transition.ts';
import type { ExecutionCommit } from '../execution-index.ts';
import type { ExecutionFact } from '../facts.ts';
import { encodeSeen } from '../triggers/event.ts';
import type { Execution, ExecutionError } from '../types.ts';
import { workflowNameOf } from './flow-world.ts';
import { frame, stringifyJson } from './frame.ts';
import { hookIdOf, signalHookIdOf, stepIdOf, unknownToken, waitIdOf } from './names.ts';

export type LogEntries = Pick<ExecutionWrite, 'events' | 'steps' | 'waits' | 'hooks' | 'status' | 'error' | 'outputEvent' | 'heard'>;

export interface KnownToWriter {
  readonly deploymentId: string;
  /** The hook of the token that the commit uses. */
  readonly usedHookId?: string | undefined;
  /** The hook of the token that it does away with. */
  readonly leftHookId?: string | undefined;
}

/** What a commit says in the World: the events of the run, and its steps, waits and hooks (flow.md §3). */
export function logEntries(commit: ExecutionCommit, known: KnownToWriter): LogEntries {
  const log = new Log(commit, known);
  for (const fact of commit.facts) log.add(fact);
  log.useToken();
  return log.entries();
}

/** A run waits without a word of it: to the World it is running. */
export function runStatusOf({ status }: Pick<Execution, 'status'>): RunStatus {
  return status === 'waiting' ? 'running' : status;
}

export function errorText({ message, code }: Pick<ExecutionError, 'message' | 'code'>): string {
  return JSON.stringify({ message, code });
}

const heardBy = new Set(['started', 'waiting', 'completed', 'failed', 'cancelled']);

/** What is over says itself what it came to; what goes on is kept as it is now. */
function heardEvents(execution: Execution, facts: readonly ExecutionFact[]): HeardEvent[] {
  const types = new Set(facts.flatMap(({ type }) => (heardBy.has(type) ? [type] : [])));
  if (types.size === 0) return [];
  const seen = isTerminal(execution) ? null : encodeSeen(execution);
  return [...types].map((type) => ({ event: `execution:${type}`, seen }));
}

class Log {
  readonly #commit: ExecutionCommit;
  readonly #known: KnownToWriter;
  readonly #events: NewEvent[] = [];
  readonly #steps = new Map<string, FlowStepChange>();
  readonly #waits: FlowWaitChange[] = [];
  readonly #hooks: FlowHookChange[] = [];
  #tokenUsed = false;
  #outputEvent: number | null = null;
  /** The state in which the wait stands that this commit may end: as it was, or as this commit made it. */
  #waiting: Execution;

  constructor(commit: ExecutionCommit, known: KnownToWriter) {
    this.#commit = commit;
    this.#known = known;
    this.#waiting = commit.previous ?? commit.execution;
  }

  entries(): LogEntries {
    const { execution, facts } = this.#commit;
    return {
      events: this.#events,
      steps: [...this.#steps.values()],
      waits: this.#waits,
      hooks: this.#hooks,
      status: runStatusOf(execution),
      error: execution.status === 'failed' && execution.error ? errorText(execution.error) : null,
      outputEvent: this.#outputEvent,
      heard: heardEvents(execution, facts),
    };
  }

  add(fact: ExecutionFact): void {
    const { execution } = this.#commit;
    switch (fact.type) {
      case 'created':
        this.#event(
          'run_created',
          null,
          { deploymentId: this.#known.deploymentId, workflowName: workflowNameOf(execution) },
          frame([execution.context]),
        );
        return;
      case 'started':
        this.#event('run_started', null);
        return;
      case 'step-started':
      case 'step-continued':
        return this.#begin(fact);
      case 'step-completed':
        return this.#endStep(fact, 'completed', this.#event('step_completed', this.#stepId(fact), about(fact), frame(fact.output)));
      case 'step-failed':
        return this.#fail(fact);
      case 'waiting':
        return this.#wait(fact);
      case 'resumed':
        return this.#resume(fact);
      case 'completed':
        this.#outputEvent = this.#event('run_completed', null, undefined, frame(fact.output));
        return;
      case 'failed':
        this.#event('run_failed', null, { errorCode: fact.error.code }, encodeValue(fact.error));
        return;
      case 'cancelled':
        this.#event('run_cancelled', null, { cancellation: fact.cancellation });
        return;
    }
  }

  /** A token that is used before its wait is durable is received all the same. */
  useToken(): void {
    const { consumesToken, execution } = this.#commit;
    if (consumesToken === undefined || this.#tokenUsed) return;
    this.#receive(consumesToken, execution.earlyResumes?.at(-1)?.data);
  }

  #begin(fact: Extract<ExecutionFact, { type: 'step-started' | 'step-continued' }>): void {
    const id = this.#stepId(fact);
    const isNew = fact.type === 'step-started' && fact.attempt === 1;
    const created = isNew ? this.#event('step_created', id, about(fact), frame(fact.input)) : null;
    this.#event('step_started', id, { stepName: fact.stepId, attempt: fact.attempt });
    this.#steps.set(id, {
      ...(this.#steps.get(id) ?? this.#stepChange(fact, created)),
      status: 'running',
      starts: (this.#steps.get(id)?.starts ?? 0) + 1,
    });
  }

  #fail(fact: Extract<ExecutionFact, { type: 'step-failed' }>): void {
    const { retryAt, error } = fact;
    const id = this.#stepId(fact);
    if (retryAt === undefined) {
      this.#event('step_failed', id, about(fact), encodeValue(error));
      return this.#endStep(fact, 'failed', null, { error: errorText(error) });
    }
    this.#event('step_retrying', id, { ...about(fact), retryAfter: new Date(retryAt) }, encodeValue(error));
    this.#endStep(fact, 'pending', null, { error: errorText(error), retryAfter: retryAt });
  }

  #endStep(
    fact: StepFacts,
    status: FlowStepChange['status'],
    outputEvent: number | null,
    more: Pick<Partial<FlowStepChange>, 'error' | 'retryAfter'> = {},
  ): void {
    const id = this.#stepId(fact);
    this.#steps.set(id, { ...(this.#steps.get(id) ?? this.#stepChange(fact, null)), ...more, status, outputEvent });
  }

  #wait(fact: Extract<ExecutionFact, { type: 'waiting' }>): void {
    const { previous, execution } = this.#commit;
    const { wakeAt, token, reason } = fact;
    // The count is that of the step that waits: what this commit begins after it counts further.
    const at = previous ?? execution;
    this.#waiting = { ...at, waitMetadata: { ...(wakeAt === undefined ? {} : { wakeAt }), ...(token === undefined ? {} : { token }) } };
    if (wakeAt !== undefined) {
      const waitId = waitIdOf(at);
      this.#event('wait_created', waitId, { resumeAt: new Date(wakeAt) });
      this.#waits.push({ waitId, resumeAt: wakeAt });
    }
    if (wakeAt !== undefined || token !== undefined || execution.join !== undefined) return;
    const hash = unknownToken();
    const hookId = signalHookIdOf(at);
    const eventIndex = this.#event('hook_created', hookId, { token: hash }, frame({ reason, stepId: fact.stepId }));
    this.#hooks.push({ hookId, token: hash, eventIndex });
  }

  /** The wait is over, whatever ended it: nothing of it stays open. */
  #resume(fact: Extract<ExecutionFact, { type: 'resumed' }>): void {
    const { waitMetadata, join } = this.#waiting;
    const { wakeAt, token } = waitMetadata ?? {};
    const signal = wakeAt === undefined && token === undefined && join === undefined ? signalHookIdOf(this.#waiting) : undefined;
    const { consumesToken } = this.#commit;
    if (fact.by === 'resume' && fact.token === undefined) {
      const hookId = signal ?? (token === undefined ? undefined : hookIdOf(token));
      if (hookId !== undefined) this.#event('hook_received', hookId, undefined, frame(fact.data));
      if (this.#known.leftHookId !== undefined) this.#dispose(this.#known.leftHookId);
    }
    if (consumesToken !== undefined) this.#receive(consumesToken, fact.data);
    if (signal !== undefined) this.#dispose(signal);
    if (wakeAt === undefined) return;
    const waitId = waitIdOf(this.#waiting);
    this.#event('wait_completed', waitId, { resumeAt: new Date(wakeAt), resumedBy: fact.by });
    this.#waits.push({ waitId, resumeAt: null });
  }

  #receive(token: string, data: unknown): void {
    const hookId = this.#known.usedHookId ?? hookIdOf(token);
    this.#tokenUsed = true;
    this.#event('hook_received', hookId, { token }, frame(data));
    this.#dispose(hookId);
  }

  #dispose(hookId: string): void {
    if (this.#hooks.some((hook) => hook.hookId === hookId && hook.token === null)) return;
    const eventIndex = this.#event('hook_disposed', hookId);
    this.#hooks.push({ hookId, token: null, eventIndex });
  }

  #stepId(fact: StepFacts): string {
    return stepIdOf(this.#commit.execution.id, fact);
  }

  #stepChange(fact: StepFacts, createdBy: number | null): FlowStepChange {
    const open = { status: 'running', starts: 0, error: null, outputEvent: null, retryAfter: null } as const;
    return { stepId: this.#stepId(fact), stepName: fact.stepId, createdBy, ...open };
  }

  #event(
    type: string,
    correlationId: string | null,
    fields?: Readonly<Record<string, unknown>>,
    payload: Uint8Array | null = null,
  ): number {
    const meta =
      fields === undefined ? null : 'retryAfter' in fields || 'resumeAt' in fields ? encodeFields(fields) : stringifyJson(fields);
    return this.#events.push({ type, correlationId, specVersion, occurredAt: null, meta, payload }) - 1;
  }
}

type StepFacts = Extract<ExecutionFact, { readonly stepId: string }>;

function about({ stepId, stepType, attempt, visit }: StepFacts): Record<string, unknown> {
  return { stepName: stepId, stepType, attempt, visit };
}
