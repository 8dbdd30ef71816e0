export interface ChunkReader {
  /** The next chunks, as soon as `count` of them have arrived; fewer if the stream ends before. */
  readonly take: (count: number) => Promise<Uint8Array[]>;
  /** Everything up to the end of the stream. */
  readonly rest: () => Promise<Uint8Array[]>;
  readonly cancel: () => Promise<void>;
}

/** Reads a stream chunk by chunk, keeping the chunk boundaries. */
export function readChunks(stream: ReadableStream<Uint8Array>): ChunkReader {
  const reader = stream.getReader();
  const take = async (count: number) => {
    const chunks: Uint8Array[] = [];
    while (chunks.length < count) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(value);
    }
    return chunks;
  };
  return { take, rest: () => take(Number.POSITIVE_INFINITY), cancel: () => reader.cancel() };
}

export function texts(chunks: readonly Uint8Array[]): string[] {
  const decoder = new TextDecoder();
  return chunks.map((chunk) => decoder.decode(chunk));
}
