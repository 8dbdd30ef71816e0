/** Anything, in a message: not everything can be written as text. */
export function shown(value: unknown): string {
  if (typeof value === 'number') return String(value);
  try {
    return (JSON.stringify(value) as string | undefined)?.slice(0, 80) ?? `a ${typeof value}`;
  } catch {
    return `a ${typeof value}`;
  }
}
