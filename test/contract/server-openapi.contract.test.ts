import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { apiPrefix, openApi } from '../support/api.ts';
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
