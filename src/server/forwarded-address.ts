/**
 * The address that the n-th trusted proxy from here was asked by, as X-Forwarded-For says; undefined where it says less. Whatever stands
 * before it may be made up by whoever asks.
 */
export function forwardedAddress(request: Request, proxies: number): string | undefined {
  const entry = request.headers.get('x-forwarded-for')?.split(',').at(-proxies);
  return entry?.trim() || undefined;
}
