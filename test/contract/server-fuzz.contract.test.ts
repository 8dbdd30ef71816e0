import {
  array,
  assert,
  asyncProperty,
  constantFrom,
  dictionary,
  integer,
  json,
  jsonValue,
  oneof,
  record,
  string,
  uint8Array,
} from 'fast-check';
import { describe, expect, it } from 'vitest';
import { storeNames } from '../support/any-store.ts';
import { type Api, apiPrefix, openApi } from '../support/api.ts';
import { createCodeRun } from '../support/code-runs.ts';
import { approval, approvalEngine } from '../support/flows.ts';
import type { OpenApi } from '../support/openapi-check.ts';

const numRuns = process.env['PAWL_LONG'] === '1' ? 2_000 : 120;
const seed = Number(process.env['PAWL_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const bounds = { numRuns, seed, endOnFailure: true, interruptAfterTimeLimit: 20_000 };

describe.each(storeNames)('whatever is sent, on %s,', (store) => {
  it(`is never answered with a 5xx, and always as the API says it would (seed ${seed})`, async () => {
    const api = await open(store);
    const runId = await createCodeRun(api.world, 'mail');
    const ids = constantFrom(runId, 'approval', 'wrun_none', "'; drop table runs; --", '%00', '%2e%2e', '__proto__', 'x'.repeat(3_000));
    const routes = await routesOf(api);
    const body = oneof(
      jsonValue({ maxDepth: 3 }),
      record(
        {
          workflow: oneof(string(), constantFrom('workflow//a//b', 'flow//approval', 'flow//approval@1.0.0', 'mail')),
          args: array(jsonValue({ maxDepth: 1 }), { maxLength: 3 }),
          input: oneof(dictionary(string(), jsonValue({ maxDepth: 1 })), jsonValue({ maxDepth: 1 })),
          filter: record(
            { status: oneof(string(), constantFrom('failed', 'waiting')), name: string(), since: string() },
            { requiredKeys: [] },
          ),
          action: oneof(string(), constantFrom('cancel', 'retry')),
          dryRun: oneof(constantFrom(true, false), string()),
          token: string(),
          data: jsonValue({ maxDepth: 2 }),
          hookId: string(),
          fromStep: string(),
          reason: string(),
          id: string(),
          type: constantFrom('http', 'schedule', 'event', 'other'),
          flowId: string(),
          cron: string(),
          path: string(),
        },
        { requiredKeys: [] },
      ),
    );
    const query = dictionary(
      constantFrom(
        'limit',
        'cursor',
        'status',
        'kind',
        'name',
        'tenant',
        'since',
        'until',
        'q',
        'order',
        'from',
        'payloads',
        'window',
        'unknownHandlers',
      ),
      oneof(string(), integer().map(String), cursors()),
      { maxKeys: 4 },
    );
    await assert(
      asyncProperty(
        constantFrom(...routes),
        array(ids, { minLength: 2, maxLength: 2 }),
        query,
        body,
        async ({ method, path }, [first = '', second = ''], asked, sent) => {
          const filled = path.replace(/\{\w+\}/, encodeURIComponent(first)).replace(/\{\w+\}/, encodeURIComponent(second));
          const search = new URLSearchParams(asked).toString();
          const reply = await api.request(method, `${filled}${search ? `?${search}` : ''}`, method === 'GET' ? {} : { body: sent ?? null });
          expect(reply.status, JSON.stringify({ method, filled, asked, sent, reply: reply.body })).toBeLessThan(500);
        },
      ),
      bounds,
    );
  });

  it(`also bytes that are no JSON, and JSON that nobody would write (seed ${seed})`, async () => {
    const api = await open(store);
    const paths = [
      '/runs',
      '/runs/bulk',
      '/resume',
      '/flows',
      '/flows/validate',
      '/flows/approval/start',
      '/triggers',
      '/triggers/x/webhook',
    ];
    const odd = constantFrom(
      '{"workflow":"workflow//a//b","args":[{"__proto__":{"polluted":true}}]}',
      '{"input":{"constructor":{"prototype":{"polluted":true}}}}',
      `{"workflow":"workflow//a//b","args":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
      '{"workflow":"workflow//a//b\\u0000","args":["\\u0000"]}',
      '{"workflow":"\\ud800","args":["\\udfff"]}',
      '{"token":"\\u0000"}',
      '[1e999]',
      '"text"',
      'null',
    );
    await assert(
      asyncProperty(
        constantFrom(...paths),
        oneof(odd, json(), uint8Array({ maxLength: 200 }), string({ unit: 'binary' })),
        async (path, body) => {
          const reply = await api.request('POST', path, {
            body,
          });
          expect(reply.status, JSON.stringify({ path, body, reply: reply.body })).toBeLessThan(500);
        },
      ),
      bounds,
    );
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

/** Cursors of every list with keys that somebody made up. */
function cursors() {
  const kinds = ['runs', 'log', 'steps of a run', 'hooks of a run', 'waits of a run', 'streams of a run', 'flows', 'triggers', 'audit log'];
  const key = array(oneof(integer(), string(), constantFrom(-1, 1.5, 1e308, null)), { maxLength: 3 });
  return record({ kind: constantFrom(...kinds), key }).map(({ kind, key: parts }) =>
    Buffer.from(JSON.stringify([kind, ...parts])).toString('base64url'),
  );
}

async function open(store: (typeof storeNames)[number]): Promise<Api> {
  const api = await openApi(store, { engineOf: approvalEngine, requestsPerMinute: 1e6 });
  await api.post('/flows', approval);
  return api;
}

/** Those that answer at once: a live stream of a run that is there would never end. */
async function routesOf({ get }: Api): Promise<{ method: string; path: string }[]> {
  const { paths } = (await get('//openapi.json')).body as OpenApi;
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations)
      .filter(() => path.startsWith(apiPrefix) && !/live$|streams\/\{/.test(path))
      .map((method) => ({ method: method.toUpperCase(), path: path.slice(apiPrefix.length) })),
  );
}
