import pg from 'pg';
import { expect, inject, it, onTestFinished } from 'vitest';
import { createWorld, openEngine } from '../../src/index.ts';
import { buildFlow } from '../../src/flow/testing/build-flow.ts';
import { dropSchema, newSchemaName } from '../support/postgres-schema.ts';
import { readCodeBlocks } from './code-blocks.ts';

it('a worker needs no more rights than docs/guides/postgres.md gives it', async () => {
  const [url, schema] = [inject('postgresUrl'), newSchemaName()];
  const role = `${schema}_worker`;
  const owner = createWorld({ env: { WORKFLOW_PAWL_URL: url, WORKFLOW_PAWL_SCHEMA: schema }, apart: true });
  await owner.runs.list({});
  await owner.close();
  onTestFinished(() => dropSchema(url, schema));

  const grants = (await readCodeBlocks('docs/guides/postgres.md')).find(({ info }) => info.startsWith('sql'));
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query(
    String(grants?.text)
      .replaceAll('pawl_worker', role)
      .replaceAll(/\bschema pawl\b/g, `schema ${schema}`),
  );
  onTestFinished(async () => {
    await client.query(`drop owned by ${role}; drop role ${role}`);
  });

  const restricted = new URL(url);
  restricted.username = role;
  restricted.password = 'change me';
  const env = { WORKFLOW_PAWL_URL: restricted.href, WORKFLOW_PAWL_SCHEMA: schema, WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
  const flow = buildFlow({ say: { type: 'log', config: { message: 'hello' } } });
  const engine = await openEngine({ env, flows: [flow] });
  onTestFinished(() => engine.close());
  await engine.start();
  const { execution } = await engine.create('flow', {});
  expect((await engine.waitFor(execution.id)).status).toBe('completed');
  await client.query(`set search_path to ${schema}`);
  const { rows } = await client.query<{ isOwner: boolean }>(
    `select bool_or(tableowner = $1) as "isOwner" from pg_tables where schemaname = $2`,
    [role, schema],
  );
  expect(rows).toEqual([{ isOwner: false }]);
});
