import type { DeliveryKind } from '../world/port.ts';

/** How many deliveries of each kind may be under way; flow, step and message slots are apart, so that none can starve another. */
export class Slots {
  readonly #limits: Readonly<Record<DeliveryKind, number>>;
  readonly #used: Record<DeliveryKind, number> = { run: 0, step: 0, message: 0 };

  constructor(limits: Readonly<Record<DeliveryKind, number>>) {
    this.#limits = limits;
  }

  free(kind: DeliveryKind): number {
    return Math.max(0, this.#limits[kind] - this.#used[kind]);
  }

  take(kind: DeliveryKind): void {
    this.#used[kind] += 1;
  }

  give(kind: DeliveryKind): void {
    this.#used[kind] -= 1;
  }
}
