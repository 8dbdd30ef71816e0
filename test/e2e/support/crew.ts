import type { Host } from './host.ts';
import type { Random } from './random.ts';
import type { Stage } from './stage.ts';

/** A fixed number of worker processes. Whoever is killed is replaced. */
export class Crew {
  /** The workers that were killed, and when. */
  readonly killedAt = new Map<string, number>();
  readonly #stage: Stage;
  readonly #random: Random;
  readonly #workers: Host[] = [];

  constructor(stage: Stage, random: Random) {
    this.#stage = stage;
    this.#random = random;
  }

  async start(count: number): Promise<void> {
    while (this.#workers.length < count) this.#workers.push(this.#stage.launchHost('worker'));
    await this.ready();
  }

  async ready(): Promise<void> {
    await Promise.all(this.#workers.map(async (worker) => await worker.ready()));
  }

  /** Those that lived, but stood still for longer than their lease, as they said themselves: what they held was given to others. */
  get stalled(): string[] {
    return this.#workers.filter((worker) => worker.linesWith(/was away for longer than its lease/).length > 0).map(({ id }) => id);
  }

  /** Kills a worker of the crew, be it at work or still starting, and starts another in its place without waiting for it. */
  async killOne(): Promise<void> {
    const place = this.#random.between(0, this.#workers.length - 1);
    const worker = this.#workers[place] as Host;
    await worker.kill();
    this.killedAt.set(worker.id, Date.now());
    this.#workers[place] = this.#stage.launchHost('worker');
  }
}
