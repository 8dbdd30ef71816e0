import type { Act, Heard, OutcomeOf, Store } from './port.ts';

export interface Beginning<O> {
  /**
   * Hears the outcome, as early as it is certain for whatever builds on it by further commits; that may be before it is durable. True:
   * something goes on with it in this process, so that the disk had better be waited for in the background.
   *
   * Where there is a `retract`, it may be earlier still, with an outcome that is only foreseen: then nothing may leave this process before
   * `certain` is true.
   */
  begin(outcome: O, certain?: Promise<boolean>): boolean;
  /** What was foreseen did not come true: takes back what `begin` has told of it, which then hears the outcome, if there is one. */
  retract?(): void;
  /** The act was not done. */
  abandon?(): void;
}

/** Performs an act, and lets what follows from it begin before it is durable. Resolves when it is. */
export async function commitAndBegin<A extends Act>(store: Store, act: A, { begin, retract, abandon }: Beginning<OutcomeOf<A>>) {
  let begun = false;
  const heard: Heard<OutcomeOf<A>> = {
    onWritten(outcome) {
      if (begun) return false;
      begun = true;
      return begin(outcome);
    },
  };
  if (retract)
    heard.onForeseen = (outcome) => {
      let tell: (certain: boolean) => void = () => {};
      const certain = new Promise<boolean>((resolve) => (tell = resolve));
      begun = true;
      begin(outcome, certain);
      return (right) => {
        begun = right;
        if (!right) retract();
        tell(right);
      };
    };
  try {
    const outcome = await store.commit(act, heard);
    if (!begun) begin(outcome);
    return outcome;
  } catch (error) {
    if (!begun) abandon?.();
    throw error;
  }
}

/**
 * Performs an act whose outcome counts although the disk did not keep it: what is leased is leased to this process, and what a power cut would
 * take with it is not missed.
 */
export async function commitOrWritten<A extends Act>(store: Pick<Store, 'commit'>, act: A): Promise<OutcomeOf<A>> {
  let written: { readonly outcome: OutcomeOf<A> } | undefined;
  const onWritten = (outcome: OutcomeOf<A>) => {
    written = { outcome };
    return false;
  };
  try {
    return await store.commit(act, { onWritten });
  } catch (error) {
    if (written) return written.outcome;
    throw error;
  }
}
