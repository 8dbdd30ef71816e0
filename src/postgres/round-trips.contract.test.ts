import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { asAdmin } from '../../test/support/postgres-schema.ts';
import { SequentialRuns } from '../../test/support/sequential-runs.ts';
import { createWorld } from '../connect/create-world.ts';
import { startScratchPostgres } from '../testing/scratch-postgres.ts';

it('a step in a sequence costs two round trips, and never more than four', { timeout: 60_000 }, async () => {
  // The server's own log counts them, so that none is overlooked.
  const server = await startScratchPostgres({ settings: { log_statement: 'all', log_line_prefix: '%a|' } });
  onTestFinished(() => server.stop());
  const world = createWorld({
    env: {
      WORKFLOW_PAWL_URL: `${server.url}?application_name=counted`,
      WORKFLOW_PAWL_LEASE_MS: '30000',
      WORKFLOW_PAWL_LOG_LEVEL: 'silent',
    },
  });
  const runs = new SequentialRuns({ steps: 40 });
  runs.workOn(world);
  await world.start();
  const [{ folder } = { folder: '' }] = await asAdmin<{ folder: string }>(server.url, "select current_setting('data_directory') as folder");
  const count = async () => ((await readFile(join(dirname(folder), 'log'), 'utf8')).match(/^counted\|LOG:/gm) ?? []).length;

  const before = await count();
  const runId = await runs.start(world);
  await runs.finished(world, [runId]);
  const perStep = ((await count()) - before) / 40;
  await world.close();
  console.log(`${perStep.toFixed(2)} round trips per sequential step`);
  expect(perStep).toBeLessThanOrEqual(4);
});
