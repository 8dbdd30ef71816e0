import type { Act, OutcomeOf, Store } from './port.ts';

export interface Beginning<O> {
  /**
   * Hears the outcome once, as early as it is certain for whatever builds on it by further commits; that may be before it is durable. True:
   * something goes on with it in this process, so that the disk had better be waited for in the background.
   */
  begin(outcome: O): boolean;
  /** The act was not done. */
  abandon?(): void;
}

/** Performs an act, and lets what follows from it begin while the disk is still being waited for. Resolves when it is durable. */
export async function commitAndBegin<A extends Act>(store: Store, act: A, { begin, abandon }: Beginning<OutcomeOf<A>>) {
  let begun = false;
  const hear = (outcome: OutcomeOf<A>): boolean => {
    if (begun) return false;
    begun = true;
    return begin(outcome);
  };
  try {
    const outcome = await store.commit(act, hear);
    hear(outcome);
    return outcome;
  } catch (error) {
    if (!begun) abandon?.();
    throw error;
  }
}
