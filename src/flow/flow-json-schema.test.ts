import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { flowJsonSchema } from './flow-json-schema.ts';
import { jsonSchemaProblems } from './json-schema.ts';
import { buildFlow } from './testing/build-flow.ts';

describe('schema/flow.schema.json', () => {
  it('is current; otherwise run `node scripts/flow-schema.js`', async () => {
    const file = await readFile(new URL('../../schema/flow.schema.json', import.meta.url), 'utf8');
    expect(JSON.parse(file)).toEqual(JSON.parse(JSON.stringify(flowJsonSchema())));
  });

  const problems = (flow: unknown) => jsonSchemaProblems(schema, flow).map(({ pointer }) => pointer);
  const schema = flowJsonSchema();
  const good = buildFlow({
    a: { type: 'delay', config: { duration: '1d' } },
    b: { type: 'custom', config: { any: 1 } },
  });

  it('takes a flow with built-in and other handlers', () => {
    expect(problems({ $schema: './flow.schema.json', ...good })).toEqual([]);
  });

  it('knows the config of the built-in ones', () => {
    expect(problems(buildFlow({ a: { type: 'delay', config: { duraton: '1d' } } }))).toContain('/steps/a/config');
    expect(problems(buildFlow({ a: { type: 'map', config: { concurrency: 0 } } }))).toContain('/steps/a/config/concurrency');
  });

  it('marks what is misspelt', () => {
    expect(problems({ ...good, intialStepId: 'a' })).toContain('');
    expect(problems({ ...good, steps: { a: { ...good.steps.a, transitions: { onSucess: null } } } })).toContain('/steps/a/transitions');
  });
});
