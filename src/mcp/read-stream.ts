import { expectScope } from '../operate/caller.ts';
import { findStream } from '../operate/find-stream.ts';
import type { Operator } from '../operate/operator.ts';
import { PayloadReader } from '../operate/payload.ts';
import { type ShownChunk, showChunks } from '../operate/show-chunks.ts';
import { msToStreamEnd } from '../operate/stream-end.ts';

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
  const { run, stream } = await findStream(operator, { runId, name });
  const store = await operator.store();
  const over = msToStreamEnd({ stream, run, now: store.now() }) === 0;
  const end = Math.min(stream.chunkCount, from + limit);
  const rows = from < end ? await store.readChunks(name, from, end - from) : [];
  const chunks: ShownChunk[] = [];
  for await (const chunk of showChunks(new PayloadReader(operator, run), rows)) chunks.push(chunk);
  return { chunks, next: Math.max(from, end), done: over && end >= stream.chunkCount };
}
