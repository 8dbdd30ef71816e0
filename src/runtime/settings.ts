import type { LogLevel } from '../base/logger.ts';
import type { EndedStatus } from '../world/port.ts';

/** How long runs are kept after their end, in milliseconds; null: for ever. */
export type Retention = Readonly<Record<EndedStatus, number | null>>;

/** What the runtime is told; `connect/settings.ts` reads it from the environment (decisions D). */
export interface RuntimeSettings {
  readonly url: string;
  readonly worker: 'on' | 'off';
  readonly flowConcurrency: number;
  readonly stepConcurrency: number;
  readonly leaseMs: number;
  readonly delivery: 'auto' | 'inprocess' | 'http';
  /** Where deliveries over HTTP go; undefined: there is no such place. */
  readonly baseUrl: string | undefined;
  /** Only the port was named: the routes are below the base path of the app, which is known once they are loaded. */
  readonly belowBasePath: boolean;
  readonly secret: string | undefined;
  readonly namespace: string;
  readonly deploymentId: string;
  readonly deploymentPolicy: 'latest' | 'pinned';
  readonly retention: Retention;
  readonly maxEvents: number;
  readonly encryptionKeys: readonly string[];
  readonly logLevel: LogLevel;
}
