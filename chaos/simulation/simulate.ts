import type { Clock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { createWorld, type PawlWorld } from '../../src/connect/create-world.ts';
import { registerStepName } from '../../src/testing/registered-steps.ts';
import { Random } from '../../test/e2e/support/random.ts';
import { useRun } from './client.ts';
import type { Databases } from './databases.ts';
import { codeProgram } from './flows/program.ts';
import { FlowSide } from './flows/side.ts';
import type { Fates } from './fates.ts';
import { Hints } from './hints.ts';
import { type Mood, processCount, randomMood, type Theme } from './mood.ts';
import { crowdedProgram, randomProgram } from './program.ts';
import { type Stage, stepName, workAsTheSdk } from './replay.ts';
import { seedGlobals } from './seeded-globals.ts';
import { SimulatedProcess, VirtualTime } from './virtual-time.ts';
import { Witness } from './witness.ts';

export interface Simulation {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly fingerprint: number;
  readonly counts: Readonly<Record<string, number>>;
}

const wallStart = Date.UTC(2026, 0, 1);
const limitMs = 900_000;
// Executions must be over long before.
const limitOfFlowsMs = 1_000_000;

/** One seed, from the first start to the last check. The same seed does the same, to the last interleaving. */
export async function simulate(
  seed: number,
  databases: Databases,
  { theme = 'everything', trace }: { readonly theme?: Theme; readonly trace?: ((line: string) => void) | undefined } = {},
): Promise<Simulation> {
  const random = new Random(seed);
  const time = new VirtualTime(new Random(random.between(0, 2 ** 31)));
  const restore = seedGlobals(time, new Random(random.between(0, 2 ** 31)));
  try {
    return await new Town(seed, random, time, databases, theme).live(trace);
  } finally {
    restore();
    // Workers that died in the simulation cannot have taken their listeners back.
    process.removeAllListeners('SIGTERM');
  }
}

/** One of ten: what is foreseen together of one run is otherwise nearly always one thing. */
function isCrowded(seed: number): boolean {
  return seed % 10 === 5;
}

/** One of four, so that the others stay what they were. */
function isBounded(seed: number): boolean {
  return seed % 4 === 2;
}

/** One of four of those, and of those with bounds every second one, where more fails. */
function triesAgain(seed: number): boolean {
  return isBounded(seed) ? seed % 8 === 6 : seed % 4 === 3;
}

/** Few, for all that is due by the wall clock comes an hour later then, and an hour of heartbeats is lived through. */
const hourBack = { atMs: 3_000, byMs: -3_600_000 };
function goesBackAnHour(seed: number): boolean {
  return seed % 250 === 18;
}

class Town {
  readonly #seed: number;
  readonly #random: Random;
  readonly #time: VirtualTime;
  readonly #databases: Databases;
  readonly #mood: Mood;
  readonly #witness: Witness;
  readonly #programs: ReadonlyMap<string, ReturnType<typeof randomProgram>>;
  readonly #hints = new Hints();
  readonly #counts = { crashes: 0, leaves: 0, stalls: 0, refusals: 0, held: 0, late: 0, jumps: 0, foreseen: 0, misjudged: 0 };
  readonly #flows: FlowSide | undefined;
  readonly #worlds = new Map<SimulatedProcess, { readonly close: () => Promise<void>; readonly slot: number }>();
  #wallOffset = 0;
  #launches = 0;
  #lastStallEndsAt = 0;
  #lastArrivalAt = 0;
  #quiet = false;

  constructor(seed: number, random: Random, time: VirtualTime, databases: Databases, theme: Theme) {
    this.#seed = seed;
    this.#random = random;
    this.#time = time;
    this.#databases = databases;
    const mood = randomMood(random, theme);
    this.#mood = theme === 'clocks' && goesBackAnHour(seed) ? { ...mood, jumps: [...mood.jumps, hourBack] } : mood;
    this.#witness = new Witness(time, this.#mood.leaseMs);
    const program = isCrowded(seed) ? crowdedProgram : randomProgram;
    this.#programs = new Map(Array.from({ length: this.#mood.runs }, (_, index) => [`run-${index}`, program(random, index)]));
    const { executions } = this.#mood;
    const ways = { bounded: isBounded(seed), triesAgain: triesAgain(seed) };
    this.#flows = executions > 0 ? new FlowSide({ time, witness: this.#witness, random, executions, ...ways }) : undefined;
    registerStepName(stepName);
  }

  async live(trace: ((line: string) => void) | undefined): Promise<Simulation> {
    this.#witness.trace = trace;
    this.#witness.calmSince = () => this.#calmSince();
    const { workers, quietAfterMs, jumps } = this.#mood;
    const time = this.#time;
    await time.standStill(() => this.#databases.empty());
    this.#databases.useClock(this.#clock());
    for (let slot = 0; slot < workers; slot += 1) this.#launch(slot);
    time.at(quietAfterMs, () => (this.#quiet = true));
    for (const { atMs, byMs } of jumps) time.at(atMs, () => this.#jump(byMs));

    const client = this.#client();
    const uses = [...this.#programs.values()].map(async (program) => ({ program, cancelled: await useRun(client, program) }));
    const flows = this.#flows;
    const engine = flows?.engineOf(client.process, client.world);
    const used = await this.#until(Promise.all([Promise.all(uses), engine ? flows?.use(engine) : []]));
    if (used) {
      // Long enough for the dead to be noticed, and for what they held to be told that it is not needed any more; what was due by a clock that
      // was set back is due that much later.
      const restedAt = Math.max(time.now + this.#noticedMs, this.#calmSince()) + this.#setBackMs;
      time.outside(() => time.at(restedAt, () => {}));
      await time.pass(() => time.now >= restedAt);
      const [runs, executions = []] = used;
      await this.#toTheEnd(runs.map(({ program, cancelled }) => this.#witness.checkRun(client.world, program, cancelled)));
      await this.#toTheEnd(executions.map(async (execution) => flows?.check(client.world, execution)));
      await this.#checkRows();
    } else {
      if (this.#witness.violations.length === 0) this.#witness.violation('not all calls from outside came back');
      await this.#reportStuck();
    }
    await this.#endOfTheWorld();
    return {
      seed: this.#seed,
      violations: this.#witness.violations,
      fingerprint: this.#witness.fingerprint,
      counts: {
        ...this.#counts,
        ...this.#witness.counts,
        ...flows?.witness.counts,
        reaped: this.#witness.leases.reaped,
        turns: time.turns,
        virtualMs: Math.round(time.now),
      },
    };
  }

  get #setBackMs(): number {
    return this.#mood.jumps.reduce((sum, { byMs }) => sum + Math.max(0, -byMs), 0);
  }

  /** By then whoever died has been noticed, and what he held has been given to others; what was refused has been ended (after 10 s). */
  get #noticedMs(): number {
    return 2 * this.#mood.leaseMs + 12_000;
  }

  #calmSince(): number {
    return Math.max(this.#mood.quietAfterMs, this.#lastStallEndsAt, this.#lastArrivalAt) + this.#noticedMs;
  }

  async #until<T>(work: Promise<T>): Promise<T | undefined> {
    let outcome: { readonly value: T } | undefined;
    void work.then(
      (value) => (outcome = { value }),
      (error: unknown) => this.#witness.violations.push(`somebody outside met ${String(error)}`),
    );
    const limit = this.#time.now + (this.#flows ? limitOfFlowsMs : limitMs) + this.#setBackMs;
    await this.#time.pass(() => outcome !== undefined || this.#witness.violations.length > 0, limit);
    return outcome?.value;
  }

  async #toTheEnd(checks: readonly Promise<unknown>[]): Promise<void> {
    const checked = await this.#until(Promise.all(checks));
    if (!checked && this.#witness.violations.length === 0) this.#witness.violation('not everything could be checked at the end');
  }

  #launch(slot: number): void {
    const process = new SimulatedProcess(`worker-${slot}.${(this.#launches += 1)}`);
    const world = this.#world(process, slot);
    const engine = this.#flows?.engineOf(process, world);
    const worker = engine ?? world;
    this.#worlds.set(process, { close: () => worker.close(), slot });
    this.#time.within(process, () => {
      workAsTheSdk(this.#stage(process, world, slot));
      // Who was told to leave meanwhile closes, and is replaced then.
      worker.start().catch(() => process.leaves || this.#kill(process));
      // Not by chance, so that the other seeds stay what they were.
      if (engine && this.#seed % 4 === 0) void this.#flows?.drive(engine, this.#launches);
    });
  }

  #client(): Stage {
    const process = new SimulatedProcess('client');
    return this.#stage(process, this.#world(process, processCount - 1), processCount - 1);
  }

  #stage(process: SimulatedProcess, world: PawlWorld, slot: number): Stage {
    const programs = { get: (runId: string) => this.#programs.get(runId) ?? codeProgram(runId) };
    const bodiesMeet = isCrowded(this.#seed);
    return { world, process, time: this.#time, wall: () => this.#wall(slot), programs, witness: this.#witness, bodiesMeet };
  }

  #world(process: SimulatedProcess, slot: number): PawlWorld {
    const { leaseMs, flowConcurrency, stepConcurrency } = this.#mood;
    const time = this.#time;
    const store = this.#databases.storeOf({
      slot,
      process,
      time,
      fates: this.#fates(),
      hints: this.#hints,
      onCommitted: (...what) => {
        this.#witness.committed(...what);
        this.#flows?.witness.committed(...what);
      },
      onSilence: (ms) => process.hasTroubleUntil(time.now + ms),
      onHeld: (acts, ms) => {
        this.#counts.held += 1;
        process.hasTroubleUntil(time.now + ms);
        return this.#witness.leases.stands(acts);
      },
      onRefused: () => {
        process.refusedAt = time.now;
        process.hasTroubleUntil(time.now);
      },
      foresees: this.#seed % 2 === 1,
      gathers: isCrowded(this.#seed),
      onForeseen: (right) => (this.#counts[right ? 'foreseen' : 'misjudged'] += 1),
    });
    const env = {
      WORKFLOW_PAWL_LEASE_MS: String(leaseMs),
      WORKFLOW_PAWL_FLOW_CONCURRENCY: String(flowConcurrency),
      WORKFLOW_PAWL_STEP_CONCURRENCY: String(stepConcurrency),
    };
    return createWorld({ env, clock: this.#clock(slot), logger: silentLogger, apart: true, openStore: async () => store });
  }

  /** Of a host; without a slot, of the database. */
  #clock(slot?: number): Clock {
    const time = this.#time;
    return {
      now: () => this.#wall(slot),
      monotonic: () => Math.floor(time.now) + 1_000,
      after: (delayMs, wake) => time.after(delayMs, wake),
    };
  }

  #wall(slot?: number): number {
    const skew = slot === undefined ? 0 : (this.#mood.skewsMs[slot] ?? 0);
    return skew + wallStart + this.#wallOffset + Math.floor(this.#time.now);
  }

  #fates(): Fates {
    const mood = this.#mood;
    const random = new Random(this.#random.between(0, 2 ** 31));
    const happens = (chance: number) => !this.#quiet && chance > 0 && random.chance(chance);
    return {
      strike: (process) => {
        if (!this.#worlds.has(process)) return;
        if (happens(mood.crashChance)) this.#kill(process);
        else if (happens(mood.stallChance)) this.#stall(process, random.between(mood.leaseMs / 4, mood.leaseMs * 3));
        else if (happens(mood.leaveChance)) this.#leave(process);
      },
      latencyMs: () => (random.chance(0.5) ? 0 : random.next() * mood.maxLatencyMs),
      refuses: () => happens(mood.refusalChance) && this.#refused(),
      losesAnswer: () => happens(mood.lostAnswerChance) && this.#refused(),
      arrives: () => random.chance(0.5),
      latenessMs: () => this.#later(random.pick([0, 0, random.between(1, 100), random.between(100, 3_000), random.between(3_000, 30_000)])),
      heldMs: () =>
        happens(3 * mood.stallChance) ? this.#later(random.pick([random.between(1, 3_000), random.between(3_000, 30_000)])) : 0,
      hintAfterMs: () => (random.chance(mood.hintChance) ? random.next() * 30 : undefined),
    };
  }

  /** What arrives, or is committed, so much later is waited for before anything is checked. */
  #later(ms: number): number {
    if (ms > 0) this.#counts.late += 1;
    this.#lastArrivalAt = Math.max(this.#lastArrivalAt, this.#time.now + ms) + this.#mood.maxLatencyMs;
    return ms;
  }

  #kill(process: SimulatedProcess): void {
    if (!process.alive) return;
    process.alive = false;
    this.#counts.crashes += 1;
    this.#replace(process, this.#random.between(0, 3_000));
  }

  #stall(process: SimulatedProcess, ms: number): void {
    process.stalledUntil = this.#time.now + ms;
    process.hasTroubleUntil(process.stalledUntil);
    this.#lastStallEndsAt = Math.max(this.#lastStallEndsAt, process.stalledUntil);
    this.#counts.stalls += 1;
  }

  #leave(process: SimulatedProcess): void {
    const place = this.#worlds.get(process);
    if (!place) return;
    process.leaves = true;
    this.#counts.leaves += 1;
    this.#worlds.delete(process);
    this.#time.within(process, () => void place.close().finally(() => this.#replaceAt(place.slot, process)));
  }

  #replace(process: SimulatedProcess, afterMs: number): void {
    const slot = this.#worlds.get(process)?.slot;
    this.#worlds.delete(process);
    this.#hints.forget(process);
    if (slot !== undefined) this.#time.outside(() => this.#time.after(afterMs, () => this.#launch(slot)));
  }

  #replaceAt(slot: number, process: SimulatedProcess): void {
    process.alive = false;
    this.#hints.forget(process);
    this.#time.outside(() => this.#time.after(10, () => this.#launch(slot)));
  }

  #refused(): true {
    this.#counts.refusals += 1;
    return true;
  }

  #jump(byMs: number): void {
    this.#wallOffset += byMs;
    this.#counts.jumps += 1;
    this.#witness.clockJumped(byMs);
    this.#flows?.clockJumped(byMs);
  }

  async #checkRows(): Promise<void> {
    const { violations } = this.#witness;
    for (const table of ['runs', 'steps', 'messages']) {
      const [left] = await this.#all(`select count(*) as n from ${table} where lease_owner is not null or due_at is not null`);
      const { n } = left as { n: number };
      if (n > 0) violations.push(`at the end ${n} rows of ${table} are due or leased`);
    }
    const [open] = await this.#all(`select count(*) as n from runs where status in ('pending', 'running')`);
    if ((open as { n: number }).n > 0) violations.push(`at the end ${(open as { n: number }).n} runs are not over`);
    const [tokens] = await this.#all('select count(*) as n from hook_tokens');
    if ((tokens as { n: number }).n > 0) violations.push('at the end hook tokens are still taken');
  }

  async #reportStuck(): Promise<void> {
    this.#flows?.reportStuck();
    for (const runId of this.#programs.keys()) {
      if (this.#witness.isOver(runId)) continue;
      const row = await this.#all(`select status, due_at, lease_owner, deliveries from runs where run_id = '${runId}'`);
      this.#witness.violations.push(`${runId} is stuck after ${Math.round(this.#time.now / 1_000)} s: ${JSON.stringify(row)}`);
    }
  }

  #all(sql: string): Promise<unknown[]> {
    return this.#time.standStill(() => this.#databases.all(sql));
  }

  /** What was on its way to the database arrives, or the next seed would find it there. */
  async #endOfTheWorld(): Promise<void> {
    this.#quiet = true;
    for (const process of this.#worlds.keys()) process.alive = false;
    this.#worlds.clear();
    await this.#time.pass(() => false, this.#time.now + 1_000);
  }
}
