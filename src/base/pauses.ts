import type { Clock } from './clock.ts';

/** Pauses that whoever made them can end early, all at once. */
export class Pauses {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #underway = new Set<() => void>();
  #ended = false;

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock;
  }

  /** Resolves after so long, or when pauses are ended. */
  async for(ms: number): Promise<void> {
    if (this.#ended) return;
    await new Promise<void>((resolve) => {
      const goOn = () => {
        cancel();
        this.#underway.delete(goOn);
        resolve();
      };
      const cancel = this.#clock.after(ms, goOn);
      this.#underway.add(goOn);
    });
  }

  /** Whoever pauses goes on, and nobody pauses any more. */
  end(): void {
    this.#ended = true;
    for (const goOn of [...this.#underway]) goOn();
  }
}
