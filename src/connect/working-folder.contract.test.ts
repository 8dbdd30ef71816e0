import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { scratchFolder } from '../../test/support/scratch.ts';
import { pendingRun } from '../testing/arrange.ts';
import { createWorld } from './create-world.ts';

it('a World of a file goes on with it when its process changes the folder between its first read and its first write', async () => {
  const [folder, before] = [await scratchFolder(), process.cwd()];
  onTestFinished(() => process.chdir(before));
  await mkdir(join(folder, 'elsewhere'));
  process.chdir(folder);
  const world = createWorld({ env: { WORKFLOW_PAWL_LOG_LEVEL: 'silent' } });
  onTestFinished(() => world.close());
  await world.runs.list({});

  process.chdir(join(folder, 'elsewhere'));
  const runId = await pendingRun(world);
  const later = createWorld({ env: { WORKFLOW_PAWL_URL: join(folder, '.pawl/pawl.db'), WORKFLOW_PAWL_LOG_LEVEL: 'silent' } });
  onTestFinished(() => later.close());
  expect((await later.runs.get(runId)).status).toBe('pending');
});
