/** What may come of an input: anything but a fault of ours. */
export type Outcome = { readonly ok: true } | { readonly error: unknown };

// Raised by JavaScript itself where something was not checked; the SDK's and our own errors have names and codes of their own.
const careless = new Set(['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError', 'AssertionError']);

/** A sentence if this outcome is a fault; undefined if it is an answer. */
export function faultOf(outcome: Outcome): string | undefined {
  if ('ok' in outcome) return undefined;
  const { error } = outcome;
  if (!(error instanceof Error)) return `${String(error)} was thrown, which is no error`;
  const { status, code } = error as { status?: unknown; code?: unknown };
  if (typeof status === 'number' && status >= 500) return `${error.name} with status ${status}: ${error.message.slice(0, 200)}`;
  if (careless.has(error.name) && code === undefined) return `${error.stack?.split('\n').slice(0, 4).join(' | ')}`;
  if (typeof code === 'string' && /^ERR_SQLITE|^SQLITE|^[0-9A-Z]{5}$/.test(code))
    return `an error of the database: ${code} ${error.message.slice(0, 200)}`;
  return undefined;
}

/** Runs one input; says what was wrong with what came of it, a second of thinking included. */
export async function tryInput(act: () => unknown): Promise<string | undefined> {
  const before = process.cpuUsage();
  let outcome: Outcome;
  try {
    await act();
    outcome = { ok: true };
  } catch (error) {
    outcome = { error };
  }
  const { user, system } = process.cpuUsage(before);
  // Of this process's own time: a busy machine must not look like a slow answer.
  if (user + system > 1_000_000) return `it took ${Math.round((user + system) / 1_000)} ms`;
  return faultOf(outcome);
}
