import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { apiPrefix, openApi } from '../support/api.ts';
import { createCodeRun } from '../support/code-runs.ts';
import type { OpenApi } from '../support/openapi-check.ts';

const page = await readFile(new URL('../../docs/server.md', import.meta.url), 'utf8');

it('describes every route that answers, each once, with schemas that are there', async () => {
  const { get, request } = await openApi('SQLite');
  const document = (await get('//openapi.json')).body as OpenApi;
  expect(document.openapi).toBe('3.1.0');
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const ids = operations.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(operations.length).toBeGreaterThan(40);

  // Whatever answers is described: the paths that the documentation of the server names.
  const named = [...page.matchAll(/\| `(GET|POST|ANY) ([^`]+)`((?:, `[^`]+`)*)/g)].flatMap(([, method = '', first = '', rest = '']) => {
    const all = [first, ...[...rest.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path)];
    let base = first;
    return all.map((path, index) => {
      const isFull = index === 0 || /^\/(?:runs|flows|triggers|system|audit|me|livez|readyz|metrics|openapi)/.test(path);
      if (isFull) base = path.replace(/\/(?:cancel|enable)$/, '');
      // "/steps" beside "/runs/:id" stands for "/runs/:id/steps".
      return { method, path: isFull ? path : `${base}${path}` };
    });
  });
  expect(named.length).toBeGreaterThan(35);
  const described = new Set(operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`));
  for (const { method, path } of named) {
    const template = path.replaceAll(/:(\w+)/g, '{$1}');
    const full = /^\/(?:livez|readyz|metrics|openapi)/.test(path) ? template : apiPrefix + template;
    expect(described, `${method} ${path}`).toContain(`${method === 'ANY' ? 'POST' : method} ${full}`);
  }

  // And what is described answers: with anything but "there is no such path".
  for (const { path, method } of operations) {
    if (/live$|streams\/\{/.test(path)) continue;
    const filled = path.replaceAll(/\{\w+\}/g, 'none');
    const reply = await request(
      method.toUpperCase(),
      filled.startsWith('/api') ? filled : `/${filled}`,
      method === 'get' ? {} : { body: {} },
    );
    expect([405, 500], `${method} ${path}`).not.toContain(reply.status);
    expect(reply.body?.code, `${method} ${path}`).not.toBe('NOT_FOUND');
  }
  for (const [, name] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g))
    expect(document.components.schemas).toHaveProperty(String(name));
});

it('describes the headers that a route reads, which a browser of another site may send as well', async () => {
  const { world, get, request, post, events } = await openApi('SQLite', { cors: ['https://app.example'] });
  const { paths } = (await get('//openapi.json')).body as OpenApi;
  const headersOf = Object.values(paths).flatMap((methods) =>
    Object.values(methods).flatMap(({ operationId, parameters = [] }) =>
      parameters.flatMap((parameter) => (parameter.in === 'header' ? [[operationId, parameter] as const] : [])),
    ),
  );
  const key = {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    schema: expect.objectContaining({ type: 'string', minLength: 1, maxLength: 256 }),
  };
  const token = {
    name: 'X-Pawl-Resume-Token',
    in: 'header',
    required: false,
    schema: expect.objectContaining({ type: 'string' }),
  };
  expect(Object.fromEntries(headersOf)).toEqual({
    startRun: expect.objectContaining(key),
    startFlow: expect.objectContaining(key),
    resumeByToken: expect.objectContaining(token),
    followStream: expect.objectContaining({ name: 'Last-Event-ID', in: 'header', required: false }),
  });
  for (const [, { description }] of headersOf) expect(description).toMatch(/\.$/);

  // What is described is what is checked, and what is let through.
  const start = { body: { workflow: 'workflow//./shop//mail' }, headers: { 'idempotency-key': 'k'.repeat(257) } };
  expect(await request('POST', '/runs', start)).toMatchObject({
    status: 400,
    body: { code: 'INVALID_INPUT', errors: [{ pointer: '/headers/Idempotency-Key' }] },
  });
  expect(await post('/resume', {}, { headers: { 'x-pawl-resume-token': 'unknown' } })).toMatchObject({ status: 404 });
  const runId = await createCodeRun(world, 'log');
  const stream = `strm_${runId.slice(5)}_user`;
  await world.writeToStreamMulti(stream, runId, ['one', 'two']);
  const live = await events(`/runs/${runId}/streams/${stream}`, { headers: { 'last-event-id': '0' } });
  expect(await live.nextOf('chunk')).toEqual({ index: 1, text: 'two' });
  await live.cancel();
  const preflight = await request('OPTIONS', '/runs', { headers: { origin: 'https://app.example' } });
  const allowed = preflight.headers.get('access-control-allow-headers')?.split(', ');
  for (const [, { name }] of headersOf) expect(allowed).toContain(name.toLowerCase());
});
