import type { SimulatedProcess } from './virtual-time.ts';

/** What chance does to a process on its way to the database and back. */
export interface Fates {
  /** Called at each point where a process waits: it may be killed or stalled there. */
  strike(process: SimulatedProcess): void;
  latencyMs(): number;
  /** True: the call does not arrive. */
  refuses(): boolean;
  /** True: it was done, and its answer gets lost. */
  losesAnswer(): boolean;
  /** Whether a statement whose connection breaks is performed all the same. */
  arrives(): boolean;
  /** How long after its connection was lost a statement still arrives; 0: it was done before. */
  latenessMs(): number;
  /** How long the transaction of a statement stands still before it is committed. */
  heldMs(): number;
  /** When another process hears of a commit; undefined: never, for hints may get lost. */
  hintAfterMs(): number | undefined;
}
