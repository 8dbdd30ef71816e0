const encoder = new TextEncoder();

/** Streams by name: a list of chunks, an end, and the readers that wait for more. */
export function createStreams() {
  const streams = new Map();
  const open = (name, runId) => {
    const stream = streams.get(name) ?? { chunks: [], closed: false, runId: undefined, waiting: new Set() };
    stream.runId ??= runId;
    streams.set(name, stream);
    return stream;
  };
  const wakeReaders = (stream) => {
    for (const wake of stream.waiting) wake();
    stream.waiting.clear();
  };
  const write = async (name, runId, chunks) => {
    const stream = open(name, await runId);
    if (stream.closed) return;
    for (const chunk of chunks) stream.chunks.push(typeof chunk === 'string' ? encoder.encode(chunk) : chunk.slice());
    wakeReaders(stream);
  };

  return {
    writeToStream: (name, runId, chunk) => write(name, runId, [chunk]),
    writeToStreamMulti: write,
    async closeStream(name, runId) {
      const stream = open(name, await runId);
      stream.closed = true;
      wakeReaders(stream);
    },
    async readFromStream(name, startIndex = 0) {
      const stream = open(name);
      let index = startIndex < 0 ? Math.max(0, stream.chunks.length + startIndex) : startIndex;
      let wake;
      return new ReadableStream({
        async pull(controller) {
          while (index >= stream.chunks.length && !stream.closed) {
            await new Promise((resolve) => stream.waiting.add((wake = resolve)));
          }
          if (index < stream.chunks.length) controller.enqueue(stream.chunks[index++].slice());
          else controller.close();
        },
        cancel: () => stream.waiting.delete(wake),
      });
    },
    async getStreamChunks(name, _runId, { limit = 100, cursor } = {}) {
      const { chunks, closed } = open(name);
      const start = cursor ? Number(cursor) : 0;
      const data = chunks.slice(start, start + limit).map((chunk, at) => ({ index: start + at, data: chunk.slice() }));
      const hasMore = start + data.length < chunks.length;
      return { data, cursor: hasMore ? String(start + data.length) : null, hasMore, done: closed };
    },
    async getStreamInfo(name) {
      const { chunks, closed } = open(name);
      return { tailIndex: chunks.length - 1, done: closed };
    },
    listStreamsByRunId: async (runId) => [...streams].filter(([, stream]) => stream.runId === runId).map(([name]) => name),
  };
}
