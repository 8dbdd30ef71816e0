import type { Clock } from '../../src/base/clock.ts';
import type { AnyAct, AnyOutcome } from '../../src/world/any-act.ts';
import type { Store } from '../../src/world/port.ts';
import type { Fates } from './fates.ts';
import type { Hints } from './hints.ts';
import type { SimulatedProcess, VirtualTime } from './virtual-time.ts';

/** A database that all processes of a simulation share, and that nothing happens to but what the simulation does. */
export interface Databases {
  /** The clock that it goes by from now on. */
  useClock(clock: Clock): void;
  /** The database as one process sees it from afar. */
  storeOf(place: Place): Store;
  empty(): Promise<void>;
  all(sql: string): Promise<unknown[]>;
  close(): Promise<void>;
}

/** What came before a commit, where time passed in between. */
export interface Before {
  readonly sentAt: number;
  /** Where its transaction stood still. */
  readonly performedAt?: number;
}

/** Where a process stands, and what may happen on its way to the database and back. */
export interface Place {
  readonly slot: number;
  readonly process: SimulatedProcess;
  readonly time: VirtualTime;
  readonly fates: Fates;
  readonly hints: Hints;
  /** What was committed, in the order of that, heard of or not. */
  readonly onCommitted: (process: SimulatedProcess, act: AnyAct, outcome: AnyOutcome, before?: Before) => void;
  /** A transaction stands still for so long before it is committed; the returned function is called when it goes on. */
  readonly onHeld: (acts: readonly AnyAct[], ms: number) => () => void;
  /** It waits for so long for an answer. */
  readonly onSilence: (ms: number) => void;
  /** What it sent did not arrive, or it was not told that it did. */
  readonly onRefused: () => void;
  /** Whether a store that cannot foresee what will come of an act says it beforehand all the same. */
  readonly foresees: boolean;
  /** Whether acts that are sent shortly after one another are foreseen together. */
  readonly gathers: boolean;
  readonly onForeseen: (right: boolean) => void;
}
