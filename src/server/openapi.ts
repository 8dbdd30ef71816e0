import { z } from 'zod';
import type { Route } from './route.ts';
import { problemSchema } from './schemas/problem.ts';

type Json = Record<string, unknown>;

const ofErrors: Readonly<Record<number, string>> = {
  400: 'What was sent is wrong; `errors` says what and where',
  401: 'There is no token, or an unknown one',
  403: 'The token may not do this, or a page of another site asks',
  404: 'There is no such thing, or it belongs to another tenant',
  409: 'It is not in a state for that',
  413: 'The body is too large',
  415: 'The body is not sent as application/json',
  429: 'Too many requests; `retry-after` says when to try again',
  500: 'Nobody foresaw this; the log of the server has it',
  503: 'The database cannot be reached; nothing was done',
};

/** The API as OpenAPI 3.1, out of the routes and their schemas. */
export function openApiDocument(
  routes: readonly Route[],
  { base, prefix, version }: { readonly base: string; readonly prefix: string; readonly version: string },
): Json {
  const schemas: Json = {};
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = base + prefix + route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: operationOf(route, schemas) };
  }
  Object.assign(paths, plainPaths(base));
  return {
    openapi: '3.1.0',
    info: {
      title: 'Pawl',
      version,
      description: 'Runs, flows and triggers of one database.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: ['Runs', 'Actions', 'Flows', 'Triggers', 'System'].map((name) => ({ name })),
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'A secret of WORKFLOW_PAWL_TOKENS' } },
      schemas,
    },
  };
}

/** What monitors and generators ask for; their answers are no JSON of ours, or this document itself. */
function plainPaths(base: string): Record<string, Json> {
  const text = (type: string) => ({ content: { [type]: { schema: { type: 'string' } } } });
  const ready = {
    content: { 'application/json': { schema: { type: 'object', properties: { ready: { type: 'boolean' } }, required: ['ready'] } } },
  };
  const plain = (operationId: string, summary: string, responses: Json, open = true): Json => ({
    get: { operationId, tags: ['System'], summary, ...(open ? { security: [] } : {}), responses },
  });
  return {
    [`${base}/livez`]: plain('livez', 'The process answers', { 200: { description: 'It does', ...text('text/plain') } }),
    [`${base}/readyz`]: plain('readyz', 'A message can be written, claimed and settled', {
      200: { description: 'It was', ...ready },
      503: { description: 'It was not', ...ready },
    }),
    [`${base}/metrics`]: plain(
      'metrics',
      'For Prometheus; needs the scope `read`, and no tenant',
      { 200: { description: 'Every metric', ...text('text/plain') } },
      false,
    ),
    [`${base}/openapi.json`]: plain('openapi', 'This document', {
      200: { description: 'It', content: { 'application/json': { schema: { type: 'object' } } } },
    }),
  };
}

function operationOf(route: Route, schemas: Json): Json {
  const { id, tag, summary, access, params, query, headers, body, rawBody, answers } = route;
  const description = access === 'public' ? 'Needs no token.' : access === 'anyone' ? 'Needs any token.' : `Needs the scope \`${access}\`.`;
  return {
    operationId: id,
    tags: [tag],
    summary,
    description,
    ...(access === 'public' ? { security: [] } : {}),
    parameters: [
      ...parametersOf('path', params, schemas),
      ...parametersOf('query', query, schemas),
      ...parametersOf('header', headers, schemas),
    ],
    ...(body && !rawBody
      ? {
          requestBody: {
            required: !body.safeParse(undefined).success,
            content: { 'application/json': { schema: schemaOf(body, 'input', schemas) } },
          },
        }
      : {}),
    ...(rawBody ? { requestBody: { required: false, content: { '*/*': {} } } } : {}),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, { description: text, schema, events }]) => [
          status,
          {
            description: text,
            ...(schema ? { content: { 'application/json': { schema: schemaOf(schema, 'output', schemas) } } } : {}),
            ...(events ? { content: { 'text/event-stream': { schema: { type: 'string' } } } } : {}),
          },
        ]),
      ),
      ...problemsOf(route, schemas),
    },
  };
}

function problemsOf({ exposed, method, params, body }: Route, schemas: Json): Json {
  const statuses = [
    400,
    401,
    403,
    ...(params || method !== 'get' ? [404] : []),
    ...(method === 'get' && !exposed ? [] : [409, 413]),
    ...(body ? [415] : []),
    429,
    500,
    503,
  ];
  const content = { 'application/problem+json': { schema: schemaOf(problemSchema, 'output', schemas) } };
  return Object.fromEntries(statuses.map((status) => [String(status), { description: ofErrors[status], content }]));
}

function parametersOf(where: 'path' | 'query' | 'header', schema: z.ZodObject | undefined, schemas: Json): Json[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input', schemas) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

/** JSON Schema of one schema; those that have a name go to the components, and are pointed to. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', schemas: Json): Json {
  const { properties, $defs = {} } = z.toJSONSchema(z.object({ it: schema }), { io, unrepresentable: 'any', target: 'draft-2020-12' }) as {
    properties?: { it?: Json };
    $defs?: Record<string, Json>;
  };
  for (const [name, definition] of Object.entries($defs)) {
    const { id: _, ...rest } = definition;
    schemas[name] ??= pointed(rest);
  }
  return pointed(properties?.it ?? {}) as Json;
}

function pointed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pointed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === '$ref' && typeof inner === 'string' ? inner.replace('#/$defs/', '#/components/schemas/') : pointed(inner),
    ]),
  );
}
