import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Hono } from 'hono';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { insidesOf, type PawlWorld } from '../connect/create-world.ts';
import type { WorldEngine } from '../connect/open-engine.ts';
import { type Caller, trustedCaller } from '../operate/caller.ts';
import { createOperator, type Redact } from '../operate/operator.ts';
import { expectWhole } from '../operate/system.ts';
import { ownVersion } from '../operate/version.ts';
import { type Authenticate, type Authentication, callerOf, expectSameOrigin, type Origin } from './authenticate.ts';
import { Connections } from './connections.ts';
import { readyResponse, Readiness } from './health.ts';
import { reportedErrors } from './internal-error.ts';
import { openApiDocument } from './openapi.ts';
import { Metrics } from './metrics.ts';
import { HttpError } from './problem.ts';
import { redactedLogger } from './redacted-logger.ts';
import { RateLimit } from './rate-limit.ts';
import { mountRoutes } from './mount-routes.ts';
import type { Route } from './route.ts';
import { actionRoutes } from './routes/actions.ts';
import { flowRoutes } from './routes/flows.ts';
import { liveRoutes } from './routes/live.ts';
import { runRoutes } from './routes/runs.ts';
import { systemRoutes } from './routes/system.ts';
import { triggerRoutes, webhookRoutes } from './routes/triggers.ts';
import { preflight, secured } from './security-headers.ts';
import { StaticFiles } from './static-files.ts';
import { type ApiToken, parseTokens, TokenBook } from './tokens.ts';

export interface ServerOptions {
  readonly world: PawlWorld;
  /** Whose handlers flows are checked against; default: the built-in ones. */
  readonly engine?: WorldEngine;
  /** As `WORKFLOW_PAWL_TOKENS`, which is the default. Without any, only this machine is let in. */
  readonly tokens?: string | readonly ApiToken[];
  /** The app's own way to know who asks; asked before the tokens. */
  readonly authenticate?: Authenticate;
  /** The path below which it is mounted, such as `/pawl`; default: the root. */
  readonly basePath?: string;
  /** Nothing but these, for an address that others can reach. */
  readonly only?: readonly ('resume' | 'triggers')[];
  /** Origins whose pages may use the API; default: none but its own. */
  readonly cors?: readonly string[];
  /** A folder with the dashboard's files; default: the one of this package, if it is there. False: none. */
  readonly dashboard?: string | false;
  /** Changes what logs, API and dashboard show of payloads and errors. */
  readonly redact?: Redact;
  /** False: payloads that are encrypted stay so, whatever keys this process has. */
  readonly decrypt?: boolean;
  /** Default 1 MiB. */
  readonly maxBodyBytes?: number;
  /** Requests to resume and trigger routes, of one address in a minute; default 120. Where no address is known they are not counted. */
  readonly requestsPerMinute?: number;
  /**
   * Whose requests and wrong tokens are counted together, such as what a proxy that you trust says of the client; default: the address of the
   * other end. It gives no right. An address that it names and that has sent too many wrong tokens is held up with a right one too.
   */
  readonly clientAddress?: (request: Request) => string | undefined;
  /** Live streams at the same time; default 500. */
  readonly maxStreams?: number;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** What a server that calls `fetch` knows beside the request. */
export interface FetchInfo {
  /** Where the request came from; needed where there are no tokens. */
  readonly remoteAddress?: string | undefined;
}

export interface PawlServer {
  /** Answers a request. It uses the World, and never starts a worker. */
  readonly fetch: (request: Request, info?: unknown) => Promise<Response>;
  /** Opens the database, so that what happens from now on is counted; a first scrape of the metrics does it otherwise. */
  open(): Promise<void>;
  /** Ends live streams; the World stays as it is. */
  close(): Promise<void>;
}

const prefix = '/api/v1';
const minute = { usual: 120, guesses: 30 };

/** The HTTP API and the dashboard of a World, for whatever serves a `fetch`. Throws INVALID_SETTING for tokens that are none. */
export function createServer(options: ServerOptions): PawlServer {
  const {
    world,
    engine,
    redact,
    decrypt,
    cors = [],
    only,
    maxBodyBytes = 2 ** 20,
    requestsPerMinute = minute.usual,
    maxStreams = 500,
  } = options;
  const insides = insidesOf(world);
  const { clock = insides.flows.clock } = options;
  const logger = redactedLogger(options.logger ?? insides.flows.logger, redact);
  const basePath = cleanBase(options.basePath ?? '');
  const operator = createOperator({ world, engine, redact, logger, ...(decrypt === undefined ? {} : { decrypt }) });
  const how: Authentication = {
    tokens: bookOf(options.tokens ?? insides.settings().tokens),
    authenticate: options.authenticate,
    guesses: new RateLimit({ perMinute: minute.guesses, clock }),
  };
  const originOf = (request: Request, { remoteAddress }: FetchInfo): Origin => ({
    remoteAddress,
    clientAddress: options.clientAddress?.(request),
  });
  const requests = new RateLimit({ perMinute: requestsPerMinute, clock });
  const connections = new Connections(maxStreams);
  const routes = allRoutes(maxBodyBytes).filter(({ exposed }) => !only || (exposed && only.includes(exposed)));
  const readiness = new Readiness(operator);
  const metrics = new Metrics(operator);
  const app = new Hono<{ Bindings: { info: FetchInfo } }>();

  mountRoutes(app, {
    routes,
    prefix,
    maxBodyBytes,
    clock,
    logger,
    connections,
    async operatorFor(route, request, info) {
      const origin = originOf(request, info);
      // A token is sent on purpose; an address or a cookie goes along with whatever page asks.
      if (!how.tokens || how.authenticate) expectSameOrigin(request, cors);
      // Those of unknown addresses are not one client: counted together, any of them could keep out all others.
      const countedBy = origin.clientAddress ?? origin.remoteAddress;
      if (route.exposed && countedBy !== undefined) requests.take(countedBy);
      const caller = route.access === 'public' ? publicCaller(route) : await callerOf(request, origin, how);
      return { operator: operator.as(caller), auth: how.tokens || how.authenticate ? 'token' : 'none' };
    },
  });
  app.get('/livez', () => new Response('ok\n', { headers: { 'content-type': 'text/plain' } }));
  if (!only) {
    app.get('/metrics', async (context) => {
      const caller = await callerOf(context.req.raw, originOf(context.req.raw, context.env.info), how);
      expectWhole(caller);
      return metrics.response();
    });
    app.get('/readyz', () => readyResponse(readiness, logger));
    let description: string | undefined;
    app.get('/openapi.json', () => {
      description ??= JSON.stringify(openApiDocument(routes, { base: basePath, prefix, version: ownVersion() }));
      return new Response(description, { headers: { 'content-type': 'application/json' } });
    });
  }
  const files = only ? undefined : openDashboard(options.dashboard, basePath);
  app.notFound((context) => {
    const { path } = context.req;
    const file = path.startsWith('/api/') ? undefined : files?.answer(context.req.raw, path);
    if (file) return file;
    throw new HttpError(404, 'NOT_FOUND', `There is nothing at ${path}.`);
  });
  const report = reportedErrors(logger);
  app.onError((error, context) => report(error, context.req.path));

  const answer = async (request: Request, info: FetchInfo) => {
    if (request.method === 'OPTIONS') return preflight(request, cors);
    return app.fetch(withoutBase(request, basePath), { info });
  };
  return {
    fetch: async (request, info) => secured(await answer(request, infoOf(info)), { request, cors }),
    open: () => metrics.attach(),
    async close() {
      connections.endAll();
      metrics.detach();
    },
  };
}

function allRoutes(maxBodyBytes: number): readonly Route[] {
  // What is named comes before what takes any name.
  return [...liveRoutes, ...runRoutes, ...actionRoutes, ...flowRoutes, ...triggerRoutes, ...webhookRoutes(maxBodyBytes), ...systemRoutes];
}

function bookOf(tokens: string | readonly ApiToken[] | undefined): TokenBook | undefined {
  if (tokens === undefined) return undefined;
  return new TokenBook(typeof tokens === 'string' ? parseTokens(tokens) : tokens);
}

/** Its right is the token or the signature that it brings. */
function publicCaller({ exposed }: Route): Caller {
  return trustedCaller(exposed === 'resume' ? 'resume token' : 'webhook', 'api');
}

function openDashboard(given: string | false | undefined, basePath: string): StaticFiles | undefined {
  if (given === false) return undefined;
  const folder = given ?? fileURLToPath(new URL('../dashboard/', import.meta.url));
  return existsSync(folder) ? new StaticFiles(folder, { basePath }) : undefined;
}

function cleanBase(basePath: string): string {
  const clean = `/${basePath}`.replaceAll(/\/+/g, '/').replace(/\/$/, '');
  if (!/^(?:\/[\w.~-]+)*$/.test(clean))
    throw Object.assign(new Error(`basePath "${basePath}" must be a path such as /pawl.`), { code: 'INVALID_SETTING' });
  return clean;
}

/** The request as it would be at the root. */
function withoutBase(request: Request, basePath: string): Request {
  if (basePath === '') return request;
  const url = new URL(request.url);
  if (url.pathname !== basePath && !url.pathname.startsWith(`${basePath}/`)) return request;
  url.pathname = url.pathname.slice(basePath.length) || '/';
  return new Request(url, request);
}

/** `{ remoteAddress }`, or what Hono's server for Node gives. */
function infoOf(given: unknown): FetchInfo {
  const { remoteAddress, incoming } = (given ?? {}) as { remoteAddress?: unknown; incoming?: { socket?: { remoteAddress?: unknown } } };
  const address = remoteAddress ?? incoming?.socket?.remoteAddress;
  return { remoteAddress: typeof address === 'string' ? address : undefined };
}
