import { expectScope } from '../operate/caller.ts';
import { OperateError } from '../operate/errors.ts';
import type { Operator } from '../operate/operator.ts';
import { PayloadReader } from '../operate/payload.ts';
import { findRun } from '../operate/run-views.ts';
import { type ShownChunk, showChunks } from '../operate/show-chunks.ts';

export interface ReadStream {
  readonly runId: string;
  readonly name: string;
  readonly from: number;
  readonly limit?: number | undefined;
}

export interface StreamPart {
  readonly chunks: readonly ShownChunk[];
  /** Where to go on. */
  readonly next: number;
  /** Nothing comes after `next`. */
  readonly done: boolean;
}

const usualLimit = 50;

/** The chunks that are there now, and none that are yet to come: an agent asks again. */
export async function readStream(operator: Operator, { runId, name, from, limit = usualLimit }: ReadStream): Promise<StreamPart> {
  expectScope(operator.caller, 'read');
  const run = await findRun(operator, runId);
  const store = await operator.store();
  const stream = await store.getStream(name);
  if (stream?.runId !== runId) throw new OperateError('not-found', 'STREAM_NOT_FOUND', `Run "${runId}" has no stream "${name}".`);
  const end = Math.min(stream.chunkCount, from + limit);
  const rows = from < end ? await store.readChunks(name, from, end - from) : [];
  const chunks: ShownChunk[] = [];
  for await (const chunk of showChunks(new PayloadReader(operator, run), rows)) chunks.push(chunk);
  return { chunks, next: Math.max(from, end), done: stream.closedAt !== null && end >= stream.chunkCount };
}
