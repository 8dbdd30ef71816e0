import type { Operator } from '../operate/operator.ts';
import { isLoopbackHost } from '../server/authenticate.ts';
import { type Listening, listen } from '../server/listen.ts';
import { RateLimit } from '../server/rate-limit.ts';
import { parseTokens, TokenBook } from '../server/tokens.ts';
import { createMcpEndpoint } from './mcp-endpoint.ts';

export interface ServeMcpOptions {
  readonly operator: Operator;
  /** As `WORKFLOW_PAWL_TOKENS`; undefined: only this machine is let in, and only on loopback. */
  readonly tokens: string | undefined;
  readonly host: string;
  /** 0: any. */
  readonly port: number;
}

const guessesPerMinute = 30;

/** Speaks the protocol at `/mcp`. Throws INVALID_SETTING for an address that others can reach where there are no tokens. */
export async function serveMcp({ operator, tokens, host, port }: ServeMcpOptions): Promise<Listening> {
  if (tokens === undefined && !isLoopbackHost(host)) {
    const rule = `WORKFLOW_PAWL_TOKENS must be set to listen on ${host}: without tokens only this machine is let in.`;
    throw Object.assign(new Error(rule), { code: 'INVALID_SETTING' });
  }
  const endpoint = createMcpEndpoint({
    operator,
    authentication: {
      tokens: tokens === undefined ? undefined : new TokenBook(parseTokens(tokens)),
      authenticate: undefined,
      guesses: new RateLimit({ perMinute: guessesPerMinute, clock: operator.clock }),
    },
  });
  const fetch = async (request: Request, info?: unknown) => {
    if (new URL(request.url).pathname !== '/mcp') return new Response('The endpoint is /mcp.\n', { status: 404 });
    const { incoming } = (info ?? {}) as { incoming?: { socket?: { remoteAddress?: string } } };
    return endpoint(request, { remoteAddress: incoming?.socket?.remoteAddress });
  };
  return listen({ fetch, open: async () => {}, close: async () => {} }, { host, port });
}
