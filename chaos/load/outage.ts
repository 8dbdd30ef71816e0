import { pause } from './monotonic.ts';

/** What a database that is away makes of a call. */
export function isOutage(error: unknown): boolean {
  return /cannot be (?:used|reached)|broke before a commit|is away|ECONNRE|fetch failed|503|terminat|timeout|connect/i.test(
    [error, (error as Error).cause].map((part) => (part instanceof Error ? `${part.name} ${part.message}` : '')).join(' '),
  );
}

/** Asks until it is not refused. */
export async function persist<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (tries > 200 || !isOutage(error)) throw error;
      await pause(200);
    }
  }
}
