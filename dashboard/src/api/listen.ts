import { createEventParser, type ServerEvent } from './event-stream.ts';
import { Problem } from './problem.ts';
import { type Query, send } from './request.ts';

export type ListenState = 'connecting' | 'open' | 'lost';

export interface ListenOptions {
  readonly query?: (() => Query) | undefined;
  /** An answer `end` closes the connection for good. */
  readonly onEvent: (event: ServerEvent) => void | 'end';
  readonly onState?: (state: ListenState) => void;
  readonly signal: AbortSignal;
}

const shortestPauseMs = 1_000;
const longestPauseMs = 15_000;
// The server sends a ping well within this time; silence means that the connection is dead without knowing it.
const silenceMs = 45_000;

/**
 * Listens to a stream of server events until the signal aborts, and connects again, with growing pauses, whenever the connection is
 * lost. Resolves when it is over; what is not worth another try (no access, not there) ends it too.
 */
export async function listen(path: string, options: ListenOptions): Promise<void> {
  const { signal, onState } = options;
  let pauseMs = shortestPauseMs;
  while (!signal.aborted) {
    onState?.('connecting');
    try {
      const ended = await readOnce(path, options, () => {
        pauseMs = shortestPauseMs;
        onState?.('open');
      });
      if (ended) return;
    } catch (error) {
      if (signal.aborted) return;
      const { status } = Problem.from(error);
      if (status >= 400 && status < 500 && status !== 429) return onState?.('lost');
    }
    if (signal.aborted) return;
    onState?.('lost');
    await pause(pauseMs, signal);
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
  }
}

async function readOnce(path: string, { query, onEvent, signal }: ListenOptions, onOpen: () => void): Promise<boolean> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), silenceMs);
  let ended = false;
  try {
    const response = await send('GET', path, {
      ...(query ? { query: query() } : {}),
      headers: { accept: 'text/event-stream' },
      signal: AbortSignal.any([signal, silence.signal]),
    });
    onOpen();
    const push = createEventParser((event) => {
      if (onEvent(event) === 'end') ended = true;
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const read = await reader?.read();
      clearTimeout(timer);
      if (!read || read.done) return ended;
      push(read.value);
      if (ended) {
        await reader?.cancel();
        return true;
      }
      timer = setTimeout(() => silence.abort(), silenceMs);
    }
  } finally {
    clearTimeout(timer);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
