import { onTestFinished } from 'vitest';
import { createWorld, type PawlWorld } from '../../src/index.ts';
import type { WorldEngine } from '../../src/connect/open-engine.ts';
import { createServer, type PawlServer, type ServerOptions } from '../../src/server/index.ts';
import { scratchDatabase, type StoreName } from './any-store.ts';
import { type OpenApi, OpenApiCheck } from './openapi-check.ts';

export interface Api {
  readonly world: PawlWorld;
  /** A request from this machine; a value as body is sent as JSON. */
  request(method: string, path: string, options?: RequestOptions): Promise<Reply>;
  get(path: string, options?: RequestOptions): Promise<Reply>;
  post(path: string, body?: unknown, options?: RequestOptions): Promise<Reply>;
  /** The events of a live stream as they come. */
  events(path: string, options?: RequestOptions): Promise<LiveEvents>;
}

export interface RequestOptions {
  readonly token?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  readonly remoteAddress?: string | undefined;
  readonly url?: string;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into it as they like, and the schemas are checked apart.
  readonly body: any;
}

export interface LiveEvents extends AsyncIterator<{ event: string; data: Record<string, unknown> }, undefined> {
  /** The next event of that name. */
  nextOf(event: string): Promise<Record<string, unknown> | undefined>;
  cancel(): Promise<void>;
}

export const apiPrefix = '/api/v1';

/** The API of a database that nobody else uses. */
export async function openApi(
  store: StoreName,
  options: Partial<ServerOptions> & { env?: Record<string, string>; engineOf?: (world: PawlWorld) => WorldEngine } = {},
): Promise<Api> {
  const { env, engineOf, ...rest } = options;
  const world = createWorld({ env: { ...(await scratchDatabase(store)), ...env }, apart: true });
  const engine = engineOf?.(world);
  const server = createServer({ world, dashboard: false, ...(engine ? { engine } : {}), ...rest });
  onTestFinished(async () => {
    await server.close();
    await world.close();
  });
  return apiOf(world, server.fetch);
}

export function apiOf(world: PawlWorld, fetch: PawlServer['fetch']): Api {
  const send = (method: string, path: string, given: RequestOptions = {}) => {
    const { token, headers = {}, body, remoteAddress = '127.0.0.1', url = 'http://localhost:7295' } = given;
    const isRaw = typeof body === 'string' || body instanceof Uint8Array;
    const request = new Request(
      url + (path.startsWith('/api') || !path.startsWith('/') ? path : path.startsWith('//') ? path.slice(1) : apiPrefix + path),
      {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: (isRaw ? body : JSON.stringify(body)) as string }),
      },
    );
    return fetch(request, { remoteAddress: 'remoteAddress' in given ? given.remoteAddress : remoteAddress });
  };
  let description: ReturnType<typeof described> | undefined;
  const request: Api['request'] = async (method, path, options) => {
    const response = await send(method, path, options);
    const text = await response.text();
    const contentType = response.headers.get('content-type') ?? '';
    const body: unknown = /json/.test(contentType) ? JSON.parse(text) : text;
    description ??= described(fetch);
    const problem = (await description)?.problem({ method, path: apiPrefix + path, status: response.status, contentType, body });
    if (problem !== undefined) throw new Error(problem);
    return { status: response.status, headers: response.headers, body };
  };
  return {
    world,
    request,
    get: (path, options) => request('GET', path, options),
    post: (path, body, options) => request('POST', path, { ...options, body }),
    events: async (path, options) => readEvents(await send('GET', path, options)),
  };
}

const checks = new Map<string, OpenApiCheck>();

/** Every answer that a test gets is held against the description of the API, where the server gives one. */
async function described(fetch: PawlServer['fetch']): Promise<OpenApiCheck | undefined> {
  const response = await fetch(new Request('http://localhost/openapi.json'));
  if (response.status !== 200) return undefined;
  const text = await response.text();
  const check = checks.get(text) ?? new OpenApiCheck(JSON.parse(text) as OpenApi);
  checks.set(text, check);
  return check;
}

function readEvents(response: Response): LiveEvents {
  if (response.status !== 200 || !response.body) throw new Error(`The stream was answered with ${response.status}.`);
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  const next: LiveEvents['next'] = async () => {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end >= 0) {
        const block = text.slice(0, end);
        text = text.slice(end + 2);
        const event = /^event: (.*)$/m.exec(block)?.[1];
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (event !== undefined && data !== undefined)
          return { done: false, value: { event, data: JSON.parse(data) as Record<string, unknown> } };
        continue;
      }
      const { done, value } = await reader.read();
      if (done) return { done: true, value: undefined };
      text += decoder.decode(value, { stream: true });
    }
  };
  return {
    next,
    async nextOf(event) {
      for (;;) {
        const result = await next();
        if (result.done) return undefined;
        if (result.value.event === event) return result.value.data;
      }
    },
    cancel: () => reader.cancel(),
  };
}
