import type { AnyAct, AnyOutcome } from '../../src/world/any-act.ts';
import type { Before } from './databases.ts';
import type { SimulatedProcess, VirtualTime } from './virtual-time.ts';

export interface Lease {
  readonly owner: string;
  readonly epoch: number;
}

interface Leased {
  readonly leaseOwner: string | null;
  readonly leaseEpoch: number;
}

export interface LeasesOptions {
  readonly time: VirtualTime;
  readonly leaseMs: number;
  readonly violation: (what: string) => void;
}

/** Who has which run and which step, as the commits say, and who may still believe to have what was given to others. */
export class Leases {
  readonly #options: LeasesOptions;
  readonly #processes = new Map<string, SimulatedProcess>();
  readonly #beats = new Map<string, number>();
  /** The names that are known to the others. */
  readonly #known = new Set<string>();
  /** When the others last forgot a name. */
  readonly #forgottenAt = new Map<string, number>();
  /** What transactions that stand still have locked: whoever gives up its holder passes over it. */
  readonly #locked = new Set<ReadonlySet<string>>();
  /** When a process last lost everything it had leased. */
  readonly #lostAt = new Map<SimulatedProcess, number>();
  readonly #holders = new Map<string, Lease>();
  /** When each lease was taken. */
  readonly #leasedAt = new Map<string, number>();
  /** When each process last took something. */
  readonly #takenAt = new Map<SimulatedProcess, Map<string, number>>();
  /** Workers that were given up. */
  reaped = 0;

  constructor(options: LeasesOptions) {
    this.#options = options;
  }

  holderOf(what: string): Lease | undefined {
    return this.#holders.get(what);
  }

  isHeldBy(process: SimulatedProcess, what: string): boolean {
    const holder = this.#holders.get(what);
    return holder !== undefined && this.#processes.get(holder.owner) === process;
  }

  lostAt(process: SimulatedProcess): number {
    return this.#lostAt.get(process) ?? -Infinity;
  }

  /** When this name was last given up; what it had been given until then is nobody's, or others', from then on. */
  forgottenAt(owner: string | undefined): number {
    return this.#forgottenAt.get(owner ?? '') ?? -Infinity;
  }

  /** Whether a process that had this may not know yet that it was given to others. */
  mayBelieveToHold(process: SimulatedProcess, what: string): boolean {
    return this.lostAt(process) >= (this.#takenAt.get(process)?.get(what) ?? Infinity);
  }

  /** Whether a process may not know yet that it has lost this lease. */
  mayBelieveIn(process: SimulatedProcess, what: string, lease: Lease): boolean {
    const leasedAt = this.#leasedAt.get(keyOf(what, lease)) ?? Infinity;
    return this.lostAt(process) >= leasedAt || this.forgottenAt(lease.owner) >= leasedAt;
  }

  /** A transaction has done this and stands still; the returned function says that it goes on. */
  stands(acts: readonly AnyAct[]): () => void {
    const runs = new Set(acts.flatMap(runsOf));
    this.#locked.add(runs);
    return () => this.#locked.delete(runs);
  }

  /** What is leased to a name that nobody knows is watched by nobody, or given to others at once. */
  take(process: SimulatedProcess, what: string, { leaseOwner, leaseEpoch }: Leased, performedAt = Infinity): void {
    const owner = String(leaseOwner);
    const lease = { owner, epoch: leaseEpoch };
    this.#holders.set(what, lease);
    this.#leasedAt.set(keyOf(what, lease), this.#options.time.now);
    const taken = this.#takenAt.get(process) ?? new Map<string, number>();
    this.#takenAt.set(process, taken.set(what, this.#options.time.now));
    const wasKnown = this.#known.has(owner) || this.forgottenAt(owner) >= performedAt;
    if (!wasKnown) this.#options.violation(`${process.name} took ${what} under a name that it was given up by`);
  }

  free(what: string): void {
    this.#holders.delete(what);
  }

  committed(process: SimulatedProcess, act: AnyAct, outcome: AnyOutcome, { sentAt, performedAt }: Partial<Before> = {}): void {
    if (act.kind === 'heartbeat' && outcome.kind === 'alive' && outcome.known) {
      if (act.register) this.#processes.set(act.workerId, process);
      // It is counted from the instant that is sent with it.
      this.#beats.set(act.workerId, sentAt ?? this.#options.time.now);
      this.#known.add(act.workerId);
    }
    if (act.kind === 'leave') {
      this.#forget(act.workerId);
      this.#lostAt.set(process, this.#options.time.now);
      this.#freeAllOf(act.workerId);
    }
    if (act.kind === 'settle' && outcome.kind === 'settled' && 'held' in outcome && outcome.held)
      this.free(act.of === 'step' ? `${act.runId} ${act.id}` : act.id);
    if ('taken' in outcome && outcome.taken) this.take(process, outcome.taken.runId, outcome.taken, performedAt);
    if (outcome.kind === 'reaped') for (const worker of outcome.workers) this.#reaped(worker);
    if (act.kind === 'claim' && outcome.kind === 'claimed' && 'claims' in outcome) {
      for (const run of outcome.claims.runs) this.take(process, run.runId, run, performedAt);
      for (const { step } of outcome.claims.steps) this.take(process, `${step.runId} ${step.stepId}`, step, performedAt);
    }
    if (act.kind === 'claimExecution' && 'epoch' in outcome && outcome.epoch !== undefined)
      this.take(process, act.runId, { leaseOwner: act.owner, leaseEpoch: outcome.epoch }, performedAt);
    if (act.kind === 'releaseExecution' && this.#holders.get(act.runId)?.epoch === act.lease.epoch) this.free(act.runId);
  }

  #forget(worker: string): void {
    this.#known.delete(worker);
    this.#forgottenAt.set(worker, this.#options.time.now);
  }

  #freeAllOf(worker: string): void {
    for (const [what, { owner }] of this.#holders) if (owner === worker && !this.#isLocked(what)) this.#holders.delete(what);
  }

  #isLocked(what: string): boolean {
    const [runId = ''] = what.split(' ');
    return [...this.#locked].some((runs) => runs.has(runId));
  }

  #reaped(worker: string): void {
    const { time, leaseMs, violation } = this.#options;
    const held = [...this.#holders].flatMap(([what, { owner }]) => (owner === worker ? [what] : []));
    const again = this.#forgottenAt.has(worker) && !this.#known.has(worker);
    this.#forget(worker);
    this.#freeAllOf(worker);
    const process = this.#processes.get(worker);
    if (!process) return;
    const known = worker.startsWith('wkr_') || held.some((what) => (this.#takenAt.get(process)?.get(what) ?? 0) > process.refusedAt);
    if (!known && held.length === 0) return;
    this.#lostAt.set(process, time.now);
    // What it had under that name was locked when it was given up.
    if (again) return;
    this.reaped += 1;
    const silentMs = time.now - (this.#beats.get(worker) ?? -Infinity);
    // Both clocks are whole milliseconds.
    if (silentMs < leaseMs - 2) violation(`${process.name} was given up ${Math.round(silentMs)} ms after its heartbeat`);
    const well = process.alive && time.now - process.troubledUntil > 2 * leaseMs;
    // An engine that drives executions by itself keeps its name as long as it has one, and can tell that it has.
    if (well && known) violation(`${process.name} was given up though nothing had happened to it`);
  }
}

function runsOf(act: AnyAct): string[] {
  if (act.kind === 'write') return [act.transition.runId];
  if (act.kind === 'flowCommit') return act.writes.map(({ runId }) => runId);
  return 'runId' in act && act.runId !== null ? [act.runId] : [];
}

function keyOf(what: string, { owner, epoch }: Lease): string {
  return `${what} ${owner} ${epoch}`;
}
