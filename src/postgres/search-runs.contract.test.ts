import { expect, inject, it, onTestFinished } from 'vitest';
import { anyRun } from '../../test/support/any-run.ts';
import { flowWorld } from '../../test/support/flow-world.ts';
import { asAdmin, dropSchema, newSchemaName } from '../../test/support/postgres-schema.ts';
import { systemClock } from '../base/clock.ts';
import { smallExecution } from '../flow/testing/contract/sample-execution.ts';
import { WorldStateStore } from '../flow/world/world-state-store.ts';
import { newRunId } from '../testing/ids.ts';
import { Database } from './database.ts';
import { findRun, listChangedRuns, searchRuns } from './search-runs.ts';
import { createPostgresStore } from './store.ts';

it('a live list looks up the newest open runs by their keys, however many others there are', { timeout: 60_000 }, async () => {
  const [url, schema] = [inject('postgresUrl'), newSchemaName()];
  onTestFinished(() => dropSchema(url, schema));
  const store = createPostgresStore({ url, schema, clock: systemClock });
  await store.open();
  await store.close();
  await asAdmin(
    url,
    `insert into "${schema}".runs (
       shard, run_id, namespace, status, deployment_id, workflow_name, spec_version, created_at, updated_at, completed_at, last_seq, last_ms,
       marker_ms, lease_epoch, deliveries)
     select n % 64, 'wrun_' || n, '', case when n % 100 = 0 then 'running' else 'completed' end, 'dpl', 'workflow//a//b', 4, n, n,
       case when n % 100 = 0 then null else n end, 2, n, 0, 1, 0
     from generate_series(1, 40000) as n`,
    `analyze "${schema}".runs`,
  );

  const texts: string[] = [];
  // As of a disk without a head: else 40,000 rows are too few for an index to be worth it.
  const onFastDisk = `${url}?options=${encodeURIComponent('-c random_page_cost=1.1')}`;
  const db = new Database({ url: onFastDisk, schema, clock: systemClock, onQuery: ({ text }) => texts.push(text) });
  onTestFinished(() => db.close());
  const query = [39_000, 300] as const;
  const { runs } = await listChangedRuns(db, { since: query[0], limit: query[1], watched: query[1] });
  expect(new Set(runs.map(({ status }) => status))).toEqual(new Set(['running', 'completed']));
  for (const text of [...texts]) {
    const plan = await db.query<{ 'QUERY PLAN': string }>(`explain ${text}`, query);
    expect(plan.map((row) => row['QUERY PLAN']).join('\n')).not.toMatch(/Seq Scan on runs/);
  }
});

it('a flow that an older release parked, whose status is not the first of its fields, is one that waits', async () => {
  const [url, schema] = [inject('postgresUrl'), newSchemaName()];
  onTestFinished(() => dropSchema(url, schema));
  const store = createPostgresStore({ url, schema, clock: systemClock });
  await store.open();
  onTestFinished(() => store.close());
  const attempt = {
    stepId: 'first',
    visit: 1,
    attempt: 1,
    deliveries: 1,
    status: 'waiting',
    startedAt: 1,
    input: { status: 'waiting' },
  } as const;
  const reason = 'x,"attempt":,"status":"waiting"';
  const executions = new WorldStateStore(flowWorld(store, systemClock));
  const [waiting, running] = [newRunId(), newRunId()];
  await executions.save(smallExecution({ id: waiting, status: 'waiting', waitMetadata: { reason }, attempt }));
  await executions.save(smallExecution({ id: running, status: 'running', waitMetadata: { reason }, attempt }));
  const parked = `regexp_replace(fields, '^\\{("status":"[a-z]+"),', '{"first":1,\\1,')`;
  await asAdmin(url, `update "${schema}".executions set fields = ${parked}`);

  const db = new Database({ url, schema, clock: systemClock });
  onTestFinished(() => db.close());
  expect(await findRun(db, waiting)).toMatchObject({ waiting: true });
  expect(await findRun(db, running)).toMatchObject({ waiting: false });
  const search = { ...anyRun, status: 'waiting' } as const;
  expect(await searchRuns(db, search)).toMatchObject([{ runId: waiting }]);
});
