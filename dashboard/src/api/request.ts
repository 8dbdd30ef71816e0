import { Problem } from './problem.ts';
import { session } from './session.ts';

const prefix = 'api/v1';

export type Query = Readonly<Record<string, string | number | undefined>>;

export interface RequestOptions {
  readonly query?: Query;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** Asks the API and gives the answer's JSON. Throws a `Problem`, but an abort as the abort it is. */
export async function request<T>(method: 'GET' | 'POST', path: string, options: RequestOptions = {}): Promise<T> {
  const response = await send(method, path, options);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** Asks the API and gives the answer as it comes, for streams. Throws as `request` does. */
export async function send(method: 'GET' | 'POST', path: string, { query, body, headers, signal }: RequestOptions): Promise<Response> {
  const init: RequestInit = {
    method,
    headers: {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(session.token === undefined ? {} : { authorization: `Bearer ${session.token}` }),
      ...headers,
    },
    cache: 'no-store',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  };
  const response = await fetch(new URL(`${prefix}${path}${formatQuery(query)}`, document.baseURI), init).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw Problem.unreachable(error);
  });
  if (response.ok) return response;
  if (response.status === 401) session.refused();
  throw await Problem.of(response);
}

function formatQuery(query: Query = {}): string {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}
