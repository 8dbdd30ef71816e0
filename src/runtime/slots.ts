import { kindsOf, onlyKinds } from '../world/claim-filter.ts';
import type { ClaimAct, ClaimFilter, ClaimKind } from '../world/port.ts';

/** What may be claimed, and how much of it. */
export interface Claimable {
  readonly filter: ClaimFilter;
  readonly limits: ClaimAct['limits'];
  /** What was left out, for there is no slot for it. */
  readonly full: readonly ClaimKind[];
}

/** How many deliveries of each kind may be under way; flow, replay, step and message slots are apart, so that none can starve another. */
export class Slots {
  readonly #limits: Readonly<Record<ClaimKind, number>>;
  readonly #used: Record<ClaimKind, number> = { run: 0, flow: 0, step: 0, message: 0 };

  constructor(limits: Readonly<Record<ClaimKind, number>>) {
    this.#limits = limits;
  }

  free(kind: ClaimKind): number {
    return Math.max(0, this.#limits[kind] - this.#used[kind]);
  }

  take(kind: ClaimKind): void {
    this.#used[kind] += 1;
  }

  give(kind: ClaimKind): void {
    this.#used[kind] -= 1;
  }

  claimable(wanted: ClaimFilter): Claimable {
    const hasRoom = (kind: ClaimKind) => this.free(kind) > 0;
    const limits = { run: this.free('run'), flow: this.free('flow'), step: this.free('step'), message: this.free('message') };
    return { filter: onlyKinds(wanted, hasRoom), limits, full: kindsOf(wanted).filter((kind) => !hasRoom(kind)) };
  }
}
