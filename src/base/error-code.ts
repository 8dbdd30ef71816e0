/** The code of an error, for whoever tells errors apart by that; `ERROR` for one that has none. */
export function errorCode(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : 'ERROR';
}
