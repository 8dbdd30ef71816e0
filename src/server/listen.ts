import { createAdaptorServer, getRequestListener } from '@hono/node-server';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorCode } from '../base/error-code.ts';
import type { PawlServer } from './create-server.ts';

export interface Listening {
  /** Where it answers. */
  readonly url: string;
  readonly port: number;
  /** Stops taking requests, ends live streams, and lets what is under way end. */
  close(): Promise<void>;
}

/**
 * What a server of Node calls with each request, and what Express, Fastify and the like take. Nothing may have read the body before: mount it
 * ahead of whatever parses bodies.
 */
export function nodeListener(server: PawlServer): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return getRequestListener(server.fetch, { overrideGlobalObjects: false });
}

/**
 * Serves it over HTTP on one address; 0 takes any free port. Rejects where the port is taken (`EADDRINUSE`) or may not be used (`EACCES`), and
 * where the address is not one of this machine (`EADDRNOTAVAIL`).
 */
export async function listen(server: PawlServer, { host, port }: { readonly host: string; readonly port: number }): Promise<Listening> {
  const http = createAdaptorServer({ fetch: server.fetch });
  try {
    http.listen(port, host);
    await once(http, 'listening');
  } catch (error) {
    throw explained(error, host, port);
  }
  const address = http.address() as AddressInfo;
  const shown = host === '::' || host === '0.0.0.0' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${shown}:${address.port}`,
    port: address.port,
    async close() {
      await server.close();
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      if ('closeIdleConnections' in http) http.closeIdleConnections();
      const patience = setTimeout(() => 'closeAllConnections' in http && http.closeAllConnections(), 2_000);
      await closed;
      clearTimeout(patience);
    },
  };
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this process may not: take a port above 1023, or give it the right to',
  EADDRINUSE: 'another process has it: end that one, or take another port',
  EADDRNOTAVAIL: 'no network of this machine has that address: take one that has, or 0.0.0.0 for all of them',
};

function explained(error: unknown, host: string, port: number): unknown {
  const code = errorCode(error);
  const reason = reasons[code];
  return reason ? Object.assign(new Error(`Cannot listen on port ${port} of ${host}: ${reason}.`, { cause: error }), { code }) : error;
}
