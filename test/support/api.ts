import { onTestFinished } from 'vitest';
import { createWorld, type PawlWorld } from '../../src/index.ts';
import type { WorldEngine } from '../../src/connect/open-engine.ts';
import { createServer, type ServerOptions } from '../../src/server/index.ts';
import { scratchDatabase, type StoreName } from './any-store.ts';

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

export function apiOf(world: PawlWorld, fetch: (request: Request, info?: unknown) => Promise<Response>): Api {
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
  const request: Api['request'] = async (method, path, options) => {
    const response = await send(method, path, options);
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  };
  return {
    world,
    request,
    get: (path, options) => request('GET', path, options),
    post: (path, body, options) => request('POST', path, { ...options, body }),
    events: async (path, options) => readEvents(await send('GET', path, options)),
  };
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
