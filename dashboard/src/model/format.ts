const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** A length of time for people, in at most two units: `340 ms`, `1.2 s`, `4 m 05 s`, `2 h 13 m`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms < second) return `${Math.round(ms)} ms`;
  // What would round up to the next unit is shown in that unit.
  if (ms < 9.95 * second) return `${(ms / second).toFixed(1)} s`;
  if (ms < 59.5 * second) return `${Math.round(ms / second)} s`;
  if (ms < hour - second / 2) return two(Math.round(ms / second), 60, 'm', 's');
  if (ms < day - minute / 2) return two(Math.round(ms / minute), 60, 'h', 'm');
  const hours = Math.round(ms / hour);
  return hours % 24 === 0 ? `${hours / 24} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** How long ago, or how far ahead, an instant is: `just now`, `12 s ago`, `in 5 min`, `3 d ago`. */
export function formatAgo(atMs: number, nowMs: number): string {
  const distance = Math.abs(nowMs - atMs);
  // Clocks of server and browser differ a little: what has just happened may lie ahead.
  if (distance < 2 * second) return 'just now';
  const text = coarse(distance);
  return atMs <= nowMs ? `${text} ago` : `in ${text}`;
}

/** An instant in the reader's time zone, to the second: `22 Nov 2026, 05:09:12`. */
export function formatInstant(atMs: number): string {
  return instantFormat.format(atMs);
}

/** The time of the day to the millisecond, for a log: `05:09:12.345`. */
export function formatClock(atMs: number): string {
  return clockFormat.format(atMs);
}

/** An instant on an axis that is so long: the time of the day, and over several days the day where one begins. */
export function formatAxis(atMs: number, spanMs: number): string {
  const clock = formatClock(atMs).slice(0, 5);
  return spanMs > 2 * day && clock === '00:00' ? dayFormat.format(atMs) : clock;
}

/** A whole number with separators, for people. */
export function formatCount(count: number): string {
  return countFormat.format(count);
}

/** `1 run`, `2 runs`, `1,204 runs`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** An id short enough for a column: what it begins with and what tells it from its neighbours. */
export function shortenId(id: string): string {
  return id.length <= 18 ? id : `${id.slice(0, 9)}…${id.slice(-7)}`;
}

/** A size in bytes for people: `840 B`, `12.5 KB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} KB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

const instantFormat = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

const clockFormat = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  hourCycle: 'h23',
});

const dayFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

const countFormat = new Intl.NumberFormat('en');

function two(amount: number, base: number, large: string, small: string): string {
  const rest = amount % base;
  return rest === 0 ? `${amount / base} ${large}` : `${Math.floor(amount / base)} ${large} ${String(rest).padStart(2, '0')} ${small}`;
}

function coarse(ms: number): string {
  if (ms < 59.5 * second) return `${Math.round(ms / second)} s`;
  if (ms < 59.5 * minute) return `${Math.round(ms / minute)} min`;
  if (ms < 47.5 * hour) return `${Math.round(ms / hour)} h`;
  return `${Math.round(ms / day)} d`;
}
