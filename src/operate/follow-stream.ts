import { expectScope } from './caller.ts';
import { OperateError } from './errors.ts';
import { looks } from './looks.ts';
import type { Operator } from './operator.ts';
import { PayloadReader } from './payload.ts';
import { findRun } from './run-views.ts';
import { type ShownChunk, showChunks } from './show-chunks.ts';

const pageSize = 100;

/** Every chunk of a stream from an index on, in order, and then those to come, until the stream is closed. Throws RUN_NOT_FOUND, STREAM_NOT_FOUND. */
export async function* followStream(
  operator: Operator,
  { runId, name, from = 0 }: { readonly runId: string; readonly name: string; readonly from?: number },
  signal: AbortSignal,
): AsyncGenerator<ShownChunk, void, void> {
  expectScope(operator.caller, 'read');
  const run = await findRun(operator, runId);
  const store = await operator.store();
  if ((await store.getStream(name))?.runId !== runId) {
    throw new OperateError('not-found', 'STREAM_NOT_FOUND', `Run "${runId}" has no stream "${name}".`);
  }
  const reader = new PayloadReader(operator, run);
  let next = from;
  for await (const _ of looks(operator, signal)) {
    // Asked for first: what is written before the close is read after it.
    const closed = (await store.getStream(name))?.closedAt !== null;
    for (;;) {
      const chunks = await store.readChunks(name, next, pageSize);
      next = (chunks.at(-1)?.index ?? next - 1) + 1;
      yield* showChunks(reader, chunks);
      if (chunks.length < pageSize || signal.aborted) break;
    }
    if (closed) return;
  }
}
