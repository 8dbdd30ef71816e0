import type { ChildResultQuery, ChildResultRow } from '../../world/flow-port.ts';
import type { Store } from '../../world/port.ts';
import type { ChildResult } from '../children.ts';
import { FlowError, toExecutionError } from '../errors.ts';
import { seal } from '../seal.ts';
import type { ExecutionError } from '../types.ts';
import { unframe } from './frame.ts';

/** How children ended. What a run of code gave stays in its own log, and is read there. */
export async function childResults(store: Store, query: ChildResultQuery): Promise<readonly ChildResult[]> {
  const rows = await store.flows.listChildResults(query);
  const results: ChildResult[] = [];
  for (const row of rows) {
    const told = row.kind === 'flow' || row.output !== null || row.error !== null;
    results.push(told ? decode(row) : await codeResult(store, row));
  }
  return results;
}

function decode({ kind: _, output, error, ...end }: ChildResultRow): ChildResult {
  return {
    ...end,
    ...(output === null ? {} : { output: JSON.parse(output) as unknown }),
    ...(error === null ? {} : { error: JSON.parse(error) as ExecutionError }),
  };
}

async function codeResult(store: Store, row: ChildResultRow): Promise<ChildResult> {
  const end = decode(row);
  const run = await store.getRun(row.childId);
  if (end.status !== 'completed') return { ...end, error: codeError(run?.error ?? null, end.status) };
  const gone = `What run ${row.childId} gave is gone: its retention was over before the flow went on that waited for it.`;
  if (!run || run.expiredAt !== null) return failed(end, gone);
  if (run.outputSeq === null) return end;
  const [payload] = await store.readPayloads([{ runId: row.childId, seq: run.outputSeq }]);
  if (payload === undefined) return failed(end, gone);
  try {
    const output = seal(unframe(payload), { what: `output of run ${row.childId}` });
    return { ...end, ...(output === undefined ? {} : { output }) };
  } catch (cause) {
    return failed(end, `Run ${row.childId} gave what a flow cannot keep: ${(cause as Error).message}`);
  }
}

function failed(end: ChildResult, message: string): ChildResult {
  const { stepId: _, ...error } = toExecutionError(new FlowError('HANDLER_ERROR', message, { retryable: false }), '');
  return { ...end, status: 'failed', error };
}

function codeError(stored: string | null, status: string): ExecutionError {
  const { message, code } = stored === null ? {} : (JSON.parse(stored) as { message?: string; code?: string });
  return {
    code: 'HANDLER_ERROR',
    message: message ?? `it was ${status}`,
    ...(status === 'cancelled' ? { retryable: false } : {}),
    ...(code === undefined ? {} : { details: { errorCode: code } }),
  };
}
