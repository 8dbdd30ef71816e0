import type { Logger } from '../base/logger.ts';
import type { Dispatcher } from './delivery.ts';
import type { EventLogCache } from './event-log.ts';
import type { FreshWakes } from './fresh-wakes.ts';
import type { Store } from './port.ts';

export interface Opened {
  readonly store: Store;
  readonly log: EventLogCache;
}

/** What the parts of one World share. */
export interface WorldContext {
  /** Opens the store at the first call that needs it: making a World opens nothing (spec/world.md 0.2). */
  open(): Opened | Promise<Opened>;
  /** Runs that this process has just woken. */
  freshWakes(): FreshWakes;
  /** The workers of this process, if there are any. */
  dispatcher(): Dispatcher;
  /** The wall clock of this process. */
  now(): number;
  readonly namespace: string;
  readonly encryptionKeyId: string | null;
  /** The number of events at which the SDK fails a run. */
  readonly maxEvents: number;
  readonly logger: Logger;
}
