import type { Context, Hono } from 'hono';
import type { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { describeError, type Logger } from '../base/logger.ts';
import { audited } from '../operate/audit.ts';
import { expectScope, mayDo } from '../operate/caller.ts';
import { invalid } from '../operate/errors.ts';
import type { Operator } from '../operate/operator.ts';
import type { Connections } from './connections.ts';
import { HttpError } from './problem.ts';
import { readJson } from './read-body.ts';
import type { Answer, Route } from './route.ts';
import { sseHeaders, sseResponse } from './sse.ts';

export interface MountOptions {
  readonly routes: readonly Route[];
  readonly prefix: string;
  readonly maxBodyBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly connections: Connections;
  readonly operatorFor: (
    route: Route,
    request: Request,
    info: { readonly remoteAddress?: string | undefined },
  ) => Promise<{ readonly operator: Operator; readonly auth: 'none' | 'token' }>;
}

type App = Hono<{ Bindings: { info: { readonly remoteAddress?: string | undefined } } }>;

/** Makes the routes answer: who asks is known before anything of the request is read. */
export function mountRoutes(app: App, options: MountOptions): void {
  const { routes, prefix } = options;
  for (const route of routes) {
    app.on(route.method.toUpperCase(), prefix + route.path, (context) => answer(context, route, options));
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    const allowed = routes.filter((route) => route.path === path).map(({ method }) => method.toUpperCase());
    app.all(prefix + path, () => {
      throw new HttpError(405, 'METHOD_NOT_ALLOWED', `This takes ${allowed.join(', ')}.`, { headers: { allow: allowed.join(', ') } });
    });
  }
}

async function answer(context: Context, route: Route, options: MountOptions): Promise<Response> {
  const { maxBodyBytes, operatorFor } = options;
  const request = context.req.raw;
  const { operator, auth } = await operatorFor(route, request, context.env.info);
  await expectRight(operator, route, context.req.param());
  const params = check(route.params, context.req.param(), 'params');
  const query = check(route.query, context.req.query(), 'query');
  const headers = check(route.headers, headersOf(request, route.headers), 'headers');
  const body = route.body && !route.rawBody ? check(route.body, await readJson(request, maxBodyBytes), '') : undefined;
  const input = { operator, auth, params, query, headers, body, ...(route.rawBody ? { request } : {}) } as Parameters<Route['handle']>[0];
  return respond(await route.handle(input), request, options);
}

/** Throws FORBIDDEN. An act that is refused leaves its line, though nothing of the request but its path is read. */
async function expectRight(operator: Operator, { access, act, params }: Route, given: Record<string, string>): Promise<void> {
  if (access === 'public' || access === 'anyone') return;
  if (act === undefined || mayDo(operator.caller, access)) return expectScope(operator.caller, access);
  // What is no id of anything is not kept.
  const { id: target = null } = (params?.safeParse(given).data ?? {}) as { readonly id?: string };
  await audited(operator, { action: act, target, scope: access }, async () => {});
}

function respond(given: Answer, request: Request, { clock, connections, logger }: MountOptions): Response {
  if ('json' in given) return Response.json(given.json, { status: given.status ?? 200 });
  if ('response' in given) return given.response;
  // Hono answers HEAD as GET and leaves the body unread: a connection would never end.
  if (request.method === 'HEAD') return new Response(null, { headers: sseHeaders });
  const stop = connections.begin();
  const signal = AbortSignal.any([stop.signal, request.signal]);
  const { pathname } = new URL(request.url);
  return sseResponse(given.events(signal), {
    clock,
    signal,
    stop,
    onEnd: () => connections.end(stop),
    onError: (error) => logger.error(`The live stream ${pathname} broke off: ${describeError(error)}`),
  });
}

/** Those that the route declares, by the names that it has for them. */
function headersOf({ headers }: Request, schema: z.ZodObject | undefined): Record<string, string> {
  const given = Object.keys(schema?.shape ?? {}).map((name) => [name, headers.get(name)] as const);
  return Object.fromEntries(given.filter((entry): entry is [string, string] => entry[1] !== null));
}

/** What the schema makes of it; throws INVALID_INPUT with every problem at its pointer. */
function check(schema: z.ZodType | undefined, given: unknown, where: string): unknown {
  if (!schema) return undefined;
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => ({
    pointer: [...(where === '' ? [] : [where]), ...path]
      .map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`)
      .join(''),
    message,
  }));
  const [first] = problems;
  throw invalid(`The request does not fit: ${first?.pointer || 'the body'}: ${first?.message ?? 'wrong'}.`, problems);
}
