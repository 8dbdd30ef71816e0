import { Cron } from 'croner';
import { FlowError } from '../errors.ts';
import type { ScheduleTrigger } from './types.ts';

type Schedule = Pick<ScheduleTrigger, 'cron' | 'timezone' | 'catchUp'>;

/** A firing that comes later than this was missed: nobody worked when it was due. */
const graceMs = 60_000;
/** Firings made up for at a time; the rest follow at the next look. */
const mostAtOnce = 100;

/** The first occurrence after an instant, or undefined if there is none. Throws INVALID_INPUT for no cron or no time zone. */
export function nextOccurrence({ cron, timezone = 'UTC' }: Schedule, after: number): number | undefined {
  try {
    // Only the arithmetic: paused, it starts no timer (design: "never its timers").
    // A list of times is a list of times of day: by default it would be an interval, which a clock change skips or repeats.
    return new Cron(cron, { timezone, paused: true, fixedTimeRule: 'no-wildcard' }).nextRun(new Date(after))?.getTime();
  } catch (cause) {
    throw new FlowError('INVALID_INPUT', `"${cron}" in ${timezone} is not a schedule: ${(cause as Error).message}`, {
      cause,
    });
  }
}

export interface DueOccurrences {
  /** The occurrences to fire now, in order. */
  readonly fire: readonly number[];
  /** The one after them. */
  readonly nextFireAt: number | undefined;
}

/**
 * What a schedule owes at `now` when `nextFireAt` was its next occurrence. On time it is that one; of those missed,
 * `skip` fires none, `latest` only the last, `all` every one (flow.md §2, catch-up).
 */
export function dueOccurrences(schedule: Schedule, nextFireAt: number, now: number): DueOccurrences {
  const { catchUp = 'latest' } = schedule;
  if (catchUp === 'all') return everyOne(schedule, nextFireAt, now);
  // Counting through a year of missed minutes would take long and fire nothing: look back from now instead.
  const last = lastOccurrence(schedule, nextFireAt, now);
  const fires = catchUp === 'latest' || now - last <= graceMs;
  return { fire: fires ? [last] : [], nextFireAt: nextOccurrence(schedule, now) };
}

function everyOne(schedule: Schedule, nextFireAt: number, now: number): DueOccurrences {
  const fire: number[] = [];
  let at: number | undefined = nextFireAt;
  while (at !== undefined && at <= now && fire.length < mostAtOnce) {
    fire.push(at);
    at = nextOccurrence(schedule, at);
  }
  return { fire, nextFireAt: at };
}

/** The latest occurrence in `[from, now]`, of which `from` is one, by halving the time in which it can be. */
function lastOccurrence(schedule: Schedule, from: number, now: number): number {
  let [last, end] = [from, now];
  while (last < end) {
    const middle = last + Math.floor((end - last) / 2);
    const next = nextOccurrence(schedule, middle);
    if (next !== undefined && next <= now) last = next;
    else if (middle === last) return last;
    else end = middle;
  }
  return last;
}
