import type { Streamer } from '@workflow/world';
import { commitAndBegin } from './begin-early.ts';
import type { WorldContext } from './context.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { mayWrite } from './delivery.ts';
import { badRequest } from './errors.ts';
import type { AppendAct, Store } from './port.ts';
import { checkName } from './names.ts';
import { shardOfStream } from './shard.ts';
import { readLive, type StreamSignals } from './stream-reader.ts';
import { shown } from './shown.ts';

const encoder = new TextEncoder();
const maxNameLength = 2_048;

/** The 4.1 interface hands the run id as a promise (spec/world.md H); both forms are accepted. */
type RunId = string | Promise<string>;

/**
 * Streams are keyed by name; a run need not exist (spec/world.md E). A write is durable when it resolves, and writes of one caller keep the
 * order in which they were called, also while their run id is still on its way.
 */
export function streamer(context: WorldContext, signals: StreamSignals): Required<Streamer> {
  const order = new CallOrder();

  async function append(name: string, runId: RunId, chunks: readonly (string | Uint8Array)[], close: boolean): Promise<void> {
    const checked = checkStreamName(name);
    // Copied now: the caller may reuse its buffers as soon as this returns.
    const bytes = chunks.map((chunk) => (typeof chunk === 'string' ? encoder.encode(chunk) : new Uint8Array(chunk)));
    await order.run(checked, runId, async (run) => {
      await mayWrite();
      const { store } = await context.open();
      const shard = shardOfStream(checked);
      const act: AppendAct = { kind: 'append', shard, name: checked, runId: run, chunks: bytes, close, now: store.now() };
      await commitAndBegin(store, act, {
        begin({ from }) {
          signals.emit(checked, from === undefined ? undefined : { from, chunks: bytes, closed: close });
          return true;
        },
      });
    });
  }

  return {
    // The SDK's default waits 10 ms per chunk for more; group commit joins them without waiting (spec/world.md 0.24).
    streamFlushIntervalMs: 0,
    writeToStream: (name, runId, chunk) => append(name, runId, [chunk], false),
    writeToStreamMulti: (name, runId, chunks) => (chunks.length === 0 ? Promise.resolve() : append(name, runId, chunks, false)),
    closeStream: (name, runId) => append(name, runId, [], true),
    async readFromStream(name, startIndex = 0) {
      const { store } = await context.open();
      return readLive({ store, signals, name: checkStreamName(name), from: await firstIndex(store, name, startIndex) });
    },
    async listStreamsByRunId(runId) {
      checkName('runId', runId, 'listStreamsByRunId');
      return [...(await (await context.open()).store.listStreams(runId))];
    },
    async getStreamChunks(name, _runId, { limit = 100, cursor } = {}) {
      checkStreamName(name);
      if (!Number.isInteger(limit) || limit < 1) throw badRequest(`limit must be a whole number of at least 1, not ${shown(limit)}.`);
      const from = (decodeCursor('stream chunks', cursor, ['number'])?.[0] as number | undefined) ?? 0;
      const { store } = await context.open();
      const asked = Math.min(limit, 1_000);
      const stream = await store.getStream(name);
      const rows = await store.readChunks(name, from, asked + 1);
      const hasMore = rows.length > asked;
      const data = rows.slice(0, asked).map(({ index, data: bytes }) => ({ index, data: new Uint8Array(bytes) }));
      // Unlike the event list this one has no cursor at its end: the web UI reads on while there is one (C3).
      return { data, cursor: hasMore ? encodeCursor('stream chunks', [from + asked]) : null, hasMore, done: stream?.closedAt != null };
    },
    async getStreamInfo(name) {
      const stream = await (await context.open()).store.getStream(checkStreamName(name));
      return { tailIndex: (stream?.chunkCount ?? 0) - 1, done: stream?.closedAt != null };
    },
  };
}

/** Negative counts from the end as it is now; beyond the end is a place to wait at. */
async function firstIndex(store: Store, name: string, startIndex: number): Promise<number> {
  if (!Number.isInteger(startIndex)) throw badRequest(`startIndex must be a whole number, not ${shown(startIndex)}.`);
  if (startIndex >= 0) return startIndex;
  const stream = await store.getStream(name);
  return Math.max(0, (stream?.chunkCount ?? 0) + startIndex);
}

function checkStreamName(name: string): string {
  if (typeof name !== 'string' || name === '' || name.length > maxNameLength || name.includes('\0')) {
    throw badRequest(`A stream name must be text of 1 to ${maxNameLength} characters without NUL.`);
  }
  return name;
}

/** Keeps the writes to one stream in the order of their calls while run ids are still promises; otherwise in nobody's way. */
class CallOrder {
  readonly #waiting = new Map<string, Promise<unknown>>();

  async run(name: string, runId: RunId, write: (runId: string) => Promise<void>): Promise<void> {
    const before = this.#waiting.get(name);
    if (typeof runId === 'string' && !before) return write(runId);
    // A write that fails fails its own caller; the next one still gets its turn.
    const turn = Promise.allSettled([before]).then(async () => write(await runId));
    const settled = turn.catch(() => {});
    this.#waiting.set(name, settled);
    try {
      await turn;
    } finally {
      if (this.#waiting.get(name) === settled) this.#waiting.delete(name);
    }
  }
}
