import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import { Hono } from 'hono';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { createWorld } from '../../src/index.ts';
import { createServer, listen, nodeListener, type PawlServer } from '../../src/server/index.ts';
import { scratchDatabase } from '../support/any-store.ts';
import { createCodeRun } from '../support/code-runs.ts';

// Its types are a package of their own.
const express = createRequire(import.meta.url)('express') as (() => ExpressApp) & { json(): RequestListener };
interface ExpressApp {
  (...args: Parameters<RequestListener>): void;
  use(...args: readonly unknown[]): void;
  get(path: string, handle: (request: unknown, response: { send(text: string): void }) => void): void;
}

const secret = 'mounted-secret-0123456789';
const tokens = `app:read+act:${secret}`;
const closes: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closes.splice(0).toReversed()) await close();
});

/** What each mount must do: answer, take a body, stream, and leave everything else to the app. */
describe.each<[string, (pawl: PawlServer) => Promise<string>]>([
  [
    'Node',
    async (pawl) => {
      const listener = nodeListener(pawl);
      return listenOn(
        createHttpServer((request, response) => (request.url === '/' ? response.end('app') : void listener(request, response))),
      );
    },
  ],
  [
    'Express',
    async (pawl) => {
      const app = express();
      app.use('/pawl', nodeListener(pawl));
      app.use(express.json());
      app.get('/', (_request, response) => response.send('app'));
      return listenOn(createHttpServer(app));
    },
  ],
  [
    'Fastify',
    async (pawl) => {
      const app = fastify({ forceCloseConnections: true });
      const listener = nodeListener(pawl);
      app.get('/', () => 'app');
      await app.register(async (scope) => {
        scope.removeAllContentTypeParsers();
        scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
        scope.all('/pawl/*', (request, reply) => {
          reply.hijack();
          void listener(request.raw, reply.raw);
        });
      });
      closes.push(() => app.close());
      return app.listen({ host: '127.0.0.1', port: 0 });
    },
  ],
  [
    'Hono',
    async (pawl) => {
      const app = new Hono();
      app.all('/pawl/*', (context) => pawl.fetch(context.req.raw, context.env));
      app.get('/', (context) => context.text('app'));
      const { serve } = await import('@hono/node-server');
      return listenOn(serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }) as Server, { listening: true });
    },
  ],
])('mounted in %s', (name, mount) => {
  it('answers below its path, and nothing else', async () => {
    const world = createWorld({ env: await scratchDatabase('SQLite'), apart: true });
    const pawl = createServer({ world, tokens, basePath: '/pawl' });
    onTestFinished(async () => {
      await pawl.close();
      await world.close();
    });
    const url = await mount(pawl);
    const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
    const base = `${url}/pawl/api/v1`;

    expect(await (await fetch(url)).text()).toBe('app');
    expect((await fetch(`${base}/me`)).status).toBe(401);
    expect(await (await fetch(`${base}/me`, { headers })).json()).toMatchObject({ name: 'app', auth: 'token' });
    const body = JSON.stringify({ workflow: 'workflow//./shop//mail', args: ['ä'] });
    const started = await fetch(`${base}/runs`, { method: 'POST', headers, body });
    expect(started.status, name).toBe(201);
    const { runId } = (await started.json()) as { runId: string };
    expect(await (await fetch(`${base}/runs/${runId}`, { headers })).json()).toMatchObject({ input: { json: ['ä'] } });

    const stop = new AbortController();
    const live = await fetch(`${base}/runs/live`, { headers, signal: stop.signal });
    expect(live.headers.get('content-type')).toContain('text/event-stream');
    await createCodeRun(world, 'letter');
    let text = '';
    for await (const chunk of live.body as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString();
      if (text.includes('"name":"letter"')) break;
    }
    stop.abort();
    expect(((await (await fetch(`${url}/pawl/openapi.json`, { headers })).json()) as { paths: object }).paths).toHaveProperty([
      '/pawl/api/v1/runs',
    ]);
  });
});

it('listens by itself, on loopback without a token', async () => {
  const world = createWorld({ env: await scratchDatabase('SQLite'), apart: true });
  const pawl = createServer({ world });
  const listening = await listen(pawl, { host: '127.0.0.1', port: 0 });
  expect(await (await fetch(`${listening.url}/api/v1/me`)).json()).toMatchObject({ auth: 'none' });
  await expect(listen(pawl, { host: '127.0.0.1', port: listening.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  // Who still listens to a stream does not keep it open.
  const live = await fetch(`${listening.url}/api/v1/runs/live`);
  await listening.close();
  expect(await live.text()).toContain(': pawl');
  await expect(fetch(`${listening.url}/livez`)).rejects.toThrow('fetch failed');
  await world.close();
});

async function listenOn(server: Server, { listening = false } = {}): Promise<string> {
  if (!listening) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  else if (!server.listening) await new Promise<void>((resolve) => server.once('listening', () => resolve()));
  closes.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
