import type { Host } from '../../test/e2e/support/host.ts';
import type { Random } from '../../test/e2e/support/random.ts';
import type { Stage } from '../../test/e2e/support/stage.ts';
import { monotonic } from './monotonic.ts';

/** Worker processes, each replaced when it is killed. */
export class Fleet {
  /** When each host was killed, by the clock of the ledger. */
  readonly killedAt = new Map<string, number>();
  readonly #stage: Stage;
  readonly #random: Random;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #workers: Host[] = [];
  readonly #all: Host[] = [];

  constructor(stage: Stage, random: Random, settings: Readonly<Record<string, string>> = {}) {
    this.#stage = stage;
    this.#random = random;
    this.#settings = settings;
  }

  async start(count: number): Promise<void> {
    while (this.#workers.length < count) this.#workers.push(this.#launch());
    await this.ready();
  }

  async ready(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.ready()));
  }

  /** SIGKILL for one of them, be it at work or still starting; another takes its place and is not waited for. */
  async killOne(): Promise<void> {
    const place = this.#random.between(0, this.#workers.length - 1);
    const victim = this.#workers[place] as Host;
    this.#workers[place] = this.#launch();
    this.killedAt.set(victim.id, monotonic());
    await victim.kill();
  }

  /** Hosts that noticed that they had been given up for dead, as happens to the healthy on a machine that stood still. */
  givenUp(): string[] {
    return this.#all.filter((host) => host.linesWith(/was away for longer/).length > 0).map(({ id }) => id);
  }

  /** Hosts that ended although nobody killed them. */
  exited(): string[] {
    return this.#all.filter((host) => !host.isRunning && !this.killedAt.has(host.id)).map(({ id }) => id);
  }

  #launch(): Host {
    const host = this.#stage.launchHost('worker', this.#settings);
    this.#all.push(host);
    return host;
  }
}
