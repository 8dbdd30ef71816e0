import type { z } from 'zod';
import type { FoundRun } from '../world/operator-port.ts';
import type { RunRow } from '../world/rows.ts';
import { flowNamespace } from '../world/flow-port.ts';
import type { Operator } from './operator.ts';
import { runNotFound } from './errors.ts';
import { PayloadReader } from './payload.ts';
import type { errorSchema, runStatusSchema } from './schemas/common.ts';
import type { runSummarySchema } from './schemas/runs.ts';

export type RunSummary = z.infer<typeof runSummarySchema>;
export type RunStatus = z.infer<typeof runStatusSchema>;
export type ShownError = z.infer<typeof errorSchema>;

export function instant(ms: number): string;
export function instant(ms: number | null): string | null;
export function instant(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

export function isFlow({ namespace }: Pick<RunRow, 'namespace'>): boolean {
  return namespace === flowNamespace;
}

export function statusOf({ status, waiting }: Pick<FoundRun, 'status' | 'waiting'>): RunStatus {
  return waiting ? 'waiting' : status;
}

/** `workflow//./src/order//placeOrder` is `placeOrder`, `flow//approval@1.0.0` is `approval`. */
export function humanName(workflowName: string): string {
  const [kind, module = '', ...rest] = workflowName.split('//');
  if (kind === 'flow') return module.replace(/@[^@]*$/, '') || workflowName;
  const name = rest.join('//').split('/').at(-1) ?? '';
  const file = module.split('/').at(-1) ?? '';
  return (name === 'default' || name === '__default' ? file.replace(/@.*$/, '') : name) || workflowName;
}

export function viewSummary(operator: Operator, run: FoundRun): RunSummary {
  const { runId, workflowName, tenantId, deploymentId, createdAt, startedAt, completedAt } = run;
  const error = viewError(operator, run, run.error);
  return {
    runId,
    kind: isFlow(run) ? 'flow' : 'code',
    name: humanName(workflowName),
    workflowName,
    status: statusOf(run),
    tenantId,
    deploymentId,
    createdAt: instant(createdAt),
    startedAt: instant(startedAt),
    completedAt: instant(completedAt),
    durationMs: completedAt === null ? null : completedAt - (startedAt ?? createdAt),
    error: error && { message: error.message, code: error.code },
  };
}

/** An error as a row keeps it: JSON with a message, mostly a code, and the stack where the SDK had one. */
export function viewError(operator: Operator, run: Pick<RunRow, 'runId' | 'workflowName'>, stored: string | null): ShownError | null {
  if (stored === null) return null;
  const reader = new PayloadReader(operator, run);
  const shown = reader.redact(parsed(stored), 'error');
  const { message, code, stack } = (typeof shown === 'object' && shown !== null ? shown : {}) as Record<string, unknown>;
  const text = typeof message === 'string' ? message : shown === undefined ? '(redacted)' : '(no message)';
  return { message: text, code: typeof code === 'string' ? code : null, stack: typeof stack === 'string' ? stack : null };
}

function parsed(stored: string): unknown {
  try {
    return JSON.parse(stored);
  } catch {
    return { message: stored };
  }
}

/** The run, if this caller may know of it; throws RUN_NOT_FOUND. */
export async function findRun({ caller, store }: Operator, runId: string): Promise<FoundRun> {
  const run = await (await store()).operator.findRun(runId);
  if (!run || (caller.tenantId !== null && run.tenantId !== caller.tenantId)) throw runNotFound(runId);
  return run;
}
