/** A run in a fixture, and what has to become of it. */
export interface Parked {
  readonly runId: string;
  readonly workflow: string;
  readonly steps: number;
  /** It waits for somebody to answer. */
  readonly token?: string;
  /** What its log was, as the version that parked it read it. */
  readonly log?: unknown;
}
