interface Entry {
  readonly id: string;
  readonly dueAt: number;
}

/** Ids by the instant they are due: a heap whose outdated entries are passed over when they come up. */
export class DueQueue {
  readonly #heap: Entry[] = [];
  readonly #dueAt = new Map<string, number>();

  /** null: never. */
  set(id: string, dueAt: number | null): void {
    if (dueAt === null) {
      this.#dueAt.delete(id);
      return;
    }
    if (this.#dueAt.get(id) === dueAt) return;
    this.#dueAt.set(id, dueAt);
    this.#heap.push({ id, dueAt });
    this.#up(this.#heap.length - 1);
  }

  /** What is due by `now`, the longest due first, without taking it; and when the next one will be. */
  due(now: number, limit: number, skip: (id: string) => boolean): { ids: string[]; nextDueAt?: number } {
    const passed: Entry[] = [];
    // An id may stand in the heap twice with one instant: it was due then, moved, and moved back.
    const seen = new Set<string>();
    const ids: string[] = [];
    let nextDueAt: number | undefined;
    for (let top = this.#top(); top !== undefined; top = this.#top()) {
      if (top.dueAt > now || ids.length >= limit) {
        nextDueAt = top.dueAt;
        break;
      }
      this.#pop();
      if (seen.has(top.id)) continue;
      seen.add(top.id);
      passed.push(top);
      if (!skip(top.id)) ids.push(top.id);
    }
    for (const entry of passed) {
      this.#heap.push(entry);
      this.#up(this.#heap.length - 1);
    }
    return { ids, ...(nextDueAt === undefined ? {} : { nextDueAt }) };
  }

  #top(): Entry | undefined {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (this.#dueAt.get(top.id) === top.dueAt) return top;
      this.#pop();
    }
    return undefined;
  }

  #pop(): Entry {
    const heap = this.#heap;
    const top = heap[0] as Entry;
    const last = heap.pop() as Entry;
    if (heap.length > 0) {
      heap[0] = last;
      this.#down(0);
    }
    return top;
  }

  #up(start: number): void {
    const heap = this.#heap;
    for (let index = start; index > 0;) {
      const parent = (index - 1) >> 1;
      if (before(heap[parent] as Entry, heap[index] as Entry)) return;
      swap(heap, index, parent);
      index = parent;
    }
  }

  #down(start: number): void {
    const heap = this.#heap;
    for (let index = start; ;) {
      const left = 2 * index + 1;
      if (left >= heap.length) return;
      const right = left + 1;
      const child = right < heap.length && before(heap[right] as Entry, heap[left] as Entry) ? right : left;
      if (before(heap[index] as Entry, heap[child] as Entry)) return;
      swap(heap, index, child);
      index = child;
    }
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.dueAt <= b.dueAt;
}

function swap(heap: Entry[], a: number, b: number): void {
  const entry = heap[a] as Entry;
  heap[a] = heap[b] as Entry;
  heap[b] = entry;
}
