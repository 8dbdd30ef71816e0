import { expect, inject, it, onTestFinished } from 'vitest';
import { asAdmin, dropSchema, newSchemaName } from '../../test/support/postgres-schema.ts';
import { systemClock } from '../base/clock.ts';
import { shardOf } from '../world/shard.ts';
import { Database } from './database.ts';
import { listEventsOfTypes } from './operator-reads.ts';
import { createPostgresStore } from './store.ts';

it('what belongs to a few steps is found by them, however long the log of their run', { timeout: 60_000 }, async () => {
  const [url, schema] = [inject('postgresUrl'), newSchemaName()];
  onTestFinished(() => dropSchema(url, schema));
  const store = createPostgresStore({ url, schema, clock: systemClock });
  await store.open();
  await store.close();
  const runId = 'wrun_long';
  const types = ['step_started', 'step_completed'];
  await asAdmin(
    url,
    `insert into "${schema}".events (shard, run_id, seq, type, correlation_id, spec_version, created_at)
     select ${shardOf(runId)}, '${runId}', n, case n % 3 when 0 then 'step_created' when 1 then 'step_started' else 'step_completed' end,
       'step_' || n / 3, 4, n
     from generate_series(1, 30000) as n`,
    `analyze "${schema}".events`,
  );
  const texts: string[] = [];
  // As of a disk without a head: else 30,000 rows are too few for an index to be worth it.
  const onFastDisk = `${url}?options=${encodeURIComponent('-c random_page_cost=1.1')}`;
  const db = new Database({ url: onFastDisk, schema, clock: systemClock, onQuery: ({ text }) => texts.push(text) });
  onTestFinished(() => db.close());
  const correlationIds = Array.from({ length: 200 }, (_, index) => `step_${5_000 + index}`);
  const found = await listEventsOfTypes(db, { runId, types, correlationIds });
  expect(found).toHaveLength(400);
  expect(found[0]).toMatchObject({ correlationId: 'step_5000', type: 'step_started' });

  const plan = await db.query<{ 'QUERY PLAN': string }>(`explain ${texts[0]}`, [shardOf(runId), runId, types, correlationIds]);
  expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toMatch(/events_by_correlation/);
});
