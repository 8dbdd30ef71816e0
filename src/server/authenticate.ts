import { type Caller, trustedCaller } from '../operate/caller.ts';
import { HttpError } from './problem.ts';
import type { RateLimit } from './rate-limit.ts';
import type { TokenBook } from './tokens.ts';

/** Who the host of the server says it is; undefined: nobody it knows. */
export type Authenticate = (request: Request) => Caller | undefined | Promise<Caller | undefined>;

export interface Authentication {
  /** Undefined: there are no tokens, so only this machine may come in. */
  readonly tokens: TokenBook | undefined;
  readonly authenticate: Authenticate | undefined;
  /** Of wrong tokens. */
  readonly guesses: RateLimit;
}

/** Where a request came from, as the server that received it knows. */
export interface Origin {
  /** The address of the other end; undefined: unknown. */
  readonly remoteAddress: string | undefined;
  /** The address of the client, as the host says (behind a proxy it is not the other end): it is what is counted by, and gives no right. */
  readonly clientAddress?: string | undefined;
}

/** In whose name a request acts; throws UNAUTHORIZED, or TOO_MANY_REQUESTS for who guesses. */
export async function callerOf(request: Request, { remoteAddress, clientAddress }: Origin, how: Authentication): Promise<Caller> {
  const own = await how.authenticate?.(request);
  if (own) return own;
  if (!how.tokens) {
    if (how.authenticate) throw new HttpError(401, 'UNAUTHORIZED', 'It is not known who asks.');
    expectThisMachine(request, remoteAddress);
    return trustedCaller('loopback', 'api');
  }
  const given = /^Bearer +(\S+) *$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  if (given === undefined) throw new HttpError(401, 'UNAUTHORIZED', 'Send a token of WORKFLOW_PAWL_TOKENS, as "Authorization: Bearer …".');
  // Who has guessed too often learns nothing more, not even that a guess was right. Only where the host says who the client is: behind a proxy
  // that it knows nothing of all come from one address, and who guesses must not keep everybody out.
  if (clientAddress !== undefined) how.guesses.expect(clientAddress);
  const token = how.tokens.find(given);
  if (token) return { name: token.name, scopes: token.scopes, tenantId: token.tenantId, via: 'api' };
  how.guesses.take(clientAddress ?? remoteAddress ?? 'unknown');
  throw new HttpError(401, 'UNAUTHORIZED', 'There is no such token.');
}

/** Without tokens whoever may use this machine may come in, and nobody else: also no page of another site, by a name that leads here. */
function expectThisMachine(request: Request, remoteAddress: string | undefined): void {
  const rule = 'Without WORKFLOW_PAWL_TOKENS only requests of this machine are answered';
  if (remoteAddress === undefined) throw new HttpError(401, 'UNAUTHORIZED', `${rule}, and it is not known where this one came from.`);
  if (!isLoopback(remoteAddress)) throw new HttpError(401, 'UNAUTHORIZED', `${rule}.`);
  const host = request.headers.get('host') ?? new URL(request.url).host;
  if (!isLoopbackHost(host.replace(/:\d+$/, ''))) throw new HttpError(401, 'UNAUTHORIZED', `${rule}, by the name of localhost.`);
  // A proxy on this machine may ask by the name of localhost for anybody.
  const trace = [...request.headers.keys()].find((name) => tracesOfProxy.test(name));
  if (trace !== undefined) {
    throw new HttpError(401, 'UNAUTHORIZED', `${rule}, and this one came through a proxy, as its header ${trace} says: set the tokens.`);
  }
}

const tracesOfProxy = /^(?:forwarded|x-forwarded-.*|x-real-ip|via)$/;

export function isLoopback(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\.\d+\.\d+\.\d+$/.test(address);
}

export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || isLoopback(host.replace(/^\[(.*)\]$/, '$1'));
}

/** A page of another site may not act here, whatever its visitor may: throws CROSS_ORIGIN. */
export function expectSameOrigin(request: Request, allowed: readonly string[]): void {
  const origin = request.headers.get('origin');
  if (origin === null || allowed.includes(origin)) return;
  const host = request.headers.get('host') ?? new URL(request.url).host;
  if (URL.canParse(origin) && new URL(origin).host === host) return;
  throw new HttpError(403, 'CROSS_ORIGIN', 'Pages of other sites may not use this API: name their origin in `cors` if they should.');
}
