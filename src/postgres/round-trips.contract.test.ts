import { setTimeout as pause } from 'node:timers/promises';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { asAdmin } from '../../test/support/postgres-schema.ts';
import { SequentialRuns } from '../../test/support/sequential-runs.ts';
import { createWorld } from '../connect/create-world.ts';
import { WorldEngine } from '../connect/open-engine.ts';
import { startScratchPostgres } from '../testing/scratch-postgres.ts';

it('a worker with ten thousand sleeping runs and an Engine asks at most twice a second', { timeout: 60_000 }, async () => {
  const { count, url } = await countedServer();
  const world = createWorld({ env: { WORKFLOW_PAWL_URL: url, WORKFLOW_PAWL_LOG_LEVEL: 'silent' } });
  new SequentialRuns({ steps: 1 }).workOn(world);
  const engine = new WorldEngine(world, {});
  await engine.start();
  await asAdmin(
    url,
    `insert into pawl.runs (
       shard, run_id, namespace, status, deployment_id, workflow_name, spec_version, created_at, updated_at, last_seq, last_ms, marker_ms,
       lease_epoch, deliveries, due_at)
     select i % 64, 'sleeping_' || i, '', 'running', 'dpl_pawl', 'workflow', 3, i, i, 1, i, i, 1, 0, 4000000000000 + i
     from generate_series(1, 10000) as i`,
  );
  // Past what a worker does once when it starts.
  await pause(3_000);
  const before = await count();
  const seconds = 8;
  await pause(seconds * 1_000);
  const perSecond = ((await count()) - before) / seconds;
  await engine.close();
  console.log(`${perSecond.toFixed(2)} queries a second of an idle worker`);
  expect(perSecond).toBeLessThanOrEqual(2);
});

it('a step in a sequence costs two round trips, and never more than four', { timeout: 60_000 }, async () => {
  const { count, url } = await countedServer();
  const world = createWorld({ env: { WORKFLOW_PAWL_URL: url, WORKFLOW_PAWL_LEASE_MS: '30000', WORKFLOW_PAWL_LOG_LEVEL: 'silent' } });
  const runs = new SequentialRuns({ steps: 40 });
  runs.workOn(world);
  await world.start();

  const before = await count();
  const runId = await runs.start(world);
  await runs.finished(world, [runId]);
  const perStep = ((await count()) - before) / 40;
  await world.close();
  console.log(`${perStep.toFixed(2)} round trips per sequential step`);
  expect(perStep).toBeLessThanOrEqual(4);
});

/** The server's own log counts, so that no statement is overlooked; those of the test go by another name. */
async function countedServer(): Promise<{ readonly url: string; count(): Promise<number> }> {
  const server = await startScratchPostgres({ settings: { log_statement: 'all', log_line_prefix: '%a|' } });
  onTestFinished(() => server.stop());
  const [{ folder } = { folder: '' }] = await asAdmin<{ folder: string }>(server.url, "select current_setting('data_directory') as folder");
  return {
    url: `${server.url}?application_name=counted`,
    count: async () =>
      ((await readFile(join(dirname(folder), 'log'), 'utf8')).match(/^counted\|LOG: {2}(?:execute|statement)/gm) ?? []).length,
  };
}
