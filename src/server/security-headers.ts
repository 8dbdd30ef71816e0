/** What every answer says to browsers, and to the pages of other sites that may use the API. */
export function secured(response: Response, { request, cors }: { readonly request: Request; readonly cors: readonly string[] }): Response {
  const headers = new Headers(response.headers);
  const set = (name: string, value: string) => {
    if (!headers.has(name)) headers.set(name, value);
  };
  set('x-content-type-options', 'nosniff');
  set('referrer-policy', 'no-referrer');
  set('x-frame-options', 'DENY');
  set('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
  set('cross-origin-opener-policy', 'same-origin');
  set('cross-origin-resource-policy', 'same-origin');
  set('permissions-policy', 'camera=(), geolocation=(), microphone=()');
  set('cache-control', 'no-store');
  const origin = request.headers.get('origin');
  if (origin !== null && cors.includes(origin)) {
    headers.set('access-control-allow-origin', origin);
    headers.set('cross-origin-resource-policy', 'cross-origin');
    headers.append('vary', 'Origin');
  }
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}

/** The answer to the question that browsers ask first; it says nothing to those who may not. */
export function preflight(request: Request, cors: readonly string[]): Response {
  const origin = request.headers.get('origin') ?? '';
  if (!cors.includes(origin)) return new Response(null, { status: 204 });
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers': 'authorization, content-type, idempotency-key, last-event-id, x-pawl-resume-token',
      'access-control-max-age': '600',
    },
  });
}
