import { unavailable } from './errors.ts';
import type { Store } from './port.ts';
import { type Growth, StreamWindow } from './stream-window.ts';

/** Says that a stream may have grown: this process tells by what, another one tells not even which. */
export interface StreamSignals {
  emit(name: string, growth?: Growth): void;
  /** Until the returned function is called; `closed` is told when the World closes. */
  listen(name: string, listener: { grown(growth?: Growth): void; closed(): void }): () => void;
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
 * consumer asks for more than this process has written meanwhile. A stored chunk is one enqueued chunk, because the SDK counts them; empty
 * ones count and are not delivered (E1).
 */
export function readLive({ store, signals, name, from }: LiveRead): ReadableStream<Uint8Array> {
  const window = new StreamWindow(from, pageSize);
  let wake = () => {};
  let worldClosed = false;
  let cancelled = false;
  const stop = signals.listen(name, {
    grown(growth) {
      window.grow(growth);
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
        const chunk = window.take();
        if (chunk?.length === 0) continue;
        // A copy of its own: consumers may transfer the buffer away.
        if (chunk) return controller.enqueue(new Uint8Array(chunk));
        if (cancelled) return;
        if (worldClosed)
          throw unavailable(`The World was closed while stream "${name}" was being read; open it again and go on at ${window.next}.`);
        if (window.isOver) return end(controller);
        if (window.isStale) await readPage();
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } catch (error) {
      stop();
      controller.error(error);
    }
  }

  async function readPage(): Promise<void> {
    const next = window.beginRead();
    // The header first: if it says closed, the chunks that are read after it are all there will ever be.
    const stream = await store.getStream(name);
    const rows = await store.readChunks(name, next, pageSize);
    window.endRead({ closed: stream?.closedAt != null, rows });
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
