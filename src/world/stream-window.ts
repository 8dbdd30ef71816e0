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
  readonly rows: readonly ChunkRow[];
  /** There may be more than these rows. */
  readonly full: boolean;
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
      if (growth.closed) this.#count = growth.from + growth.chunks.length;
    }
  }

  /** Says from which index the store is to be read; what grows meanwhile may be in that or not. */
  beginRead(): number {
    this.#stale = false;
    this.#reading = true;
    return this.#next + this.#chunks.length;
  }

  endRead({ closed, rows, full }: StreamPage): void {
    this.#reading = false;
    this.#chunks.push(...rows.map(({ data }) => data));
    if (full) this.#stale = true;
    else if (closed) this.#count = this.#next + this.#chunks.length;
  }

  #continues({ from, chunks }: Growth): boolean {
    if (this.#stale || this.#reading) return false;
    return from === this.#next + this.#chunks.length && this.#chunks.length + chunks.length <= this.#pageSize;
  }
}
