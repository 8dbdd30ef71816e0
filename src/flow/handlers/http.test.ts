import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { TestHarness } from '../testing/harness.ts';
import { buildFlow, type StepSketch } from '../testing/build-flow.ts';
import { isPrivateAddress, type Lookup } from './address-guard.ts';
import { httpHandler, type HttpHandlerOptions } from './http.ts';

// Never the time it takes; only how long a machine may stand still meanwhile.
vi.setConfig({ testTimeout: 60_000 });

let server: Server;
let base: string;
let seen: { method: string | undefined; url: string | undefined; headers: IncomingMessage['headers']; body: string }[] = [];
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    seen.push({ method: request.method, url: request.url, headers: request.headers, body });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  seen = [];
  answer = (_request, response) => json(response, 200, { ok: true });
});

function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

async function run(
  config: object,
  {
    step = {},
    options = { allowPrivateAddresses: true },
    context = {},
  }: { step?: StepSketch; options?: HttpHandlerOptions; context?: Record<string, unknown> } = {},
) {
  const sketch = {
    type: 'http',
    config: config as Record<string, unknown>,
    input: { type: 'static', value: null } as const,
    outputKey: 'out',
    ...step,
  };
  const harness = new TestHarness({ flows: [buildFlow({ call: sketch })], handlers: [httpHandler(options)] });
  return { harness, execution: await harness.run('flow', context) };
}

describe('a request', () => {
  it('sends JSON with an idempotency key, and reads JSON', async () => {
    const { execution } = await run({
      url: `${base}/orders`,
      method: 'POST',
      headers: { 'X-One': '1' },
      query: { a: 'b c' },
      body: { n: 1 },
    });
    expect(execution.context.out).toMatchObject({
      status: 200,
      body: { ok: true },
      headers: { 'content-type': 'application/json' },
    });
    expect(seen[0]).toMatchObject({ method: 'POST', url: '/orders?a=b+c', body: '{"n":1}' });
    expect(seen[0]?.headers).toMatchObject({
      'x-one': '1',
      'content-type': 'application/json',
      'idempotency-key': `${execution.id}:call:1`,
    });
  });

  it('takes its parts from the input before the config', async () => {
    const input = {
      type: 'template',
      template: { url: '${api}/users/${id}', headers: { authorization: 'Bearer ${token}' } },
    } as const;
    await run({ method: 'GET' }, { step: { input }, context: { api: base, id: 7, token: 't' } });
    expect(seen[0]).toMatchObject({ method: 'GET', url: '/users/7', headers: { authorization: 'Bearer t' } });
  });

  it.each([
    ['text', 'text', 'höflich'],
    ['base64', 'base64', Buffer.from('höflich').toString('base64')],
    ['none', 'none', null],
  ])('reads the answer as %s', async (_name, responseType, body) => {
    answer = (_request, response) => response.end('höflich');
    expect((await run({ url: base, responseType })).execution.context.out).toMatchObject({ body });
  });

  it('fails finally on what is no URL and no JSON', async () => {
    expect((await run({ url: 'not a url' })).execution.error).toMatchObject({ code: 'INVALID_INPUT' });
    expect((await run({ url: 'file:///etc/passwd' })).execution.error).toMatchObject({
      code: 'HANDLER_ERROR',
      retryable: false,
    });
    answer = (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{');
    expect((await run({ url: base })).execution.error).toMatchObject({ code: 'HANDLER_ERROR', retryable: false });
    expect(seen).toHaveLength(1);
  });
});

describe('failures', () => {
  it('tries 429 and 5xx again, three times unless the step says otherwise', async () => {
    const statuses = [503, 500, 429, 200];
    answer = (_request, response) => json(response, statuses[seen.length - 1] ?? 200, {});
    expect((await run({ url: base })).execution.status).toBe('completed');
    expect(seen).toHaveLength(4);
    seen = [];
    answer = (_request, response) => json(response, 502, { why: 'down' });
    const { execution } = await run({ url: base }, { step: { retries: { maxAttempts: 0 } } });
    expect(execution.error).toMatchObject({ code: 'HANDLER_ERROR', details: { status: 502, body: '{"why":"down"}' } });
    expect(seen).toHaveLength(1);
  });

  it.each([
    ['seconds', () => '120'],
    ['a date', (now: number) => new Date(now + 120_000).toUTCString()],
  ])('stays away as long as Retry-After says, in %s', async (_name, header) => {
    const start = Date.UTC(2026, 0, 1);
    answer = (_request, response) =>
      seen.length === 1 ? json(response, 429, {}, { 'retry-after': header(start) }) : json(response, 200, {});
    const { harness, execution } = await run({ url: base });
    expect(execution.status).toBe('completed');
    expect(harness.clock.now() - start).toBe(120_000);
  });

  it('does not try 4xx again', async () => {
    answer = (_request, response) => json(response, 404, {});
    expect((await run({ url: base })).execution.error).toMatchObject({
      message: expect.stringContaining('answered 404'),
      retryable: false,
    });
    expect(seen).toHaveLength(1);
    expect((await run({ url: base, expectStatus: [200, 404] })).execution.context.out).toMatchObject({ status: 404 });
  });

  it('tries again when nobody answers', async () => {
    const { execution } = await run({ url: 'http://127.0.0.1:1' }, { step: { retries: { maxAttempts: 1 } } });
    expect(execution.error).toMatchObject({ code: 'HANDLER_ERROR', details: { errorCode: 'ECONNREFUSED' } });
    expect(execution.history).toHaveLength(2);
  });

  it('stops reading an answer that is too large', async () => {
    answer = (_request, response) => {
      response.writeHead(200);
      response.end('x'.repeat(200_000));
    };
    const { execution } = await run(
      { url: base, maxResponseBytes: 100_000_000 },
      { options: { allowPrivateAddresses: true, maxResponseBytes: 1_000 } },
    );
    expect(execution.error).toMatchObject({ retryable: false, details: { errorCode: 'ETOOLARGE' } });
  });
});

describe('redirects', () => {
  it('are followed, without personal headers to another origin', async () => {
    answer = (request, response) => {
      if (request.url === '/from') return response.writeHead(302, { location: '/to' }).end();
      return json(response, 200, { at: request.url });
    };
    const { execution } = await run({
      url: `${base}/from`,
      method: 'POST',
      body: {},
      headers: { authorization: 'secret' },
    });
    expect(execution.context.out).toMatchObject({ body: { at: '/to' } });
    expect(seen.map(({ method }) => method)).toEqual(['POST', 'GET']);
    expect(seen[1]?.headers.authorization).toBe('secret');
    const port = new URL(base).port;
    answer = (request, response) =>
      request.headers.host?.startsWith('127')
        ? response.writeHead(307, { location: `http://localhost:${port}/` }).end()
        : json(response, 200, {});
    seen = [];
    await run({ url: base, headers: { authorization: 'secret' } });
    expect(seen.at(-1)?.headers).not.toHaveProperty('authorization');
  });

  it('end after maxRedirects, and 0 hands the redirect itself over', async () => {
    answer = (_request, response) => response.writeHead(302, { location: '/again' }).end();
    expect((await run({ url: base, maxRedirects: 2 })).execution.error).toMatchObject({
      details: { errorCode: 'EREDIRECT' },
    });
    expect(seen).toHaveLength(3);
    expect((await run({ url: base, maxRedirects: 0, expectStatus: [302] })).execution.context.out).toMatchObject({
      status: 302,
    });
  });
});

describe('private addresses', () => {
  const refused = { retryable: false, details: { errorCode: 'EPRIVATE' } };

  it.each([
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    'localhost',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '10.1.2.3',
    '169.254.169.254',
    '192.168.0.1',
    '0.0.0.0',
  ])('are refused: %s', async (host) => {
    const { port } = new URL(base);
    expect((await run({ url: `http://${host}:${port}/` }, { options: {} })).execution.error).toMatchObject(refused);
    expect(seen).toHaveLength(0);
  });

  it('are refused behind a name, and a name that changes its mind gains nothing', async () => {
    let lookups = 0;
    const rebinding = ((_host: string, _options: object, done: (error: null, found: object[]) => void) => {
      lookups += 1;
      done(null, [{ address: lookups === 1 ? '127.0.0.1' : '93.184.216.34', family: 4 }]);
    }) as unknown as Lookup;
    const { port } = new URL(base);
    const { execution } = await run({ url: `http://rebind.example:${port}/` }, { options: { lookup: rebinding } });
    expect(execution.error).toMatchObject(refused);
    expect([lookups, seen.length]).toEqual([1, 0]);
  });

  it('are refused when one of several addresses is private', async () => {
    const mixed = ((_host: string, _options: object, done: (error: null, found: object[]) => void) =>
      done(null, [
        { address: '93.184.216.34', family: 4 },
        { address: '::1', family: 6 },
      ])) as unknown as Lookup;
    expect((await run({ url: 'http://mixed.example/' }, { options: { lookup: mixed } })).execution.error).toMatchObject(refused);
  });

  it.each([
    ['8.8.8.8', false],
    ['2606:4700::1111', false],
    ['100.64.0.1', true],
    ['224.0.0.1', true],
    ['255.255.255.255', true],
    ['fd00::1', true],
    ['fe80::1', true],
    ['64:ff9b::7f00:1', true],
    ['2002:7f00:1::', true],
    ['::', true],
    ['not an address', true],
  ])('%s: %s', (address, expected) => expect(isPrivateAddress(address)).toBe(expected));
});
