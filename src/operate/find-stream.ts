import type { FoundRun } from '../world/operator-port.ts';
import type { StreamRow } from '../world/rows.ts';
import { OperateError } from './errors.ts';
import type { Operator } from './operator.ts';
import { findRun } from './run-views.ts';

/** A stream and its run, if this caller may know of it; throws RUN_NOT_FOUND, STREAM_NOT_FOUND. */
export async function findStream(
  operator: Operator,
  { runId, name }: { readonly runId: string; readonly name: string },
): Promise<{ readonly run: FoundRun; readonly stream: StreamRow }> {
  const run = await findRun(operator, runId);
  const stream = await (await operator.store()).getStream(name);
  if (stream?.runId !== runId) throw new OperateError('not-found', 'STREAM_NOT_FOUND', `Run "${runId}" has no stream "${name}".`);
  return { run, stream };
}
