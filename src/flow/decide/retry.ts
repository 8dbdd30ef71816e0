import { backoffMs } from '../../base/backoff.ts';
import type { ExecutionError, RetryConfig } from '../types.ts';

const defaultInitialDelay = 1_000;
const defaultMaxDelay = 300_000;
/** However long a server asks us to stay away. */
const longestRetryAfter = 86_400_000;

/** Milliseconds until the next attempt, or undefined if there is none (flow.md §1 RetryConfig, §2 failure). */
export function retryDelay(
  retries: RetryConfig | undefined,
  { attempt, error, random }: { readonly attempt: number; readonly error: ExecutionError; readonly random: () => number },
): number | undefined {
  if (!retries || attempt > retries.maxAttempts || error.retryable === false) return undefined;
  if (retries.retryOn && !retries.retryOn.includes(error.code)) return undefined;
  const initial = Math.min(retries.initialDelay ?? defaultInitialDelay, retries.maxDelay ?? Number.POSITIVE_INFINITY);
  const cap = Math.max(initial, retries.maxDelay ?? defaultMaxDelay);
  const jitter = retries.jitter ? 0.5 : 0;
  const delay =
    retries.backoff === 'fixed'
      ? backoffMs({ baseMs: initial, capMs: initial, jitter }, 1, random)
      : backoffMs({ baseMs: initial, capMs: cap, jitter }, attempt, random);
  return Math.max(delay, askedFor(error));
}

function askedFor({ details }: ExecutionError): number {
  const asked = details?.retryAfterMs;
  return typeof asked === 'number' && asked > 0 ? Math.min(asked, longestRetryAfter) : 0;
}
