import type { World } from '@workflow/world';
import type { Clock } from '../base/clock.ts';

/** A World as one test sees it: on data of its own, not started, closed by the suite. */
export interface WorldUnderTest {
  readonly world: World;
  /**
   * A second World on the same data: as another process would open it, or as the SDK makes a second one in the same process. Absent if the
   * store cannot be opened twice.
   */
  another?(where?: 'elsewhere' | 'same process'): Promise<World>;
  /** Closes what the factory opened and removes the data. The suite has closed `world` and the others before. */
  close(): Promise<void>;
}

export interface WorldFactoryOptions {
  /** The time the World has to go by, for its own rules and for its timers. */
  clock?: Clock;
  /** Settings the World has to be opened with, as if they stood in the environment. */
  env?: Record<string, string>;
}

/** Opens a World on fresh, empty data. */
export type WorldFactory = (options?: WorldFactoryOptions) => Promise<WorldUnderTest>;
