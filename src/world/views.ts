import type { Hook, Step, StructuredError, Wait, WorkflowRun } from '@workflow/world';
import { decodeFields } from '../base/codec.ts';
import type { HookRow, RunRow, StepRow, WaitRow } from './rows.ts';

// Rows as the SDK reads them (spec/world.md C1). Each call makes fresh objects: the SDK changes some of them (0.14).

/** Decoded; both stay out for `resolveData: 'none'`, where the keys are there and undefined (C2). */
export interface Payloads {
  readonly input?: unknown;
  readonly output?: unknown;
}

export function viewRun(row: RunRow, payloads: Payloads): WorkflowRun {
  return {
    runId: row.runId,
    status: row.status,
    deploymentId: row.deploymentId,
    workflowName: row.workflowName,
    specVersion: row.specVersion,
    ...(row.executionContext === null ? {} : { executionContext: decodeFields(row.executionContext) }),
    input: payloads.input,
    output: payloads.output,
    ...(row.error === null ? {} : { error: storedError(row.error) }),
    ...dates({ expiredAt: row.expiredAt, startedAt: row.startedAt, completedAt: row.completedAt }),
    createdAt: new Date(row.createdAt),
    updatedAt: new Date(row.updatedAt),
  } as WorkflowRun;
}

/** As it stands there where it is not what we wrote: whoever looks for the cause of a failure wants to see something. */
function storedError(text: string): StructuredError {
  try {
    return JSON.parse(text) as StructuredError;
  } catch {
    return { message: text };
  }
}

export function viewStep(row: StepRow, payloads: Payloads): Step {
  return {
    runId: row.runId,
    stepId: row.stepId,
    stepName: row.stepName,
    status: row.status,
    input: payloads.input,
    output: payloads.output,
    ...(row.error === null ? {} : { error: storedError(row.error) }),
    attempt: row.attempt,
    ...dates({ startedAt: row.startedAt, completedAt: row.completedAt, retryAfter: row.retryAfter }),
    createdAt: new Date(row.createdAt),
    updatedAt: new Date(row.updatedAt),
    specVersion: row.specVersion,
  };
}

export function viewHook(row: HookRow, metadata: unknown): Hook {
  return {
    runId: row.runId,
    hookId: row.hookId,
    token: row.token,
    // One database is one owner here; the SDK wants the fields filled (spec/world.md H).
    ownerId: 'pawl',
    projectId: 'pawl',
    environment: 'self-hosted',
    ...(metadata === undefined ? {} : { metadata }),
    createdAt: new Date(row.createdAt),
    specVersion: row.specVersion,
    isWebhook: row.isWebhook,
  };
}

export function viewWait(row: WaitRow): Wait {
  return {
    waitId: `${row.runId}-${row.waitId}`,
    runId: row.runId,
    status: row.status,
    resumeAt: new Date(row.resumeAt),
    ...dates({ completedAt: row.completedAt }),
    createdAt: new Date(row.createdAt),
    updatedAt: new Date(row.updatedAt),
    specVersion: row.specVersion,
  };
}

function dates(instants: Readonly<Record<string, number | null>>): Record<string, Date> {
  const given: Record<string, Date> = {};
  for (const name in instants) {
    const ms = instants[name];
    if (ms !== null && ms !== undefined) given[name] = new Date(ms);
  }
  return given;
}
