import { describe, expect, it } from 'vitest';
import { createWorld, type Logger } from '../../src/index.ts';
import { createServer } from '../../src/server/index.ts';
import { scratchDatabase, storeNames } from '../support/any-store.ts';
import { type Api, openApi, type RequestOptions } from '../support/api.ts';
import { createCodeRun, sdkPayload, writeEvent } from '../support/code-runs.ts';
import { approval, approvalEngine } from '../support/flows.ts';

const secrets = {
  reader: 'reader-secret-0123456789',
  actor: 'actor-secret-0123456789',
  admin: 'admin-secret-0123456789',
  acme: 'acme-secret-0123456789',
  globex: 'globex-secret-0123456789',
};
const tokens = [
  `reader:read:${secrets.reader}`,
  `actor:act:${secrets.actor}`,
  `admin:read+act+admin:${secrets.admin}`,
  `acme:read+act+admin:acme:${secrets.acme}`,
  `globex:read+act+admin:globex:${secrets.globex}`,
].join(',');
const abroad = { remoteAddress: '203.0.113.7', url: 'https://pawl.example' };

describe('who may do what', () => {
  const matrix = [
    ['GET', '/runs', 'read'],
    ['GET', '/system', 'read'],
    ['GET', '/system/throughput', 'read'],
    ['GET', '/flows', 'read'],
    ['GET', '/triggers', 'read'],
    ['GET', '/runs/wrun_x/live', 'read'],
    ['GET', '/runs/wrun_x/steps/step_x', 'read'],
    ['POST', '/flows/validate', 'read'],
    ['POST', '/runs', 'act'],
    ['POST', '/runs/bulk', 'act'],
    ['POST', '/runs/wrun_x/cancel', 'act'],
    ['POST', '/runs/wrun_x/wake', 'act'],
    ['POST', '/runs/wrun_x/retry', 'act'],
    ['POST', '/runs/wrun_x/replay', 'act'],
    ['POST', '/runs/wrun_x/resume', 'act'],
    ['POST', '/flows/x/start', 'act'],
    ['POST', '/triggers/x/fire', 'act'],
    ['POST', '/flows', 'admin'],
    ['POST', '/triggers', 'admin'],
    ['POST', '/triggers/x/enable', 'admin'],
    ['POST', '/triggers/x/disable', 'admin'],
    ['GET', '/audit', 'admin'],
    ['GET', '//metrics', 'read'],
  ] as const;
  const scopesOf = { reader: ['read'], actor: ['act'], admin: ['read', 'act', 'admin'] };

  it('is what the scopes of the token say, route by route', async () => {
    const { request } = await openApi('SQLite', { tokens });
    for (const [method, path, needed] of matrix) {
      const body = method === 'POST' ? { body: {} } : {};
      expect(await request(method, path, { ...abroad, ...body }), path).toMatchObject({ status: 401, body: { code: 'UNAUTHORIZED' } });
      for (const name of ['reader', 'actor', 'admin'] as const) {
        const { status } = await request(method, path, { ...abroad, ...body, token: secrets[name] });
        const may = scopesOf[name].includes(needed);
        expect(status === 403, `${name} ${method} ${path} → ${status}`).toBe(!may);
        expect([401, 500], `${name} ${method} ${path}`).not.toContain(status);
      }
    }
  });

  it('is nothing with a wrong token, and wrong ones are counted without a right one being held up', async () => {
    const { get } = await openApi('SQLite', { tokens });
    expect(await get('/me', { token: secrets.reader })).toMatchObject({ body: { name: 'reader', scopes: ['read'], auth: 'token' } });
    for (const wrong of [secrets.reader.slice(0, -1), `${secrets.reader}0`, 'reader', tokens]) {
      expect(await get('/me', { ...abroad, token: wrong })).toMatchObject({ status: 401 });
    }
    const statuses = [];
    for (let guess = 0; guess < 40; guess += 1)
      statuses.push((await get('/me', { ...abroad, token: `guess-number-${guess}-of-many` })).status);
    expect(statuses.at(-1)).toBe(429);
    // The one who guesses is held up, and nobody else: behind a proxy all have one address, and in some mounts none.
    expect(await get('/me', { ...abroad, token: secrets.reader })).toMatchObject({ status: 200 });
    expect(await get('/me', { remoteAddress: '203.0.113.8', token: secrets.reader })).toMatchObject({ status: 200 });
  });

  it('is nothing for a while for a client that the host knows and that has guessed too often, also with a right token', async () => {
    const { get } = await openApi('SQLite', { tokens, clientAddress: (request) => request.headers.get('x-client') ?? undefined });
    const statusOf = async (client: string, token: string) =>
      (await get('/me', { remoteAddress: '10.0.0.1', headers: { 'x-client': client }, token })).status;
    for (let seen = 0; seen < 40; seen += 1) expect(await statusOf('guesser', secrets.reader)).toBe(200);
    const statuses = [];
    for (let guess = 0; guess < 31; guess += 1) statuses.push(await statusOf('guesser', `guess-number-${guess}-of-many`));
    expect(statuses).toEqual([...Array.from({ length: 30 }, () => 401), 429]);
    expect(await statusOf('guesser', secrets.reader)).toBe(429);
    expect(await statusOf('somebody else', secrets.reader)).toBe(200);
  });

  it('is counted by the address that the host says, and never together for addresses that nobody knows', async () => {
    const wrong = { body: { token: 'unknown' }, remoteAddress: undefined };
    const statuses = async ({ request }: Api, of: (index: number) => Partial<RequestOptions>) => {
      const all = [];
      for (let index = 0; index < 8; index += 1) all.push((await request('POST', '/resume', { ...wrong, ...of(index) })).status);
      return [...new Set(all)];
    };
    const plain = await openApi('SQLite', { tokens, requestsPerMinute: 4 });
    expect(await statuses(plain, () => ({}))).toEqual([404]);
    expect(await statuses(plain, () => ({ remoteAddress: '203.0.113.7' }))).toEqual([404, 429]);
    const clientAddress = (request: Request) => request.headers.get('x-client') ?? undefined;
    const proxied = await openApi('SQLite', { tokens, requestsPerMinute: 4, clientAddress });
    expect(await statuses(proxied, (index) => ({ remoteAddress: '10.0.0.1', headers: { 'x-client': `client-${index}` } }))).toEqual([404]);
    expect(await statuses(proxied, () => ({ remoteAddress: '10.0.0.1', headers: { 'x-client': 'client-9' } }))).toEqual([404, 429]);

    // Wrong tokens are counted all the same, together: a right one is let in before.
    const guesses = [];
    for (let guess = 0; guess < 40; guess += 1)
      guesses.push((await plain.get('/me', { remoteAddress: undefined, token: `guess-number-${guess}-of-many` })).status);
    expect(guesses.at(-1)).toBe(429);
    expect(await plain.get('/me', { remoteAddress: undefined, token: secrets.reader })).toMatchObject({ status: 200 });
  });

  it.each(['forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'x-real-ip', 'via'])(
    'without tokens is nothing for what came through a proxy: %s',
    async (header) => {
      const { get } = await openApi('SQLite');
      expect(await get('/me', { headers: { [header]: 'for=203.0.113.7' } })).toMatchObject({
        status: 401,
        body: { code: 'UNAUTHORIZED', detail: expect.stringMatching(new RegExp(`WORKFLOW_PAWL_TOKENS.*proxy.*${header}.*set the tokens`)) },
      });
    },
  );

  it('without tokens is for this machine alone, by its own name, and for no page of another site', async () => {
    const { get, post } = await openApi('SQLite');
    expect(await get('/me')).toMatchObject({ status: 200 });
    expect(await get('/me', { remoteAddress: '::1', url: 'http://[::1]:7295' })).toMatchObject({ status: 200 });
    expect(await get('/me', { remoteAddress: '192.168.1.20' })).toMatchObject({ status: 401 });
    expect(await get('/me', { remoteAddress: undefined })).toMatchObject({ status: 401 });
    expect(await get('/me', { url: 'http://attacker.example' })).toMatchObject({ status: 401 });
    expect(await post('/runs/bulk', undefined, { headers: { origin: 'https://attacker.example' } })).toMatchObject({
      status: 403,
      body: { code: 'CROSS_ORIGIN' },
    });
    expect(await post('/runs/wrun_x/cancel', undefined, { headers: { origin: 'null' } })).toMatchObject({ status: 403 });
    expect(await get('/me', { headers: { origin: 'http://localhost:7295' } })).toMatchObject({ status: 200 });
  });

  it('is what the host says, where it knows its own users', async () => {
    const { get } = await openApi('SQLite', {
      authenticate: (request) =>
        request.headers.get('cookie') === 'user=ada' ? { name: 'ada', scopes: ['read'], tenantId: 'acme', via: 'api' } : undefined,
    });
    expect(await get('/me', { ...abroad, headers: { cookie: 'user=ada' } })).toMatchObject({ body: { name: 'ada', tenantId: 'acme' } });
    expect(await get('/me')).toMatchObject({ status: 401 });
  });
});

describe.each(storeNames)('a tenant, on %s,', (store) => {
  it('sees and does nothing outside of it', async () => {
    const { world, get, post, events } = await openApi(store, { tokens, engineOf: approvalEngine });
    const admin = { token: secrets.admin };
    await post('/flows', approval, admin);
    const start = async (token: string, body: object = {}) => (await post('/flows/approval/start', body, { token })).body.runId as string;
    const [acme, globex] = [await start(secrets.acme), await start(secrets.globex)];
    const code = await createCodeRun(world, 'mail');
    const trigger = (id: string, tenantId?: string) => ({
      id,
      type: 'schedule',
      flowId: 'approval',
      cron: '0 0 1 1 *',
      ...(tenantId ? { tenantId } : {}),
    });
    await post('/triggers', trigger('of-globex', 'globex'), admin);

    const ids = async (token: string, query = '') =>
      (await get(`/runs${query}`, { token })).body.data.map(({ runId }: { runId: string }) => runId);
    expect(await ids(secrets.acme)).toEqual([acme]);
    expect(await ids(secrets.acme, '?tenant=globex')).toEqual([]);
    expect(new Set(await ids(secrets.admin))).toEqual(new Set([acme, globex, code]));
    expect(await ids(secrets.admin, '?tenant=globex')).toEqual([globex]);

    for (const foreign of [globex, code]) {
      for (const path of [
        '',
        '/events',
        '/steps',
        '/steps/step_x',
        '/hooks',
        '/waits',
        '/streams',
        '/explain',
        '/live',
        '/streams/strm_x',
      ]) {
        expect(await get(`/runs/${foreign}${path}`, { token: secrets.acme }), path).toMatchObject({
          status: 404,
          body: { code: 'RUN_NOT_FOUND' },
        });
      }
      for (const act of ['cancel', 'wake', 'retry', 'replay', 'resume']) {
        expect(await post(`/runs/${foreign}/${act}`, {}, { token: secrets.acme }), act).toMatchObject({
          status: 404,
          body: { code: 'RUN_NOT_FOUND' },
        });
      }
    }
    const bulk = { action: 'cancel', filter: { kind: 'flow' }, dryRun: false };
    expect(await post('/runs/bulk', { ...bulk, filter: { tenant: 'globex' } }, { token: secrets.acme })).toMatchObject({
      body: { matched: 0 },
    });
    expect(await post('/runs/bulk', bulk, { token: secrets.acme })).toMatchObject({ body: { matched: 1, done: 1 } });
    expect(await get(`/runs/${globex}`, { token: secrets.globex })).toMatchObject({ body: { status: 'pending', tenantId: 'globex' } });

    expect(await post('/flows/approval/start', { tenantId: 'globex' }, { token: secrets.acme })).toMatchObject({
      status: 403,
      body: { code: 'TENANT_MISMATCH' },
    });
    expect(await post('/runs', { workflow: 'workflow//./shop//mail' }, { token: secrets.acme })).toMatchObject({ status: 403 });
    expect(await post('/flows', { ...approval, version: '2.0.0' }, { token: secrets.acme })).toMatchObject({ status: 403 });
    expect(await get('/system', { token: secrets.acme })).toMatchObject({ status: 403 });
    expect(await get('/system/throughput', { token: secrets.acme })).toMatchObject({ status: 403 });
    expect(await get('//metrics', { token: secrets.acme })).toMatchObject({ status: 403 });

    expect((await get('/triggers', { token: secrets.acme })).body.data).toEqual([]);
    for (const path of ['', '/firings']) expect((await get(`/triggers/of-globex${path}`, { token: secrets.acme })).status).toBe(404);
    for (const act of ['fire', 'enable', 'disable'])
      expect((await post(`/triggers/of-globex/${act}`, {}, { token: secrets.acme })).status).toBe(404);
    expect(await post('/triggers', trigger('of-globex', 'acme'), { token: secrets.acme })).toMatchObject({ status: 409 });
    expect(await post('/triggers', trigger('mine', 'globex'), { token: secrets.acme })).toMatchObject({ status: 403 });
    expect(await post('/triggers', trigger('mine', 'acme'), { token: secrets.acme })).toMatchObject({ status: 201 });

    const audit = await get('/audit?limit=200', { token: secrets.acme });
    expect(new Set(audit.body.data.map(({ actor }: { actor: string }) => actor))).toEqual(new Set(['acme']));
    // What is told of is in the order of what happened: theirs would have come first.
    const live = await events('/runs/live', { token: secrets.acme });
    await post(`/runs/${globex}/cancel`, {}, { token: secrets.globex });
    const mine = await start(secrets.acme);
    for (let seen = await live.nextOf('run'); seen?.['runId'] !== mine; seen = await live.nextOf('run'))
      expect(seen).toMatchObject({ tenantId: 'acme' });
    await live.cancel();
  });
});

describe('what the API says', () => {
  it('is a problem with a stable code, whatever is wrong', async () => {
    const { request, get, post } = await openApi('SQLite');
    expect(await get('/runs/wrun_none')).toMatchObject({
      status: 404,
      body: {
        type: 'urn:pawl:problem:RUN_NOT_FOUND',
        title: 'Not found',
        status: 404,
        code: 'RUN_NOT_FOUND',
        detail: 'There is no run "wrun_none".',
        instance: '/api/v1/runs/wrun_none',
      },
    });
    expect((await get('/runs/wrun_none')).headers.get('content-type')).toBe('application/problem+json');
    expect(await get('/runs?limit=many&status=dead')).toMatchObject({
      status: 400,
      body: { code: 'INVALID_INPUT', errors: [{ pointer: '/query/status' }, { pointer: '/query/limit' }] },
    });
    expect(await get('/runs?cursor=bm9uc2Vuc2U')).toMatchObject({ status: 400, body: { code: 'INVALID_INPUT' } });
    expect(await post('/runs', { args: 1 })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/workflow' }, { pointer: '/args' }] },
    });
    expect(await request('POST', '/runs', { body: '{"workflow":' })).toMatchObject({ status: 400, body: { code: 'INVALID_JSON' } });
    expect(await request('POST', '/runs', { body: 'a=b', headers: { 'content-type': 'text/plain' } })).toMatchObject({
      status: 415,
      body: { code: 'UNSUPPORTED_MEDIA_TYPE' },
    });
    expect(await request('PUT', '/runs')).toMatchObject({ status: 405, body: { code: 'METHOD_NOT_ALLOWED' } });
    expect((await request('PUT', '/runs')).headers.get('allow')).toBe('GET, POST');
    expect(await get('/nowhere')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect(await post('/resume', {})).toMatchObject({ status: 400, body: { code: 'INVALID_INPUT' } });
    expect(await post('/resume', { token: 'unknown' })).toMatchObject({ status: 404, body: { code: 'HOOK_NOT_FOUND' } });
    expect(await request('POST', '/runs', { body: { workflow: 'workflow//a//b', args: ['x'.repeat(2 ** 20)] } })).toMatchObject({
      status: 413,
      body: { code: 'PAYLOAD_TOO_LARGE' },
    });
  });

  it('says 503 and nothing of its insides when the database is gone', async () => {
    const { world, get, post } = await openApi('SQLite', { env: { WORKFLOW_PAWL_URL: 'postgres://pawl:topsecret@127.0.0.1:1/none' } });
    await world.close();
    for (const reply of [await get('/runs'), await get('//readyz'), await post('/runs', { workflow: 'workflow//a//b' })]) {
      expect(reply.status).toBe(503);
      expect(JSON.stringify(reply.body)).not.toMatch(/topsecret|127\.0\.0\.1/);
    }
  });

  it('tells browsers what not to do, and other sites nothing unless they are named', async () => {
    const { get, request } = await openApi('SQLite', { tokens, cors: ['https://app.example'] });
    const { headers } = await get('/me', { token: secrets.reader });
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'cache-control': 'no-store',
    });
    expect(headers.has('access-control-allow-origin')).toBe(false);
    const named = await get('/me', { token: secrets.reader, headers: { origin: 'https://app.example' } });
    expect(named.headers.get('access-control-allow-origin')).toBe('https://app.example');
    // The token was sent on purpose; what is answered stays hidden from the page all the same.
    const other = await get('/me', { token: secrets.reader, headers: { origin: 'https://other.example' } });
    expect(other.headers.has('access-control-allow-origin')).toBe(false);
    const asked = await request('OPTIONS', '/runs', { headers: { origin: 'https://app.example' } });
    expect(asked.headers.get('access-control-allow-headers')).toContain('authorization');
    expect(
      (await request('OPTIONS', '/runs', { headers: { origin: 'https://other.example' } })).headers.has('access-control-allow-origin'),
    ).toBe(false);
  });

  it('passes what it logs by the hook of its host', async () => {
    const lines: string[] = [];
    const write = (message: string, fields?: object) => void lines.push(message + JSON.stringify(fields ?? {}));
    const redact = (value: unknown) => JSON.parse(JSON.stringify(value).replaceAll('a private reason', '***')) as unknown;
    const { world, post } = await openApi('SQLite', { redact, logger: { debug: write, info: write, warn: write, error: write } });
    const runId = await createCodeRun(world, 'mail');
    await post(`/runs/${runId}/cancel`, { reason: 'a private reason' });
    expect(lines.join('\n')).toContain('"reason":"***"');
    expect(lines.join('\n')).not.toContain('private');
  });

  it('never logs a token or a payload', async () => {
    const lines: string[] = [];
    const write = (message: string, fields?: object) => void lines.push(message + JSON.stringify(fields ?? {}));
    const logger: Logger = { debug: write, info: write, warn: write, error: write };
    const world = createWorld({ env: await scratchDatabase('SQLite'), apart: true, logger });
    const server = createServer({ world, tokens, dashboard: false, logger });
    const runId = await createCodeRun(world, 'mail', { input: sdkPayload(['a private letter']) });
    await writeEvent(world, runId, { eventType: 'run_started' });
    await writeEvent(world, runId, { eventType: 'hook_created', correlationId: 'hook_1', eventData: { token: 'hook-token-0123456789' } });
    const send = (path: string, body: object) =>
      server.fetch(
        new Request(`http://localhost/api/v1${path}`, {
          method: 'POST',
          body: JSON.stringify(body),
          headers: { authorization: `Bearer ${secrets.admin}`, 'content-type': 'application/json' },
        }),
      );
    await send('/resume', { token: 'hook-token-0123456789', data: 'a private answer' });
    await send(`/runs/${runId}/resume`, { data: 'a private answer' });
    await send('/resume', { token: 'wrong-token-0123456789' });
    await send(`/runs/${runId}/cancel`, { reason: 'asked for' });
    await server.close();
    await world.close();
    expect(lines.filter((line) => line.startsWith('audit'))).toHaveLength(3);
    expect(lines.join('\n')).not.toMatch(/private|token-0123|secret-0123/);
  });
});

describe('what is exposed alone', () => {
  it('is what was asked for, and no more', async () => {
    const { get, post } = await openApi('SQLite', { only: ['resume'] });
    expect(await post('/resume', { token: 'unknown' }, abroad)).toMatchObject({ status: 404, body: { code: 'HOOK_NOT_FOUND' } });
    for (const path of ['/runs', '/me', '/system', '//metrics', '//readyz', '//openapi.json'])
      expect((await get(path)).status, path).toBe(404);
    expect((await post('/triggers/x/webhook', {}, abroad)).status).toBe(404);
    expect((await get('//livez', abroad)).status).toBe(200);
  });

  it('is held up when one address asks too often', async () => {
    const { post } = await openApi('SQLite', { only: ['resume', 'triggers'], requestsPerMinute: 5 });
    const statuses = [];
    for (let i = 0; i < 7; i += 1) statuses.push((await post('/resume', { token: `guess-${i}` }, abroad)).status);
    expect(statuses).toEqual([404, 404, 404, 404, 404, 429, 429]);
    expect((await post('/resume', { token: 'guess' }, abroad)).headers.get('retry-after')).toMatch(/^\d+$/);
    expect((await post('/resume', { token: 'guess' }, { ...abroad, remoteAddress: '203.0.113.9' })).status).toBe(404);
  });
});
