import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import type { Random } from '../../test/e2e/support/random.ts';

/** A process that exists only in the simulation: what runs in its name runs while it lives and is not stalled. */
export class SimulatedProcess {
  readonly name: string;
  alive = true;
  /** It was told to end. */
  leaves = false;
  stalledUntil = 0;
  #troubledUntil = -Infinity;
  /** When the database last refused it anything, a read too. */
  refusedAt = -Infinity;
  #lastTurnAt = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Since when it has had no trouble that could have cost it its leases; ahead where it is still in it. */
  get troubledUntil(): number {
    return this.#troubledUntil;
  }

  /** What it is in already may last longer. */
  hasTroubleUntil(at: number): void {
    this.#troubledUntil = Math.max(this.#troubledUntil, at);
  }

  /** What a process does in one turn of its event loop after the other keeps its order. */
  inOrder(at: number): number {
    this.#lastTurnAt = Math.max(at, this.#lastTurnAt + 1e-6);
    return this.#lastTurnAt;
  }
}

interface Task {
  at: number;
  readonly order: number;
  readonly process: SimulatedProcess | undefined;
  readonly run: () => void;
  /** Whoever asked is in charge again when it runs. */
  readonly context: AsyncResource;
  cancelled: boolean;
}

// One for all: Node keeps each that was ever used.
const scope = new AsyncLocalStorage<SimulatedProcess>();
const outsideOfAll = new AsyncLocalStorage<boolean>();

/** Time that passes only when nothing is left to do at this moment. What happens at the same time happens in an order of the seed's. */
export class VirtualTime {
  readonly #random: Random;
  readonly #heap: Task[] = [];
  readonly #outside = new Set<Promise<unknown>>();
  #now = 0;
  /** Tasks that were carried out. */
  turns = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get now(): number {
    return this.#now;
  }

  /** The process in whose name this code runs; undefined: none, as for the database. */
  get process(): SimulatedProcess | undefined {
    return scope.getStore();
  }

  within<T>(process: SimulatedProcess, act: () => T): T {
    return scope.run(process, act);
  }

  outside<T>(act: () => T): T {
    return scope.exit(act);
  }

  /** Calls `run` after so many milliseconds, in the name of whoever asks. The returned function cancels. */
  after(delayMs: number, run: () => void): () => void {
    return this.at(this.#now + Math.max(0, delayMs), run);
  }

  at(at: number, run: () => void): () => void {
    const task = { at, order: this.#random.next(), process: this.process, run, context: new AsyncResource('simulated'), cancelled: false };
    push(this.#heap, task);
    return () => {
      task.cancelled = true;
    };
  }

  /** The next turn of the event loop of whoever asks. */
  nextTurn(run: () => void): () => void {
    const soon = this.#now + this.#random.next() * 0.05;
    return this.at(this.process?.inOrder(soon) ?? soon, run);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** For work that takes time of the real world: while it lasts, none of this one passes. Its timers are real ones. */
  async standStill<T>(work: () => Promise<T>): Promise<T> {
    const working = outsideOfAll.run(true, work);
    this.#outside.add(working);
    try {
      return await working;
    } finally {
      this.#outside.delete(working);
    }
  }

  /** Whether this code is of the real world. */
  get standsStill(): boolean {
    return outsideOfAll.getStore() === true;
  }

  /** Lets time pass until `done`; false if it never was, by the end of `limitMs` or of everything there was to do. */
  async pass(done: () => boolean, limitMs = Infinity): Promise<boolean> {
    for (;;) {
      // Promises are settled and their followers have run when Node comes back to us.
      await turn();
      if (this.#outside.size > 0) {
        await Promise.allSettled(this.#outside);
        continue;
      }
      if (done()) return true;
      const task = pop(this.#heap);
      if (!task) return false;
      if (task.at > limitMs) {
        push(this.#heap, task);
        return false;
      }
      if (task.cancelled) continue;
      this.#now = Math.max(this.#now, task.at);
      this.#perform(task);
    }
  }

  #perform(task: Task): void {
    const { process } = task;
    if (process && !process.alive) return;
    if (process && process.stalledUntil > this.#now) {
      task.at = process.inOrder(process.stalledUntil);
      push(this.#heap, task);
      return;
    }
    this.turns += 1;
    task.context.runInAsyncScope(task.run);
  }
}

function before(a: Task, b: Task): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(heap: Task[], task: Task): void {
  let index = heap.push(task) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!before(task, heap[parent] as Task)) break;
    heap[index] = heap[parent] as Task;
    index = parent;
  }
  heap[index] = task;
}

function pop(heap: Task[]): Task | undefined {
  const [first] = heap;
  const last = heap.pop();
  if (!first || !last || heap.length === 0) return first;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1] as Task, heap[child] as Task)) child += 1;
    if (!before(heap[child] as Task, last)) break;
    heap[index] = heap[child] as Task;
    index = child;
  }
  heap[index] = last;
  return first;
}
