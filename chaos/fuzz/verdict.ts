import { RunNotSupportedError, WorkflowWorldError } from '@workflow/errors';
import { FlowError } from '../../src/flow/errors.ts';
import { OperateError } from '../../src/operate/errors.ts';
import { sdkRefusals } from '../sdk-refusals.ts';

/** What may come of an input: anything but a fault of ours. */
export type Outcome = { readonly ok: true } | { readonly error: unknown };

const named = [FlowError, OperateError, RunNotSupportedError, ...sdkRefusals] as const;
// Of those that have no class of their own.
const codes = new Set<unknown>(['INVALID_SETTING', 'SCHEMA_TOO_NEW', 'DAMAGED_VALUE']);

/** A sentence if this outcome is a fault; undefined if it is an answer: a value, or an error that somebody meant. */
export function faultOf(outcome: Outcome): string | undefined {
  if ('ok' in outcome) return undefined;
  const { error } = outcome;
  if (!(error instanceof Error)) return `${String(error)} was thrown, which is no error`;
  const { status } = error as { status?: unknown };
  if (typeof status === 'number' && status >= 500) return `${error.name} with status ${status}: ${error.message.slice(0, 200)}`;
  return isMeant(error) ? undefined : describe(error);
}

// Far longer than anything takes by itself, on a machine that is busy with other things.
const longestWaitMs = 20_000;

/** Runs one input; says what was wrong with what came of it, a second of thinking included, or twenty of waiting. */
export async function tryInput(act: () => unknown): Promise<string | undefined> {
  const before = process.cpuUsage();
  const beganAt = performance.now();
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
  const waited = performance.now() - beganAt;
  if (waited > longestWaitMs) return `it took ${Math.round(waited)} ms, most of them of waiting`;
  return faultOf(outcome);
}

// Only what is on the list: an error of JavaScript, Node, the database or a package may have a code too.
function isMeant(error: Error): boolean {
  const { status, code } = error as { status?: unknown; code?: unknown };
  if (named.some((one) => error instanceof one)) return true;
  // The SDK takes one without a status for a fault of the World.
  if (error instanceof WorkflowWorldError) return typeof status === 'number';
  return error.constructor === Error && codes.has(code);
}

function describe(error: Error): string {
  const { code } = error as { code?: string | number };
  const frames = error.stack?.split('\n').filter((line) => line.startsWith('    at ')) ?? [];
  return [
    `${error.name}${code === undefined ? '' : ` with code ${String(code)}`}: ${error.message.slice(0, 200)}`,
    ...frames.slice(0, 4).map((line) => line.trim()),
  ].join(' | ');
}
