import { Gauge, Registry } from 'prom-client';
import type { Operator } from '../operate/operator.ts';
import { getSystem } from '../operate/system.ts';
import { CommitMetrics } from './commit-metrics.ts';

// Looking at the whole queue is not free, and nobody scrapes more often.
const goodForMs = 2_000;

/** What Prometheus is told: counters of this process since it began to look, and the state of the database as of now. */
export class Metrics {
  readonly #operator: Operator;
  readonly #register = new Registry();
  readonly #commits = new CommitMetrics(this.#register);
  readonly #gauges = databaseGauges(this.#register);
  #attached: Promise<void> | undefined;
  #detach = () => {};
  #last: { readonly at: number; readonly text: Promise<string> } | undefined;

  constructor(operator: Operator) {
    this.#operator = operator;
  }

  /** From now on it counts. */
  attach(): Promise<void> {
    this.#attached ??= (async () => {
      const store = await this.#operator.store();
      this.#detach = store.onCommit((note) => this.#commits.note(note));
    })().catch((error: unknown) => {
      this.#attached = undefined;
      throw error;
    });
    return this.#attached;
  }

  detach(): void {
    this.#detach();
  }

  async response(): Promise<Response> {
    await this.attach();
    const at = this.#operator.clock.monotonic();
    if (!this.#last || at - this.#last.at > goodForMs) this.#last = { at, text: this.#read() };
    return new Response(await this.#last.text, { headers: { 'content-type': this.#register.contentType } });
  }

  async #read(): Promise<string> {
    this.#gauges(await getSystem(this.#operator));
    return this.#register.metrics();
  }
}

function databaseGauges(register: Registry): (system: Awaited<ReturnType<typeof getSystem>>) => void {
  const registers = [register];
  const depth = new Gauge({ name: 'pawl_queue_depth', help: 'Messages in the queue', labelNames: ['kind', 'state'], registers });
  const age = new Gauge({ name: 'pawl_queue_oldest_seconds', help: 'How long the oldest message is due', labelNames: ['kind'], registers });
  const stuck = new Gauge({ name: 'pawl_stuck_runs', help: 'Open runs that nothing will ever wake: must be 0', registers });
  const workers = new Gauge({ name: 'pawl_workers', help: 'Workers by whether their heartbeat is live', labelNames: ['live'], registers });
  const open = new Gauge({ name: 'pawl_open_runs', help: 'Runs that are not over', labelNames: ['status'], registers });
  const info = new Gauge({ name: 'pawl_info', help: 'Always 1', labelNames: ['version', 'store'], registers });
  return (system) => {
    const now = Date.parse(system.now);
    for (const { kind, ready, leased, delayed, oldestDueAt } of system.queue) {
      depth.set({ kind, state: 'ready' }, ready);
      depth.set({ kind, state: 'leased' }, leased);
      depth.set({ kind, state: 'delayed' }, delayed);
      age.set({ kind }, oldestDueAt === null ? 0 : Math.max(0, now - Date.parse(oldestDueAt)) / 1_000);
    }
    stuck.set(system.stuckRuns.count);
    const live = system.workers.filter((worker) => worker.live).length;
    workers.set({ live: 'true' }, live);
    workers.set({ live: 'false' }, system.workers.length - live);
    open.set({ status: 'pending' }, system.runs.pending);
    open.set({ status: 'running' }, system.runs.running);
    info.set({ version: system.version, store: system.store }, 1);
  };
}
