import { decodeFields } from '../../../src/base/codec.ts';
import type { HandlerParams, StepAttempt, StepHistoryEntry } from '../../../src/flow/types.ts';
import type { ExecutionWrite } from '../../../src/world/flow-port.ts';
import { isTerminal } from '../../../src/world/rows.ts';
import type { AnyAct, AnyOutcome } from '../../../src/world/any-act.ts';
import { ClockJumps } from '../clock-jumps.ts';
import type { Before } from '../databases.ts';
import type { Leases } from '../leases.ts';
import type { SimulatedProcess, VirtualTime } from '../virtual-time.ts';
import { isAgain, undoStepId } from './program.ts';

/** What the handlers of a simulation tell of one call. */
export interface FlowBody {
  readonly nonce: number;
  /** It is about to ask for a timer or a retry after so long. */
  asks(ms: number): void;
  /** What it found of an earlier checkpoint. */
  loaded(value: number | undefined): void;
  /** Its own was acknowledged. */
  saved(): void;
  ended(): void;
}

interface Call {
  readonly nonce: number;
  readonly process: SimulatedProcess;
  /** Under whose name. */
  readonly owner: string | undefined;
  /** Of which attempt of which step. */
  readonly key: string;
  readonly beganAt: number;
  readonly signal: AbortSignal;
  /** The lease was not its process's any more, which cannot know it. */
  readonly stale: boolean;
  over: boolean;
}

type State = Pick<StepAttempt, 'stepId' | 'visit' | 'attempt' | 'deliveries' | 'status'>;

/** The small fields of an execution as its last commit left them. */
interface Fields {
  readonly status: string;
  readonly attempt?: State;
  readonly waitMetadata?: { readonly wakeAt?: number };
  readonly join?: object;
  readonly retryAt?: number;
  readonly parentExecutionId?: string;
  readonly startStepId?: string;
}

interface Seen {
  readonly createdAt: number;
  revision: number;
  fields: Fields;
  /** By the visit and attempt of a step: whether its wait, or its end, is in the history. */
  readonly recorded: Map<string, 'wait' | 'end'>;
  readonly bodies: Call[];
  /** The last checkpoint that was acknowledged, by the visit of a step. */
  readonly checkpoints: Map<string, number>;
  /** Not before this does the timer or the retry go off that an attempt of a step asked for. */
  readonly due: Map<string, { readonly at: number; readonly askedAt: number }>;
}

interface Life {
  readonly createdAt: number;
  readonly endedAt: number;
  /** Whether it ended before it began. */
  readonly wasPending: boolean;
}

/** Sees every commit of an execution and every call of a handler, and says what the rules of flows do not allow (flow.md §4). */
export class FlowWitness {
  readonly counts = { flowCommits: 0, handlerCalls: 0, resumesUsed: 0 };
  readonly #time: VirtualTime;
  readonly #leases: Leases;
  readonly #violation: (what: string) => void;
  readonly #seen = new Map<string, Seen>();
  readonly #ended = new Map<string, string>();
  readonly #lives = new Map<string, Life>();
  readonly #usedTokens = new Set<string>();
  #nonce = 0;
  readonly #jumps = new ClockJumps();

  constructor(options: { readonly time: VirtualTime; readonly leases: Leases; readonly violation: (what: string) => void }) {
    this.#time = options.time;
    this.#leases = options.leases;
    this.#violation = options.violation;
  }

  get executions(): Iterable<string> {
    return this.#seen.keys();
  }

  isOver(id: string): boolean {
    return this.#ended.has(id);
  }

  /** How long one lived that was asked for then: infinitely if a clock was set meanwhile, for its end may have been reckoned before. */
  lifetimeOf(id: string, askedAt: number): number {
    const life = this.#lives.get(id);
    return life && !this.#jumps.hasAny(askedAt, life.endedAt) ? life.endedAt - life.createdAt : Infinity;
  }

  endedBeforeItBegan(id: string): boolean {
    return this.#lives.get(id)?.wasPending ?? false;
  }

  /** The executions that undo this one. */
  undoing(id: string): string[] {
    const isUndo = ({ fields }: Seen) => fields.parentExecutionId === id && fields.startStepId === undoStepId;
    return [...this.#seen].flatMap(([child, seen]) => (isUndo(seen) ? [child] : []));
  }

  clockJumped(byMs: number): void {
    this.#jumps.note(this.#time.now, byMs);
  }

  /** Who called the handler that gave this number, if any call did. */
  hasNonce(id: string, nonce: number): boolean {
    return this.#seen.get(id)?.bodies.some((body) => body.nonce === nonce) ?? false;
  }

  committed(process: SimulatedProcess, act: AnyAct, outcome: AnyOutcome, before?: Before): void {
    if (act.kind !== 'flowCommit' || outcome.kind !== 'committed') return;
    this.counts.flowCommits += 1;
    for (const write of act.writes) this.#written(process, write, before?.sentAt ?? this.#time.now);
  }

  bodyBegins(process: SimulatedProcess, { execution, signal, resumed }: HandlerParams): FlowBody {
    const { id } = execution;
    const attempt = execution.attempt as StepAttempt;
    const seen = this.#seen.get(id);
    if (!seen) throw new Error(`A handler of ${id} is called, of which there was no commit.`);
    const what = `${id} ${keyOf(attempt)}`;
    const tell = (problem: string) => this.#violation(`${what}: its handler is called in ${process.name} ${problem}`);
    const stale = !this.#leases.isHeldBy(process, id);
    if (stale && !this.#ended.has(id) && !this.#leases.mayBelieveToHold(process, id)) tell('without a lease');
    if (!stale) {
      const joins = resumed?.by === 'children' && seen.fields.status === 'waiting' && seen.fields.attempt?.stepId === attempt.stepId;
      if (!joins && !isSame(seen.fields.attempt, attempt)) tell('before that is durable');
      if (seen.recorded.get(keyOf(attempt)) === 'end') tell('again after its end was recorded');
      for (const other of seen.bodies) {
        if (other.over) continue;
        const isWell = !this.#isLost(other) && !other.process.leaves && other.process.refusedAt < other.beganAt;
        // An attempt that took too long is followed by another one, and what was cancelled by none.
        if (isWell && other.signal.aborted && other.key === keyOf(attempt))
          tell(`beside ${other.process.name}, which was interrupted in good health`);
        if (!this.#isExcused(other)) tell(`beside ${other.process.name}, which is well and has not ended it`);
      }
    }
    const owner = this.#leases.holderOf(id)?.owner;
    const call: Call = {
      nonce: (this.#nonce += 1),
      process,
      owner,
      key: keyOf(attempt),
      beganAt: this.#time.now,
      signal,
      stale,
      over: false,
    };
    seen.bodies.push(call);
    this.counts.handlerCalls += 1;
    const place = `${attempt.stepId}#${attempt.visit}`;
    return {
      nonce: call.nonce,
      asks: (ms) => {
        const askedAt = this.#time.now;
        // Of several calls of one attempt the first may be the one whose wait counts.
        if (!seen.due.has(keyOf(attempt))) seen.due.set(keyOf(attempt), { at: askedAt + ms, askedAt });
      },
      loaded: (value) => {
        const kept = seen.checkpoints.get(place);
        if (kept !== undefined && (value ?? 0) < kept && !stale) tell(`and finds the checkpoint ${value}, not ${kept}`);
      },
      saved: () => {
        if (!this.#isExcused(call)) seen.checkpoints.set(place, call.nonce);
      },
      ended: () => {
        call.over = true;
      },
    };
  }

  /** `at`: when it was decided, as far as anybody can tell. */
  #written(process: SimulatedProcess, write: ExecutionWrite, at: number): void {
    const { runId, epoch, history } = write;
    const before = this.#seen.get(runId);
    const fields = JSON.parse(write.state.fields) as Fields;
    const tell = (problem: string) => this.#violation(`${runId} at revision ${write.state.revision} by ${process.name}: ${problem}`);
    if (write.state.revision !== (before?.revision ?? 0) + 1) tell(`it was at revision ${before?.revision ?? 0}`);
    if (this.#ended.has(runId)) tell(`it is ${this.#ended.get(runId)}`);
    const lease = this.#leases.holderOf(runId);
    if (epoch !== null && (lease?.epoch !== epoch || !this.#leases.isHeldBy(process, runId))) tell('under a lease that it lost');
    // Who tries again takes over what was done before.
    const takesOver = !before && isAgain(runId);
    if (epoch === null && history.length > 0 && !takesOver) tell('a step ends without a lease');
    const seen: Seen = before ?? { ...nothing(), createdAt: at, fields };
    this.#checkHistory(seen, history, tell);
    this.#checkResume(seen, write, fields, tell);
    this.#checkDue(seen, write.events, fields, tell);
    if (write.consumesToken !== null) {
      this.counts.resumesUsed += 1;
      if (this.#usedTokens.has(write.consumesToken)) tell('by a token that was used before');
      this.#usedTokens.add(write.consumesToken);
    }
    const wasPending = before?.fields.status === 'pending';
    Object.assign(seen, { revision: write.state.revision, fields });
    this.#seen.set(runId, seen);
    if (!isTerminal(write.status)) return;
    this.#ended.set(runId, write.status);
    this.#lives.set(runId, { createdAt: seen.createdAt, endedAt: this.#time.now, wasPending });
    this.#leases.free(runId);
  }

  /** What was recorded is recorded once, and nothing of the attempt follows it. */
  #checkHistory({ recorded }: Seen, history: readonly string[], tell: (problem: string) => void): void {
    for (const text of history) {
      const entry = JSON.parse(text) as StepHistoryEntry;
      const key = keyOf({ ...entry, visit: entry.visit ?? 0 });
      const known = recorded.get(key);
      const end = entry.status === 'wait' ? 'wait' : 'end';
      if (known === 'end' || known === end) tell(`${key} was recorded before`);
      recorded.set(key, end);
    }
  }

  /** A wait that names no instant ends by nothing but a resume (rule 3). */
  #checkResume({ fields: before }: Seen, { events }: ExecutionWrite, fields: Fields, tell: (problem: string) => void): void {
    if (before.status !== 'waiting' || fields.status !== 'running' || before.join) return;
    const isResumed = events.some(({ type }) => type === 'hook_received');
    if (!isResumed && before.waitMetadata?.wakeAt === undefined) tell('its wait is over, and nobody resumed it');
  }

  /** No timer and no retry is early by the time that passes, whatever a clock says; one that was set forward meanwhile is believed. */
  #checkDue(
    { due, fields: { attempt: before } }: Seen,
    events: ExecutionWrite['events'],
    fields: Fields,
    tell: (problem: string) => void,
  ): void {
    if (!before) return;
    const rang = events.some(({ type, meta }) => type === 'wait_completed' && meta !== null && decodeFields(meta)['resumedBy'] === 'timer');
    const next = fields.attempt;
    const retries = next?.stepId === before.stepId && next.visit === before.visit && next.attempt > before.attempt;
    if (!rang && !retries) return;
    const { at, askedAt } = due.get(keyOf(before)) ?? { at: Infinity, askedAt: Infinity };
    const early = at - this.#time.now;
    if (early > 1_000 + this.#jumps.forwardSince(askedAt))
      tell(`${rang ? 'a timer' : 'a retry'} of ${keyOf(before)} is ${Math.round(early)} ms early`);
  }

  /** It is dead, was told to stop, or what it had leased since then was given to others: what it still does is in vain, and no fault. */
  #isExcused(call: Call): boolean {
    return call.signal.aborted || this.#isLost(call);
  }

  #isLost({ process, owner, beganAt, stale }: Call): boolean {
    return stale || !process.alive || Math.max(this.#leases.lostAt(process), this.#leases.forgottenAt(owner)) >= beganAt;
  }
}

function nothing(): Omit<Seen, 'createdAt' | 'fields'> {
  return { revision: 0, recorded: new Map(), bodies: [], checkpoints: new Map(), due: new Map() };
}

function keyOf({ stepId, visit, attempt }: Pick<State, 'stepId' | 'visit' | 'attempt'>): string {
  return `${stepId}#${visit}.${attempt}`;
}

function isSame(durable: State | undefined, attempt: StepAttempt): boolean {
  if (!durable || durable.status !== 'started') return false;
  return keyOf(durable) === keyOf(attempt) && durable.deliveries === attempt.deliveries;
}
