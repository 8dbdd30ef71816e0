import { expectScope } from './caller.ts';
import { findStream } from './find-stream.ts';
import { looks } from './looks.ts';
import type { Operator } from './operator.ts';
import { PayloadReader } from './payload.ts';
import { type ShownChunk, showChunks } from './show-chunks.ts';
import { msToStreamEnd } from './stream-end.ts';

export interface StreamFrom {
  readonly runId: string;
  readonly name: string;
  /** The index of the first chunk; default 0. */
  readonly from?: number;
}

/** Yields every chunk of a stream from an index on, in order, and then those to come, until none can come any more. */
export type FollowStream = (signal: AbortSignal) => AsyncGenerator<ShownChunk, void, void>;

const pageSize = 100;

/**
 * Looks a stream up, and gives back what follows it until it is closed; one that is left open, until its run has been over for two seconds.
 * Throws RUN_NOT_FOUND, STREAM_NOT_FOUND.
 */
export async function followStream(operator: Operator, { runId, name, from = 0 }: StreamFrom): Promise<FollowStream> {
  expectScope(operator.caller, 'read');
  const found = await findStream(operator, { runId, name });
  const { clock } = operator;
  const store = await operator.store();
  const reader = new PayloadReader(operator, found.run);
  return async function* follow(signal) {
    let next = from;
    let endsAt = Infinity;
    for await (const _ of looks(operator, signal)) {
      // Asked for first: what is written before the end is read after it.
      const [stream, run] = await Promise.all([store.getStream(name), store.getRun(runId)]);
      endsAt = Math.min(endsAt, clock.monotonic() + msToStreamEnd({ stream, run, now: store.now() }));
      const ended = clock.monotonic() >= endsAt;
      for (;;) {
        const chunks = await store.readChunks(name, next, pageSize);
        next = (chunks.at(-1)?.index ?? next - 1) + 1;
        yield* showChunks(reader, chunks);
        if (chunks.length < pageSize || signal.aborted) break;
      }
      if (ended) return;
    }
  };
}
