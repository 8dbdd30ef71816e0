import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../api/api.ts';
import { listen, type ListenState } from '../api/listen.ts';
import type { Many } from '../api/load-pages.ts';
import type { RunDetail, Stream, StreamLiveEvents } from '../api/types.ts';
import { formatBytes, formatCount, plural } from '../model/format.ts';
import { Empty, ProblemState, Skeleton, Unshown } from '../ui/states.tsx';
import { useReload, useResource } from '../ui/use-resource.ts';

/** What is kept of a stream that goes on and on: its end. */
const keptChunks = 2_000;
const flushMs = 100;

/** The streams of a run, the chosen one live. */
export function Streams({ run, version }: { readonly run: RunDetail; readonly version: number }) {
  const streams = useResource(`streams:${run.runId}`, async (signal) => await api.streams(run.runId, signal));
  useReload(version, streams.reload);
  const [chosen, setChosen] = useState<string>();
  const stream = streams.data && streamToShow(streams.data, chosen);
  // What is read stays what is shown, also when the run begins other streams.
  useEffect(() => setChosen(stream?.name), [stream?.name]);
  if (!streams.data)
    return streams.problem ? (
      <ProblemState problem={streams.problem} retry={streams.reload} />
    ) : (
      <Skeleton rows={3} label="Loading the streams" />
    );
  if (!stream) {
    return (
      <section class="panel">
        <Empty title="No streams">
          <p>What a step writes with getWritable() is shown here while it is written.</p>
        </Empty>
      </section>
    );
  }
  return (
    <section class="panel" aria-label="Streams">
      <div class="panel-head">
        {streams.data.data.length > 1 ? (
          <select
            class="input"
            style={{ width: 'auto' }}
            aria-label="Stream"
            value={stream.name}
            onChange={(event) => setChosen(event.currentTarget.value)}
          >
            {streams.data.data.map(({ name, chunks }) => (
              <option key={name} value={name}>
                {name} ({formatCount(chunks)})
              </option>
            ))}
          </select>
        ) : (
          <h2 class="cut">
            <code>{stream.name}</code>
          </h2>
        )}
      </div>
      <StreamText key={stream.name} runId={run.runId} name={stream.name} />
      <Unshown many={streams.data} end="newest" of={run.counts.streams} />
    </section>
  );
}

/** The one that was chosen, or the one that was begun first; where that is too long ago, the newest. */
function streamToShow({ data, hasMore }: Many<Stream>, chosen: string | undefined): Stream | undefined {
  return data.find(({ name }) => name === chosen) ?? (hasMore ? data[0] : data.at(-1));
}

function StreamText({ runId, name }: { readonly runId: string; readonly name: string }) {
  const { chunks, dropped, ended, live } = useStream(runId, name);
  const box = useRef<HTMLPreElement>(null);
  const atEnd = useRef(true);
  useEffect(() => {
    if (box.current && atEnd.current) box.current.scrollTop = box.current.scrollHeight;
  }, [chunks]);
  return (
    <>
      <pre
        ref={box}
        class="stream-text"
        tabIndex={0}
        aria-label={`Text of ${name}`}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) =>
          (atEnd.current = scrollTop + clientHeight > scrollHeight - 24)
        }
      >
        {chunks.length === 0 ? <span class="faint">Nothing written yet</span> : chunks.join('')}
      </pre>
      <div class="legend" role="status">
        <span class={`live ${ended ? '' : live}`}>{ended ? 'The stream has ended' : live === 'open' ? 'Live' : 'Connecting'}</span>
        <span>
          {plural(chunks.length + dropped, 'chunk')}
          {dropped > 0 && `, the last ${formatCount(chunks.length)} shown`}
        </span>
      </div>
    </>
  );
}

type Chunk = StreamLiveEvents['chunk'];

function textOf(chunk: Chunk): string {
  if ('text' in chunk) return chunk.text;
  return 'hidden' in chunk ? `[${chunk.hidden}]\n` : `[${formatBytes(Math.floor((chunk.base64.length * 3) / 4))} of binary data]\n`;
}

function useStream(runId: string, name: string) {
  const [state, setState] = useState<{ chunks: readonly string[]; dropped: number; ended: boolean }>({
    chunks: [],
    dropped: 0,
    ended: false,
  });
  const [live, setLive] = useState<ListenState>('connecting');
  useEffect(() => {
    const abort = new AbortController();
    let arrived: string[] = [];
    let next = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = (ended: boolean) => {
      clearTimeout(timer);
      timer = undefined;
      const chunks = arrived;
      arrived = [];
      setState((before) => {
        const all = [...before.chunks, ...chunks];
        const kept = all.slice(-keptChunks);
        return { chunks: kept, dropped: before.dropped + all.length - kept.length, ended };
      });
    };
    void listen(`/runs/${encodeURIComponent(runId)}/streams/${encodeURIComponent(name)}`, {
      // After a lost connection the stream goes on where it was.
      query: () => ({ from: next }),
      signal: abort.signal,
      onState: setLive,
      onEvent: ({ event, data }) => {
        if (event === 'end') {
          flush(true);
          return 'end';
        }
        if (event !== 'chunk') return undefined;
        const chunk = JSON.parse(data) as Chunk;
        next = chunk.index + 1;
        arrived.push(textOf(chunk));
        timer ??= setTimeout(() => flush(false), flushMs);
        return undefined;
      },
    });
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [runId, name]);
  return { ...state, live };
}
