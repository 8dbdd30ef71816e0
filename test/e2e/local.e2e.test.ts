import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { sdkScenarios } from './scenarios.ts';
import type { WorldUnderTest } from './support/stage.ts';

// The scenarios against the SDK's own development world: it shows that they ask for nothing that only Pawl does. Slow, so on demand:
// E2E_REFERENCE=1 npx vitest run test/e2e/local.e2e.test.ts
if (process.env.E2E_REFERENCE === '1') {
  sdkScenarios('world-local', openLocalWorld, {
    tolerated: /log begins with|at place|after the end of the run|does not sort|is older|something follows/,
    skip: [
      { reason: 'puts the raw name into an HTTP header', scenarios: ['runs a step whose name is not ASCII'] },
      {
        reason: 'the queue lives in one process',
        scenarios: [
          'runs what another process has started',
          'wakes a run from another process, one sleep at a time',
          'resumes a hook from another process',
        ],
      },
      {
        reason: 'ends a run several times when its last steps end together',
        scenarios: [
          'gives 110 parallel steps one execution each',
          'completes 200 parallel steps',
          'completes 50 parallel steps that end one by one',
        ],
      },
      { reason: 'counts every sleep as an attempt', scenarios: ['completes 60 sleeps in sequence'] },
      {
        reason: 'forgets to skip live chunks',
        scenarios: ['gives a reader that starts beyond the tail what comes after'],
      },
      {
        reason: 'gives two readers different orders',
        scenarios: ['keeps the chunks of steps that write at the same time, each in its own order'],
      },
      { reason: 'answers "missing" instead of a conflict', scenarios: ['cancels a sleeping run'] },
    ],
  });
} else {
  test.skip('the Workflow SDK on world-local (set E2E_REFERENCE=1 to run it)');
}

async function openLocalWorld(): Promise<WorldUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'pawl-e2e-local-'));
  return {
    env: { WORKFLOW_TARGET_WORLD: 'local', WORKFLOW_LOCAL_DATA_DIR: directory },
    keepsProcessesAlive: true,
    close: async () => await rm(directory, { recursive: true, force: true }),
  };
}
