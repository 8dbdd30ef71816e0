import { createWorld } from '../../src/index.ts';
import { testWorld, type WorldFactory } from '../../src/testing/index.ts';

/** A World in the memory of this process. Nobody else can open it, and it is gone when it is closed. */
const inMemory: WorldFactory = async ({ clock, env } = {}) => {
  const world = createWorld({
    // Worlds of one URL share what they have, and with it the clock and the settings of the first: each test is to be the first.
    apart: true,
    env: { WORKFLOW_PAWL_LEASE_MS: '1000', WORKFLOW_PAWL_LOG_LEVEL: 'silent', ...env, WORKFLOW_PAWL_URL: 'sqlite::memory:' },
    ...(clock ? { clock } : {}),
  });
  return { world, close: () => world.close() };
};

testWorld('sqlite in memory', inMemory);
