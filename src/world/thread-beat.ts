/** A thread shares no object with another one, so it is told what to load and what to give it. */
export interface ThreadBeat {
  /** The address of a module whose `connect(options)` resolves to `{ beat(workerId, leaseMs), close() }`. */
  readonly module: string;
  readonly options: Readonly<Record<string, unknown>>;
}
