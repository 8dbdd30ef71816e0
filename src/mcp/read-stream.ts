import { followStream, type ShownChunk } from '../operate/follow-stream.ts';
import type { Operator } from '../operate/operator.ts';
import { expectScope } from '../operate/caller.ts';
import { findRun } from '../operate/run-views.ts';
import { OperateError } from '../operate/errors.ts';

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
  await findRun(operator, runId);
  const stream = await (await operator.store()).getStream(name);
  if (stream?.runId !== runId) throw new OperateError('not-found', 'STREAM_NOT_FOUND', `Run "${runId}" has no stream "${name}".`);
  const end = Math.min(stream.chunkCount, from + limit);
  const chunks: ShownChunk[] = [];
  const stop = new AbortController();
  if (from < end) {
    for await (const chunk of followStream(operator, { runId, name, from }, stop.signal)) {
      if (chunk.index < end) chunks.push(chunk);
      if (chunk.index >= end - 1) break;
    }
  }
  stop.abort();
  return { chunks, next: Math.max(from, end), done: stream.closedAt !== null && end >= stream.chunkCount };
}
