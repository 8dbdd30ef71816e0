import { decodeFields, decodeValue, encodeFields } from '../base/codec.ts';
import type { StepMessage } from '../world/delivery.ts';
import type { ClaimedStep } from '../world/port.ts';
import type { MessageRow, RunRow } from '../world/rows.ts';

export type Message = StepMessage;

/** The message that a run's due time stands for, with whatever was left in its inbox (spec/world.md D2). */
export function runMessage(run: RunRow, inbox: readonly MessageRow[]): Message {
  const context = run.executionContext === null ? {} : decodeFields(run.executionContext);
  const traceCarrier = context['traceCarrier'];
  const extras = inbox.map(storedMessage);
  return {
    payload: Object.assign({ runId: run.runId, ...(traceCarrier ? { traceCarrier } : {}) }, ...extras.map(({ payload }) => payload)),
    headers: Object.assign({}, ...extras.map(({ headers }) => headers)),
    messageId: inbox.at(-1)?.messageId ?? runMessageId(run.runId),
  };
}

export function stepMessage({ step, run }: ClaimedStep): Message {
  const { headers = {}, ...extras } = step.message === null ? {} : decodeFields(step.message);
  return {
    payload: {
      workflowName: run.workflowName,
      workflowRunId: step.runId,
      workflowStartedAt: startOf(run),
      stepId: step.stepId,
      ...(step.dueAt === null ? {} : { requestedAt: new Date(step.dueAt) }),
      ...extras,
    },
    headers: headers as Record<string, string>,
    messageId: stepMessageId(step.runId, step.stepId),
  };
}

export function storedMessage({ payload, headers, messageId }: MessageRow): Message {
  return {
    payload: decodeValue(payload) as Record<string, unknown>,
    headers: headers === null ? {} : (JSON.parse(headers) as Record<string, string>),
    messageId,
  };
}

/** What a step's message says beyond what its rows say anyway, as it is stored with the step; null: nothing. */
export function stepExtras(
  encoded: Uint8Array,
  headers: Readonly<Record<string, string>> | undefined,
  claimed: ClaimedStep,
): string | null {
  const { run, step } = claimed;
  const told: Record<string, unknown> = {
    workflowName: run.workflowName,
    workflowStartedAt: startOf(run),
    workflowRunId: step.runId,
    stepId: step.stepId,
  };
  const message = { ...(decodeValue(encoded) as Record<string, unknown>), headers: headers ?? {} };
  const isEmpty = (value: unknown) => typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  const extras = Object.entries(message).filter(([field, value]) => field !== 'requestedAt' && value !== told[field] && !isEmpty(value));
  return extras.length === 0 ? null : encodeFields(Object.fromEntries(extras));
}

// Derived, not stored: a duplicate gets the id of the original (spec/world.md D5), and a redelivery keeps it.
export function runMessageId(runId: string): string {
  return `msg_${runId}`;
}

export function stepMessageId(runId: string, stepId: string): string {
  return `msg_${runId}_${stepId}`;
}

function startOf({ startedAt, createdAt }: RunRow): number {
  return startedAt ?? createdAt;
}
