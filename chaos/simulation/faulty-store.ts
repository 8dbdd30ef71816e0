import { type AnyAct, type AnyOutcome, isFlowAct } from '../../src/world/any-act.ts';
import type { FlowStore } from '../../src/world/flow-port.ts';
import { CommitNotes } from '../../src/store/commit-notes.ts';
import { Foresight } from '../../src/store/foresight.ts';
import type { Heard, Store } from '../../src/world/port.ts';
import { unavailable } from '../../src/world/errors.ts';
import type { Place } from './databases.ts';

export interface FaultyStoreOptions extends Omit<Place, 'slot'> {
  readonly real: Store;
  readonly now: () => number;
}

/**
 * A store as a process sees it from afar: each call takes its time on the way there and back, and the process can die or stall on either.
 * What has arrived is done, whatever becomes of who asked. Commits of one process arrive, and are answered, in the order of their sending.
 */
export function faultyStore(options: FaultyStoreOptions): Store {
  const { real, process, time, fates, now, hints, onCommitted, onRefused, foresees, gathers, onForeseen } = options;
  const notes = new CommitNotes();
  const foresight = new Foresight({ monotonic: () => Math.floor(time.now) });
  const there = new Line(options);
  const back = new Line(options);
  const untold: (() => void)[] = [];

  async function commit(act: AnyAct, heard?: Heard<AnyOutcome>): Promise<AnyOutcome> {
    const arriving = there.pass();
    const judge = foresees ? foresee(act, heard) : undefined;
    try {
      await arriving;
      const outcome = await perform(act);
      judge?.(outcome);
      return outcome;
    } catch (error) {
      judge?.(undefined);
      throw error;
    }
  }

  /** As a store does that is far away; see Foresight. Whoever has the answer by then is told nothing. */
  function foresee(act: AnyAct, heard: Heard<AnyOutcome> | undefined) {
    const foreseen = foresight.foresee(act);
    const hear = foreseen !== undefined && foresight.trusts(act) ? heard?.onForeseen : undefined;
    let answered = false;
    let judge: ((right: boolean) => void) | undefined;
    if (hear)
      tellSoon(() => {
        if (!answered) judge = hear(foreseen as AnyOutcome);
      });
    return (outcome: AnyOutcome | undefined) => {
      answered = true;
      const right = foresight.learn(act, foreseen, outcome);
      judge?.(right);
      if (judge) onForeseen(right);
    };
  }

  /** What is sent shortly after one another is told in one turn, as that of a batch is: then a delivery can see more than the act that began it. */
  function tellSoon(tell: () => void): void {
    if (untold.push(tell) > 1) return;
    const tellAll = () => {
      for (const each of untold.splice(0)) each();
    };
    // Never in the course of the call itself.
    if (gathers) time.after(fates.latencyMs(), tellAll);
    else void Promise.resolve().then(tellAll);
  }

  async function perform(act: AnyAct): Promise<AnyOutcome> {
    if (fates.refuses()) {
      onRefused();
      throw unavailable('The simulated database is away.');
    }
    const answer = await time
      .outside((): Promise<AnyOutcome> => (isFlowAct(act) ? real.flows.commit(act) : real.commit(act)))
      .then(
        (outcome) => ({ outcome }),
        (error: unknown) => ({ error }),
      );
    if ('outcome' in answer) {
      onCommitted(process, act, answer.outcome);
      hints.tell(process, time, fates);
    }
    await back.pass();
    if ('error' in answer) throw answer.error;
    if (givesNothing(act, answer.outcome) && fates.losesAnswer()) {
      onRefused();
      throw unavailable('The answer of the simulated database got lost.');
    }
    notes.tell({ acts: [act], outcomes: [answer.outcome], ms: 0 });
    return answer.outcome;
  }

  async function read(method: (...args: unknown[]) => Promise<unknown>, args: unknown[]): Promise<unknown> {
    await wait(options);
    if (fates.refuses()) {
      process.refusedAt = time.now;
      throw unavailable('The simulated database is away.');
    }
    const answer = await time.outside(() => method(...args));
    await wait(options);
    return answer;
  }

  const own = {
    open: async () => {},
    close: async () => {},
    now,
    commit,
    onCommit: (listener: Parameters<Store['onCommit']>[0]) => notes.listen(listener),
    onForeignCommit: (listener: () => void) => hints.listen(process, listener),
  };
  const flows = through<FlowStore>(real.flows, { commit });
  return through<Store>(real, { ...own, flows });

  function through<T extends object>(target: T, overrides: object): T {
    return new Proxy(target, {
      get(_, name) {
        if (name in overrides) return (overrides as Record<PropertyKey, unknown>)[name];
        const method = (target as Record<PropertyKey, unknown>)[name];
        return typeof method === 'function' ? (...args: unknown[]) => read(method.bind(target) as never, args) : method;
      },
    });
  }
}

/** Where things stay in order. */
class Line {
  readonly #options: FaultyStoreOptions;
  #last = 0;

  constructor(options: FaultyStoreOptions) {
    this.#options = options;
  }

  pass(): Promise<void> {
    const { time, fates, process } = this.#options;
    fates.strike(process);
    this.#last = Math.max(this.#last + 1e-6, time.now + fates.latencyMs());
    return new Promise((resolve) => time.at(this.#last, resolve));
  }
}

function wait({ time, fates, process }: FaultyStoreOptions): Promise<void> {
  fates.strike(process);
  return time.sleep(fates.latencyMs());
}

/** An act that leases nothing: the store itself gives back what it leased to somebody who never heard of it. */
function givesNothing(act: AnyAct, outcome: AnyOutcome): boolean {
  if ('taken' in outcome && outcome.taken !== undefined) return false;
  if (act.kind === 'claim' || act.kind === 'adopt' || act.kind === 'claimExecution') return false;
  return act.kind !== 'write' || act.transition.steps.every(({ leaseOwner, version }) => leaseOwner === null || version > 1);
}
