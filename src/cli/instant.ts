/** An instant as people read it, to the second. */
export function showInstant(at: Date | number | null | undefined): string {
  return at == null ? '-' : new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}
