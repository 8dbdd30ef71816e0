import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { sdkScenarios } from './scenarios.ts';

// The scenarios against the SDK's own development world: it shows that they ask for nothing that only Pawl does. Slow, so on demand.
describe.runIf(process.env.E2E_REFERENCE === '1')('reference', () => {
  sdkScenarios('world-local', openLocalWorld, {
    tolerated: /log begins with|at place|after the end of the run|does not sort|is older/,
  });
});

async function openLocalWorld() {
  const directory = await mkdtemp(join(tmpdir(), 'pawl-e2e-local-'));
  return {
    env: { WORKFLOW_TARGET_WORLD: 'local', WORKFLOW_LOCAL_DATA_DIR: directory },
    close: async () => await rm(directory, { recursive: true, force: true }),
  };
}
