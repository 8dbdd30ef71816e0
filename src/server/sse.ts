import type { Clock } from '../base/clock.ts';

export interface ServerEvent {
  readonly event: string;
  readonly data: unknown;
  readonly id?: string;
}

export interface SseOptions {
  readonly clock: Clock;
  /** Ends it from the side of the server. */
  readonly signal: AbortSignal;
  readonly stop: AbortController;
  readonly onEnd: () => void;
  /** What ended it before its time: the client is told only that it did. */
  readonly onError: (error: unknown) => void;
}

export const sseHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // nginx would collect them otherwise.
  'x-accel-buffering': 'no',
};

// Below the time after which proxies take a connection for dead.
const pingEveryMs = 15_000;
const encoder = new TextEncoder();

/** Sends what the generator yields, as the client takes it, and a ping where there is nothing to send. */
export function sseResponse(
  events: AsyncGenerator<ServerEvent, void, void>,
  { clock, signal, stop, onEnd, onError }: SseOptions,
): Response {
  let pending: Promise<IteratorResult<ServerEvent, void>> | undefined;
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    stop.abort();
    signal.removeEventListener('abort', end);
    onEnd();
    void events.return().catch(() => {});
  };
  signal.addEventListener('abort', end);
  const finish = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    end();
    controller.close();
  };
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode(': pawl\n\n'));
    },
    async pull(controller) {
      try {
        if (signal.aborted) return finish(controller);
        pending ??= events.next();
        const next = await orPing(pending, { clock, signal });
        if (next === 'ended') return finish(controller);
        if (next === 'ping') return controller.enqueue(encode({ event: 'ping', data: {} }));
        pending = undefined;
        if (next.done) return finish(controller);
        controller.enqueue(encode(next.value));
      } catch (error) {
        // To end it aborts the signal, so that is asked before.
        if (!signal.aborted) onError(error);
        end();
        controller.enqueue(encode({ event: 'error', data: { detail: 'The stream broke off; connect again.' } }));
        controller.close();
      }
    },
    cancel: end,
  });
  return new Response(body, { headers: sseHeaders });
}

async function orPing(
  pending: Promise<IteratorResult<ServerEvent, void>>,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<IteratorResult<ServerEvent, void> | 'ping' | 'ended'> {
  let cancel = () => {};
  let abort = () => {};
  const quiet = new Promise<'ping' | 'ended'>((resolve) => {
    cancel = clock.after(pingEveryMs, () => resolve('ping'));
    abort = () => resolve('ended');
    signal.addEventListener('abort', abort);
  });
  try {
    return await Promise.race([pending, quiet]);
  } finally {
    cancel();
    signal.removeEventListener('abort', abort);
  }
}

function encode({ event, data, id }: ServerEvent): Uint8Array {
  return encoder.encode(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}
