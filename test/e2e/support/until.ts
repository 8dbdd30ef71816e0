export interface UntilOptions {
  readonly deadlineMs?: number;
  readonly everyMs?: number;
  /** What to say, beside the name of the thing, when the deadline has passed. */
  readonly onDeadline?: () => Promise<string> | string;
}

/** Probes until there is an answer. The deadline only turns a hanging test into one that says what it was waiting for. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined> | T | undefined,
  { deadlineMs = 60_000, everyMs = 20, onDeadline }: UntilOptions = {},
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) {
      const detail = await onDeadline?.();
      throw new Error(`Waited ${deadlineMs} ms for ${what}${detail === undefined ? '.' : `:\n${detail}`}`);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
