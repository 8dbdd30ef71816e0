import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createFlowRegistry, createStoredFlows } from './flow-registry.ts';
import { createHandlerRegistry } from './handler-registry.ts';
import { builtinHandlers } from './handlers/builtin-handlers.ts';
import { buildFlow } from './testing/build-flow.ts';
import { parseFlow, validateFlow } from './validate.ts';

const pointers = (flow: unknown, options = {}) => validateFlow(flow, options).map(({ pointer }) => pointer);
const good = buildFlow({ a: { type: 'log', onSuccess: 'b' }, b: { type: 'log' } });

describe('validation', () => {
  it('takes a good flow, with or without $schema', () => {
    expect(validateFlow(good)).toEqual([]);
    expect(parseFlow({ $schema: './flow.schema.json', ...good })).toEqual(good);
  });

  it.each(['static', 'template'])('misses the value of a selector of type %s, which may be anything that is there', (type) => {
    const key = type === 'static' ? 'value' : 'template';
    const flow = (input: object) => buildFlow({ a: { type: 'log', input: input as never } });
    expect(pointers(flow({ type }))).toEqual([`/steps/a/input/${key}`]);
    expect(pointers(flow({ type, [key]: undefined }))).toEqual([`/steps/a/input/${key}`]);
    for (const value of [null, 0, '', []]) expect(pointers(flow({ type, [key]: value }))).toEqual([]);
  });

  it('says which types of selectors there are', () => {
    expect(validateFlow(buildFlow({ a: { type: 'log', input: { type: 'nonsense' } as never } }))).toEqual([
      { pointer: '/steps/a/input/type', message: expect.stringContaining('"path", "template", "full", "static"') },
    ]);
  });

  it('reports every problem at once, each at its pointer', () => {
    const flow = {
      id: 'not an id!',
      version: '1',
      status: 'live',
      initialStepId: 'nowhere',
      unknown: true,
      steps: {
        'a/b~c': { id: 'other', type: '', input: { type: 'nonsense' }, transitions: {} },
        b: {
          id: 'b',
          type: 'log',
          input: { type: 'template', template: ['${a..b}'] },
          transitions: { onSuccess: 'x', onFailure: 'y' },
          timeout: -1,
        },
        c: {
          id: 'c',
          type: 'log',
          input: { type: 'expression', expression: 'a[' },
          outputKey: 'a.__proto__',
          retries: { maxAttempts: -1, initialDelay: 10, maxDelay: 5 },
          transitions: { onSuccess: null },
        },
      },
      inputSchema: { type: 'nonsense' },
      output: { type: 'path', path: 'a.constructor' },
      metadata: { onCancel: 'gone' },
    };
    expect(pointers(flow)).toEqual(
      expect.arrayContaining([
        '/id',
        '/version',
        '/status',
        '',
        '/initialStepId',
        '/steps/a~1b~0c/id',
        '/steps/a~1b~0c/type',
        '/steps/a~1b~0c/input/type',
        '/steps/a~1b~0c/transitions/onSuccess',
        '/steps/b/input/template/0',
        '/steps/b/transitions/onSuccess',
        '/steps/b/transitions/onFailure',
        '/steps/b/timeout',
        '/steps/c/input/expression',
        '/steps/c/outputKey',
        '/steps/c/retries/maxAttempts',
        '/steps/c/retries/maxDelay',
        '/inputSchema',
        '/output/path',
        '/metadata/onCancel',
      ]),
    );
    expect(() => parseFlow(flow)).toThrow(expect.objectContaining({ code: 'INVALID_FLOW' }));
  });

  it('finds steps that nothing leads to', () => {
    expect(pointers(buildFlow({ a: {}, island: { onSuccess: 'a' } }))).toEqual(['/steps/island']);
  });

  it('counts steps named by a config, and the way of compensation, as reached', () => {
    const flow = buildFlow(
      {
        a: { type: 'conditional', config: { if: 'true', onTrue: 'b' } },
        b: {},
        undo: { onSuccess: 'undo2' },
        undo2: {},
      },
      { metadata: { onCancel: 'undo' } },
    );
    expect(validateFlow(flow)).toEqual([]);
  });

  it.each(['__proto__', 'constructor', 'prototype'])('refuses the key %s anywhere', (key) => {
    const flow = JSON.parse(JSON.stringify(good).replace('"a":{', `"a":{"config":{"deep":{"${key}":1}},`)) as unknown;
    expect(pointers(flow)).toEqual([`/steps/a/config/deep/${key}`]);
    const named = JSON.parse(JSON.stringify(good).replace('"a":{"id":"a"', `"${key}":{"id":"${key}"`)) as unknown;
    expect(pointers(named)).toEqual([`/steps/${key}`]);
  });

  it.each([
    [null],
    [[]],
    ['text'],
    [undefined],
    [{}],
    [{ steps: [] }],
    [{ steps: { a: null } }],
    [{ steps: { a: { transitions: 1, input: [], retries: 'x' } } }],
  ])('survives %j', (flow) => {
    expect(validateFlow(flow).length).toBeGreaterThan(0);
  });

  it('survives what is deep, circular or no JSON at all', () => {
    const circular: Record<string, unknown> = { ...good };
    circular.metadata = circular;
    expect(validateFlow(circular)).toEqual([{ pointer: '/metadata', message: 'leads back to /' }]);
    expect(pointers({ ...good, metadata: { f: () => 1 } })).toEqual(['/metadata/f']);
    let deep: unknown = 1;
    for (let n = 0; n < 100; n += 1) deep = { deep };
    expect(validateFlow({ ...good, metadata: { deep } })).toMatchObject([{ message: expect.stringMatching(/deeper than 64/) }]);
  });

  it('names each place at which something leads back to itself, once', () => {
    const circle: Record<string, unknown> = {};
    circle.a = circle;
    circle.b = { c: circle };
    expect(validateFlow(buildFlow({ a: { type: 'log', config: { circle } } }))).toEqual([
      { pointer: '/steps/a/config/circle/a', message: 'leads back to /steps/a/config/circle' },
      { pointer: '/steps/a/config/circle/b/c', message: 'leads back to /steps/a/config/circle' },
    ]);
  });

  it('takes what stands in several places, unless that makes the flow deeper or larger than one may be', () => {
    const shared = { to: 'a' };
    expect(pointers(buildFlow({ a: { type: 'log', config: { one: shared, other: shared } } }))).toEqual([]);
    let bomb: unknown = 'x';
    for (let n = 0; n < 55; n += 1) bomb = [bomb, bomb];
    expect(validateFlow(buildFlow({ a: { type: 'log', config: { bomb } } }))).toMatchObject([
      { pointer: expect.stringMatching(/^\/steps\/a\/config\/bomb\//), message: expect.stringMatching(/stands in so many places/) },
    ]);
    const rungs: object[] = [];
    for (let n = 0; n < 70; n += 1) rungs.push(n === 0 ? {} : { below: rungs[n - 1] });
    const [first] = validateFlow(buildFlow({ a: { type: 'log', config: { rungs } } }));
    expect(first?.message).toMatch(/deeper than 64/);
  });

  it('takes a Standard Schema for the input, as register does', () => {
    const schema = z.object({ amount: z.number() }) as unknown as Record<string, unknown>;
    expect(validateFlow({ ...good, inputSchema: schema })).toEqual([]);
    expect(parseFlow({ ...good, inputSchema: schema }).inputSchema).toMatchObject({ type: 'object', required: ['amount'] });
  });

  it('names a Standard Schema that cannot be written as JSON Schema beside all other problems', () => {
    const flow = { ...good, initialStepId: 'gone', inputSchema: z.object({ at: z.date() }) };
    expect(pointers(flow)).toEqual(expect.arrayContaining(['/inputSchema', '/initialStepId']));
    expect(() => parseFlow(flow)).toThrow(expect.objectContaining({ code: 'INVALID_FLOW' }));
  });

  it('refuses an input schema that would answer later, but not one that was stored with it', () => {
    const later = { ...good, inputSchema: { $async: true, type: 'object', required: ['amount'] } };
    expect(validateFlow(later)).toEqual([{ pointer: '/inputSchema', message: expect.stringMatching(/\$async/) }]);
    expect(() => createFlowRegistry([later])).toThrow(expect.objectContaining({ code: 'INVALID_FLOW' }));
    expect(() => createStoredFlows().register(later)).not.toThrow();
  });

  it('checks types and configs against the handlers, if it is given them', () => {
    const handlers = createHandlerRegistry(builtinHandlers());
    const flow = buildFlow({
      a: { type: 'conditional', config: { if: 'x[', onTrue: 'gone', typo: 1 }, onSuccess: 'b' },
      b: { type: 'nothing', onSuccess: 'c' },
      c: { type: 'switch', config: { cases: [{ if: 'a', goTo: 'gone' }] }, onSuccess: 'd' },
      d: { type: 'map', config: {}, onSuccess: 'e' },
      e: {
        type: 'parallel',
        config: { branches: { x: { flowId: 'f', startStepId: 'a' } }, join: 'quorum', quorum: 2 },
      },
    });
    expect(validateFlow(flow)).toEqual([]);
    expect(pointers(flow, { handlers })).toEqual(
      expect.arrayContaining([
        '/steps/a/config',
        '/steps/a/config/if',
        '/steps/a/config/onTrue',
        '/steps/b/type',
        '/steps/c/config/cases/0/goTo',
        '/steps/d/config',
        '/steps/e/config/branches/x',
        '/steps/e/config/quorum',
      ]),
    );
  });
});
