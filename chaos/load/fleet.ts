import type { Host } from '../../test/e2e/support/host.ts';
import type { Random } from '../../test/e2e/support/random.ts';
import type { Stage } from '../../test/e2e/support/stage.ts';
import { givenUp } from './given-up.ts';
import { monotonic } from './monotonic.ts';

export interface FleetOptions {
  /**
   * Processes that have loaded everything and only wait to be told to work, so that a machine on which the start of one takes longer than
   * the next one lives is never left without any.
   */
  readonly spares?: number;
}

/** Worker processes, each replaced when it is killed. */
export class Fleet {
  /** When each host was killed, by the clock of the ledger. */
  readonly killedAt = new Map<string, number>();
  /** How many others were at work at each kill. */
  readonly othersAtWork: number[] = [];
  readonly #stage: Stage;
  readonly #random: Random;
  readonly #spareCount: number;
  readonly #spares: Host[] = [];
  readonly #workers: Host[] = [];
  readonly #all: Host[] = [];
  readonly #atWork = new Set<Host>();

  constructor(stage: Stage, random: Random, { spares = 0 }: FleetOptions = {}) {
    this.#stage = stage;
    this.#random = random;
    this.#spareCount = spares;
  }

  async start(count: number): Promise<void> {
    while (this.#workers.length < count) this.#workers.push(this.#next());
    await this.ready();
    await Promise.all(this.#spares.map((spare) => spare.ready()));
  }

  async ready(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.ready()));
  }

  /** Those that are to work now. */
  get workers(): readonly Host[] {
    return this.#workers;
  }

  /** Resolves when there is a spare that can take the next place at once; at once where none are kept. */
  async spareReady(): Promise<void> {
    if (this.#spares.length > 0) await Promise.any(this.#spares.map((spare) => spare.ready()));
  }

  /** SIGKILL for one of them, be it at work or still starting; another takes its place and is not waited for. */
  async killOne(): Promise<void> {
    const place = this.#random.between(0, this.#workers.length - 1);
    const victim = this.#workers[place] as Host;
    this.#atWork.delete(victim);
    this.#othersAtWorkNow();
    // Who ended by himself was killed by nobody.
    if (victim.isRunning) this.killedAt.set(victim.id, monotonic());
    await victim.kill();
    this.#workers[place] = this.#next();
  }

  givenUp(): Map<string, readonly number[]> {
    return givenUp(this.#all);
  }

  /** What must not happen: a host that ended although nobody killed it. */
  exits(): string[] {
    return this.#all.filter((host) => !host.isRunning && !this.killedAt.has(host.id)).map(({ id }) => `${id} exited by itself`);
  }

  #othersAtWorkNow(): void {
    this.othersAtWork.push(this.#atWork.size);
  }

  #next(): Host {
    while (this.#spares.length < this.#spareCount) this.#spares.push(this.#launch({ E2E_STANDBY: '1' }));
    const ready = this.#spares.findIndex(({ isReady }) => isReady);
    const [spare] = this.#spares.splice(Math.max(0, ready), 1);
    if (!spare) {
      const host = this.#launch();
      this.#whenAtWork(host, host.ready());
      return host;
    }
    this.#spares.push(this.#launch({ E2E_STANDBY: '1' }));
    this.#whenAtWork(
      spare,
      spare.ready().then(() => spare.api.work()),
    );
    return spare;
  }

  /** Whoever is killed on the way there is missed by nobody. */
  #whenAtWork(host: Host, working: Promise<unknown>): void {
    working.then(
      () => {
        if (host.isRunning && !this.killedAt.has(host.id)) this.#atWork.add(host);
      },
      () => undefined,
    );
  }

  #launch(env: Readonly<Record<string, string>> = {}): Host {
    const host = this.#stage.launchHost('worker', env);
    this.#all.push(host);
    return host;
  }
}
