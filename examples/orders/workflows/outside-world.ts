import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Stands in for a service outside that honours idempotency keys: an append-only file with one
 * entry per key. Asking again with the same key gives the first answer and writes nothing.
 */
export function recordOnce<T extends object>(file: string, key: string, make: () => T): { entry: T; known: boolean } {
  const path = join(outsideFolder(), file);
  const earlier = readEntries<T>(path).find((entry) => entry.key === key);
  if (earlier) return { entry: earlier, known: true };
  // Read and append happen in one turn of the event loop, and only one worker runs at a time.
  const entry = { key, ...make() };
  appendFileSync(path, `${JSON.stringify(entry)}\n`);
  return { entry, known: false };
}

export function entriesOf<T extends object>(file: string): readonly T[] {
  return readEntries<T>(join(outsideFolder(), file));
}

/** The time a call to a service takes. */
export function latency(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function readEntries<T>(path: string): (T & { key: string })[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line));
}

function outsideFolder(): string {
  const folder = process.env.ORDERS_OUTSIDE_DIR;
  if (!folder) throw new Error('ORDERS_OUTSIDE_DIR is not set; start the example with `npm start`.');
  return folder;
}
