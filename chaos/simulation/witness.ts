import type { Event, EventResult, World } from '@workflow/world';
import { canonicalJson } from '../../src/flow/canonical-json.ts';
import { brokenLogRules } from '../../src/testing/log-rules.ts';
import { projectLog } from '../../src/testing/project-log.ts';
import { readEntities } from '../../src/testing/read-entities.ts';
import { dataOf, readLog } from '../../src/testing/read-log.ts';
import type { AnyAct, AnyOutcome } from '../../src/world/any-act.ts';
import type { Outcome, WriteAct } from '../../src/world/port.ts';
import { ClockJumps } from './clock-jumps.ts';
import type { Before } from './databases.ts';
import { type Lease, Leases } from './leases.ts';
import type { Part, Program } from './program.ts';
import type { SimulatedProcess, VirtualTime } from './virtual-time.ts';

type BodyEnd = 'running' | 'recorded' | 'superseded' | 'failed' | 'refused';

interface Body {
  readonly nonce: number;
  readonly process: SimulatedProcess;
  /** Under whose name. */
  readonly owner: string;
  readonly beganAt: number;
  /** The lease was not its process's any more, which cannot know it. */
  readonly stale: boolean;
  end: BodyEnd;
}

interface BegunStep {
  readonly runId: string;
  readonly stepId: string;
  readonly attempt: number;
}

/** Sees everything that happens, from where no process can look, and says what should not have happened. */
export class Witness {
  readonly violations: string[] = [];
  readonly counts = { bodies: 0, repeated: 0, commits: 0 };
  readonly leases: Leases;
  readonly #time: VirtualTime;
  readonly #bodies = new Map<string, Body[]>();
  readonly #endedSteps = new Set<string>();
  readonly #endedRuns = new Map<string, string>();
  readonly #deliveries = new Map<string, Set<Pick<Body, 'process' | 'owner' | 'beganAt' | 'stale'>>>();
  /** The places of events that came from outside a replay. */
  readonly #externals = new Map<string, number[]>();
  readonly #seenByEnd = new Map<string, number>();
  readonly #acknowledged = new Map<string, Set<string>>();
  readonly #longestLogs = new Map<string, readonly string[]>();
  /** When each sleep was asked for, by the instant it was to end at. */
  readonly #sleeps = new Map<string, { readonly askedAt: number; readonly ms: number }>();
  readonly #jumps = new ClockJumps();
  #nonce = 0;
  /** From when on nothing has gone wrong, and what had is over. */
  calmSince: () => number = () => Infinity;
  /** Told of each commit, for whoever has to find out why a seed fails. */
  trace: ((line: string) => void) | undefined;
  /** Changes with everything that happens, and with its order. */
  fingerprint = 0;

  constructor(time: VirtualTime, leaseMs: number) {
    this.#time = time;
    this.leases = new Leases({ time, leaseMs, violation: (what) => this.violation(what) });
  }

  isOver(runId: string): boolean {
    return this.#endedRuns.has(runId);
  }

  gaveUp(what: string): void {
    this.violation(`${what} was given up after 48 deliveries`);
  }

  acknowledged(runId: string, { event }: EventResult): void {
    if (event) ensure(this.#acknowledged, runId, () => new Set()).add(event.eventId);
  }

  /** Whatever was read of a log is a prefix of what is read later, by whomever. */
  sawLog(runId: string, log: readonly Event[]): void {
    const ids = log.map(({ eventId }) => eventId);
    const before = this.#longestLogs.get(runId) ?? [];
    const common = Math.min(ids.length, before.length);
    for (let index = 0; index < common; index += 1) {
      if (ids[index] !== before[index]) return this.violation(`the log of ${runId} changed at place ${index}`);
    }
    if (ids.length > before.length) this.#longestLogs.set(runId, ids);
  }

  /** What a replay would call a corrupted log: something that the program does not have, or not yet. */
  checkLog(program: Program, log: readonly Event[]): void {
    const parts = new Map<string, { readonly part: Part; readonly stage: number }>();
    program.stages.forEach((stage, index) => stage.forEach((part) => parts.set(part.id, { part, stage: index })));
    const created = log.filter(({ eventType }) => /_created$|hook_conflict/.test(eventType) && eventType !== 'run_created');
    const ended = new Set(log.filter(({ eventType }) => ended_.has(eventType)).map(({ correlationId }) => correlationId));
    const reached = program.stages.findIndex((stage) => stage.some(({ id }) => !ended.has(id)));
    for (const { correlationId = '', eventType } of created) {
      const place = parts.get(correlationId);
      if (!place) this.violation(`${program.runId} has a ${eventType} of ${correlationId}, which its program does not`);
      else if (reached >= 0 && place.stage > reached) this.violation(`${program.runId} began ${correlationId} before its time`);
    }
  }

  /** The returned function says that it is over. */
  runDelivery(process: SimulatedProcess, runId: string, lease: Lease): () => void {
    const underway = ensure(this.#deliveries, runId, () => new Set());
    const stale = this.#isStale(process, lease, { runId, what: runId });
    for (const other of underway) {
      if (stale || this.#excused(other)) continue;
      this.violation(`${process.name} and ${other.process.name} deliver ${runId} at the same time`);
    }
    const delivery = { process, owner: lease.owner, beganAt: this.#time.now, stale };
    underway.add(delivery);
    this.#note(process, 1);
    return () => underway.delete(delivery);
  }

  bodyBegins(process: SimulatedProcess, lease: Lease, { runId, stepId, attempt }: BegunStep) {
    const key = `${runId} ${stepId}`;
    const bodies = ensure(this.#bodies, key, () => []);
    const now = this.#time.now;
    const stale = this.#isStale(process, lease, { runId, what: key });
    if (this.#endedSteps.has(key) && !stale) this.violation(`${key} begins again in ${process.name} after its end was recorded`);
    for (const body of bodies) {
      const refused = body.end === 'refused' && body.process.refusedAt >= body.beganAt;
      const explained = stale || body.end === 'failed' || refused || this.#excused(body);
      if (!explained)
        this.violation(
          `${key} (attempt ${attempt}) begins in ${process.name} though ${body.process.name}, which is well, has it: ${body.end}`,
        );
    }
    const body: Body = { nonce: (this.#nonce += 1), process, owner: lease.owner, beganAt: now, stale, end: 'running' };
    bodies.push(body);
    this.counts.bodies += 1;
    if (bodies.length > 1) this.counts.repeated += 1;
    this.#note(process, 2);
    const ended = (end: BodyEnd) => {
      body.end = end;
    };
    return { nonce: body.nonce, ended, failed: () => ended('refused') };
  }

  committed(process: SimulatedProcess, act: AnyAct, outcome: AnyOutcome, before?: Before): void {
    this.counts.commits += 1;
    this.#note(process, kinds.indexOf(act.kind) + 3);
    this.trace?.(`${(this.#time.now / 1_000).toFixed(6)} ${process.name} ${describe(act)} ${JSON.stringify(outcome)}`);
    this.leases.committed(process, act, outcome, before);
    if (act.kind === 'write' && outcome.kind === 'written') this.#written(process, act, outcome, before?.performedAt);
  }

  clockJumped(byMs: number): void {
    this.#jumps.note(this.#time.now, byMs);
  }

  /** A replay is about to say that it sleeps for so long, which by its host's clock is until then. */
  sleeps(runId: string, waitId: string, ms: number, until: number): void {
    this.#sleeps.set(`${runId} ${waitId} ${until}`, { askedAt: this.#time.now, ms });
  }

  /** A replay that has seen so much of the log is about to complete the run. */
  completes(process: SimulatedProcess, runId: string, seen: number): void {
    this.#seenByEnd.set(`${process.name} ${runId}`, seen);
  }

  #written(
    process: SimulatedProcess,
    { transition }: WriteAct,
    { at, firstSeq }: Extract<Outcome, { kind: 'written' }>,
    performedAt: number | undefined,
  ): void {
    const { runId, guard } = transition;
    if (!guard.absent && guard.lease && this.leases.holderOf(runId)?.owner !== guard.lease.owner) {
      this.violation(`${process.name} wrote ${transition.events[0]?.type} of ${runId} after it had lost its lease`);
    }
    this.#checkHolder(process, transition, performedAt);
    for (const [index, { type, correlationId, meta }] of transition.events.entries()) {
      if (type === 'step_completed' || type === 'hook_received') ensure(this.#externals, runId, () => []).push(firstSeq + index);
      if (type === 'step_completed' || type === 'step_failed') this.#endedSteps.add(`${transition.runId} ${correlationId}`);
      if (type === 'step_retrying') {
        // Before its process hears of it: it may stall on the way back.
        for (const body of this.#bodies.get(`${transition.runId} ${correlationId}`) ?? []) {
          if (body.process === process && body.end === 'running') body.end = 'failed';
        }
      }
      if (type === 'wait_completed' && meta !== null) {
        const row = transition.waits.find(({ waitId }) => waitId === correlationId);
        // What was due by the clock that was set back is due: its commit has an instant of the new one.
        const askedAt = row && this.#sleeps.get(`${runId} ${correlationId} ${row.resumeAt}`)?.askedAt;
        const clockWasSet = askedAt !== undefined && this.#jumps.hasAny(askedAt);
        if (row && at < row.dueAt && !clockWasSet)
          this.violation(`${correlationId} of ${runId} was over ${row.dueAt - at} ms before it was due`);
        if (row) this.#checkSleep(`${runId} ${correlationId} ${row.resumeAt}`);
        if (row && askedAt !== undefined && !clockWasSet) this.#checkDelay(`${correlationId} of ${runId}`, at - row.dueAt);
      }
    }
    if (transition.run.kind === 'finish') {
      this.leases.free(runId);
      if (this.#endedRuns.has(transition.runId)) this.violation(`${transition.runId} ended twice`);
      this.#endedRuns.set(transition.runId, transition.run.status);
    }
    if (transition.run.kind === 'finish' && transition.run.status === 'completed') {
      const seen = this.#seenByEnd.get(`${process.name} ${runId}`) ?? 0;
      const missed = (this.#externals.get(runId) ?? []).filter((seq) => seq > seen && seq < firstSeq);
      if (missed.length > 0) this.violation(`${runId} was completed by a replay that had not seen event ${missed.join(', ')}`);
    }
  }

  /** Whatever clock said so, a sleep took as long as was asked for, to the second; a clock that was set forward in between is believed. */
  #checkSleep(key: string): void {
    const sleep = this.#sleeps.get(key);
    if (!sleep) return;
    const early = sleep.askedAt + sleep.ms - this.#time.now;
    if (early > 1_000 + this.#jumps.forwardSince(sleep.askedAt)) this.violation(`${key} woke ${Math.round(early)} ms early`);
  }

  /** Once nothing goes wrong any more, what is due is not waited for longer than somebody takes to look, and to end what he is at. */
  #checkDelay(what: string, lateMs: number): void {
    const overdueMs = Math.min(lateMs, this.#time.now - this.calmSince());
    if (overdueMs > longestDelayMs) this.violation(`${what} was over ${Math.round(overdueMs)} ms late`);
  }

  /** Only who has a step may say what became of it. */
  #checkHolder(process: SimulatedProcess, { runId, events, steps }: WriteAct['transition'], performedAt: number | undefined): void {
    for (const step of steps) {
      const key = `${runId} ${step.stepId}`;
      if (step.version === 1) {
        if (step.leaseOwner !== null) this.leases.take(process, key, step, performedAt);
        continue;
      }
      if (!this.leases.isHeldBy(process, key)) this.violation(`${process.name} wrote ${events[0]?.type} of ${key}, which it does not have`);
      if (step.leaseOwner === null) this.leases.free(key);
    }
  }

  /** What must hold once everything is over. */
  async checkRun(world: World, program: Program, cancelAcknowledged: boolean): Promise<void> {
    const { runId } = program;
    const log = await readLog(world, runId);
    this.sawLog(runId, log);
    this.checkLog(program, log);
    for (const broken of brokenLogRules(log)) this.violation(`${runId}: ${broken}`);
    const [projected, stored] = [projectLog(log), await readEntities(world, runId)];
    if (canonicalJson(projected) !== canonicalJson(stored)) {
      this.violation(`${runId}: its log says ${JSON.stringify(projected)}, its rows ${JSON.stringify(stored)}`);
    }
    const ids = new Set(log.map(({ eventId }) => eventId));
    for (const id of this.#acknowledged.get(runId) ?? []) {
      if (!ids.has(id)) this.violation(`${runId}: the acknowledged ${id} is lost`);
    }
    const expected = cancelAcknowledged ? 'cancelled' : 'completed';
    if (stored.status !== expected) this.violation(`${runId} is ${stored.status}, not ${expected}`);
    this.#checkResults(runId, log);
  }

  #checkResults(runId: string, log: readonly Event[]): void {
    for (const event of log.filter(({ eventType }) => eventType === 'step_completed')) {
      const nonce = Number(new TextDecoder().decode(dataOf(event)?.['result'] as Uint8Array));
      const bodies = this.#bodies.get(`${runId} ${event.correlationId}`) ?? [];
      const recorded = bodies.find((body) => body.nonce === nonce);
      if (!recorded) this.violation(`${runId}: nobody gave the result of ${event.correlationId}`);
      else if (recorded.end === 'superseded' || recorded.end === 'failed')
        this.violation(`${runId}: ${event.correlationId} has a result that was refused`);
      const others = bodies.filter((body) => body !== recorded && body.end === 'recorded');
      if (others.length > 0) this.violation(`${runId}: a recorded result of ${event.correlationId} is lost`);
    }
  }

  /** It is dead, or what it had leased since then was given to others: what it still does is in vain, and no fault. */
  #excused({ process, owner, beganAt, stale }: Pick<Body, 'process' | 'owner' | 'beganAt' | 'stale'>): boolean {
    return stale || !process.alive || Math.max(this.leases.lostAt(process), this.leases.forgottenAt(owner)) >= beganAt;
  }

  /** Whether a process begins with what it had been given, and has lost since, or is over, without its having heard of that. */
  #isStale(process: SimulatedProcess, lease: Lease, { runId, what }: { readonly runId: string; readonly what: string }): boolean {
    const holder = this.leases.holderOf(what);
    if (holder?.owner === lease.owner && holder.epoch === lease.epoch) return false;
    if (this.isOver(runId) || this.leases.mayBelieveIn(process, what, lease)) return true;
    this.violation(`${process.name} begins with ${what}, which it was not given`);
    return false;
  }

  #note(process: SimulatedProcess, what: number): void {
    let hash = this.fingerprint ^ Math.round(this.#time.now * 1_000);
    for (let index = 0; index < process.name.length; index += 1) hash = Math.imul(hash ^ process.name.charCodeAt(index), 0x01000193);
    this.fingerprint = Math.imul(hash ^ what, 0x01000193) >>> 0;
  }

  violation(what: string): void {
    this.violations.push(`${(this.#time.now / 1_000).toFixed(3)} s: ${what}`);
  }
}

const longestDelayMs = 15_000;
const ended_ = new Set(['step_completed', 'step_failed', 'wait_completed', 'hook_received', 'hook_conflict']);
const kinds: readonly AnyAct['kind'][] = [
  'write',
  'wake',
  'enqueue',
  'queueStep',
  'claim',
  'settle',
  'adopt',
  'append',
  'heartbeat',
  'reap',
  'leave',
  'flowCommit',
  'claimExecution',
  'releaseExecution',
  'createToken',
];

function describe(act: AnyAct): string {
  if (act.kind !== 'write') return JSON.stringify(act);
  const { runId, events, guard, steps } = act.transition;
  const rows = steps.map(({ stepId, status, leaseOwner, leaseEpoch, dueAt }) => ({ stepId, status, leaseOwner, leaseEpoch, dueAt }));
  return JSON.stringify({
    kind: 'write',
    runId,
    events: events.map((event) => event.type),
    takeRunFor: act.takeRunFor,
    guard,
    steps: rows,
  });
}

function ensure<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
