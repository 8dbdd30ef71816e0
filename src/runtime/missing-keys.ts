import type { Logger } from '../base/logger.ts';
import type { Clock } from '../base/clock.ts';
import type { Store } from '../world/port.ts';

export interface MissingKeysOptions {
  readonly store: Pick<Store, 'listDueKeyIds'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly logger: Logger;
  /** Whether this process has the key. */
  readonly hasKey: (keyId: string) => boolean;
}

const lookEveryMs = 30_000;

/** Says once of each encryption key that runs wait for it, which this process has not. */
export class MissingKeys {
  readonly #options: MissingKeysOptions;
  readonly #told = new Set<string>();
  #lookedAt = -Infinity;

  constructor(options: MissingKeysOptions) {
    this.#options = options;
  }

  /** Nothing is due to this worker: perhaps for want of a key. Asks the store seldom. */
  async look(now: number): Promise<void> {
    const { store, clock } = this.#options;
    if (clock.monotonic() - this.#lookedAt < lookEveryMs) return;
    this.#lookedAt = clock.monotonic();
    for (const keyId of await store.listDueKeyIds(now)) this.tell(keyId);
  }

  tell(keyId: string): void {
    const { hasKey, logger } = this.#options;
    if (hasKey(keyId) || this.#told.has(keyId)) return;
    this.#told.add(keyId);
    logger.warn(
      `Runs that are encrypted with key ${keyId} are left to workers that have it: it is not in WORKFLOW_PAWL_ENCRYPTION_KEYS of this process. Add the secret that they began with at the end of the list.`,
    );
  }
}
