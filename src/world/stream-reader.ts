import { unavailable } from './errors.ts';
import type { Store } from './port.ts';

/** Says that a stream may have grown: a hint from this process, or from another one without a name. */
export interface StreamSignals {
  emit(name: string): void;
  /** Until the returned function is called; `closed` is told when the World closes. */
  listen(name: string, listener: { grown(): void; closed(): void }): () => void;
}

export interface LiveRead {
  readonly store: Store;
  readonly signals: StreamSignals;
  readonly name: string;
  readonly from: number;
}

const pageSize = 64;

/**
 * Every chunk from an index on, each once and in order, then the live ones until the stream is closed. Pulled: a page is read when the
 * consumer asks for more. A stored chunk is one enqueued chunk, because the SDK counts them; empty ones count and are not delivered (E1).
 */
export function readLive({ store, signals, name, from }: LiveRead): ReadableStream<Uint8Array> {
  let next = from;
  let page: { index: number; data: Uint8Array }[] = [];
  let wake = () => {};
  let grown = true;
  let worldClosed = false;
  let cancelled = false;
  const stop = signals.listen(name, {
    grown() {
      grown = true;
      wake();
    },
    closed() {
      worldClosed = true;
      wake();
    },
  });

  async function pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      for (;;) {
        const chunk = page.shift();
        if (chunk) {
          next = chunk.index + 1;
          if (chunk.data.length === 0) continue;
          // A copy of its own: consumers may transfer the buffer away.
          return controller.enqueue(new Uint8Array(chunk.data));
        }
        if (cancelled) return;
        if (worldClosed)
          throw unavailable(`The World was closed while stream "${name}" was being read; open it again and go on at ${next}.`);
        if (await readPage()) return end(controller);
        if (page.length === 0 && !grown && !worldClosed && !cancelled) await new Promise<void>((resolve) => (wake = resolve));
      }
    } catch (error) {
      stop();
      controller.error(error);
    }
  }

  /** True at the end of a closed stream. */
  async function readPage(): Promise<boolean> {
    grown = false;
    // The header first: if it says closed, the chunks that are read after it are all there will ever be.
    const stream = await store.getStream(name);
    page = [...(await store.readChunks(name, next, pageSize))];
    return page.length === 0 && stream?.closedAt != null;
  }

  function end(controller: ReadableStreamDefaultController<Uint8Array>): void {
    stop();
    controller.close();
  }

  return new ReadableStream<Uint8Array>(
    {
      pull,
      cancel() {
        cancelled = true;
        stop();
        wake();
      },
    },
    { highWaterMark: 0 },
  );
}
