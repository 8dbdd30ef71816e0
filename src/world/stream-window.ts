import type { ChunkRow } from './rows.ts';

/** What this process has just written to a stream. */
export interface Growth {
  /** The index of the first of the chunks. */
  readonly from: number;
  readonly chunks: readonly Uint8Array[];
  /** Nothing comes after them. */
  readonly closed: boolean;
}

/** What the store said of a stream: the header was read before the chunks. */
export interface StreamPage {
  readonly closed: boolean;
  /** A page of them at most: there may be more where it is full. */
  readonly rows: readonly ChunkRow[];
}

/**
 * The chunks that a live reader has before it, without gaps. What this process wrote itself continues them without asking the store;
 * everything else makes them stale, and is read. No more are kept than a page: a reader that does not keep up reads the rest later.
 */
export class StreamWindow {
  readonly #pageSize: number;
  #next: number;
  #chunks: Uint8Array[] = [];
  /** How many chunks the stream has, once that is known for good. */
  #count: number | undefined;
  #stale = true;
  #reading = false;

  constructor(from: number, pageSize: number) {
    this.#next = from;
    this.#pageSize = pageSize;
  }

  /** The index of the chunk that comes next. */
  get next(): number {
    return this.#next;
  }

  /** The store may have more than is here. */
  get isStale(): boolean {
    return this.#stale;
  }

  get isOver(): boolean {
    return this.#count !== undefined && this.#next >= this.#count;
  }

  /** The next chunk, if it is here. */
  take(): Uint8Array | undefined {
    const chunk = this.#chunks.shift();
    if (chunk) this.#next += 1;
    return chunk;
  }

  /** The stream grew, by what is given or by something unknown. */
  grow(growth?: Growth): void {
    if (!growth || !this.#continues(growth)) this.#stale = true;
    else {
      this.#chunks.push(...growth.chunks);
      if (growth.closed) this.#count = this.#end;
    }
  }

  /** Says from which index the store is to be read; what grows meanwhile may be in that or not. */
  beginRead(): number {
    this.#stale = false;
    this.#reading = true;
    return this.#end;
  }

  endRead({ closed, rows }: StreamPage): void {
    this.#reading = false;
    this.#chunks.push(...rows.map(({ data }) => data));
    if (rows.length === this.#pageSize) this.#stale = true;
    else if (closed) this.#count = this.#end;
  }

  /** The index behind the chunks that are here. */
  get #end(): number {
    return this.#next + this.#chunks.length;
  }

  #continues({ from, chunks }: Growth): boolean {
    if (this.#stale || this.#reading) return false;
    return from === this.#end && this.#chunks.length + chunks.length <= this.#pageSize;
  }
}
