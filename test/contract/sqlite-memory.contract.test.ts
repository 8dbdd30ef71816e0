import { createWorld } from '../../src/index.ts';
import { testWorld, type WorldFactory } from '../../src/testing/index.ts';

/** A World in the memory of this process. Nobody else can open it, and it is gone when it is closed. */
const inMemory: WorldFactory = async ({ clock, env } = {}) => {
  forgetHosts();
  const world = createWorld({
    env: { WORKFLOW_PAWL_LEASE_MS: '1000', WORKFLOW_PAWL_LOG_LEVEL: 'silent', ...env, WORKFLOW_PAWL_URL: 'sqlite::memory:' },
    ...(clock ? { clock } : {}),
  });
  return { world, close: () => world.close() };
};

/** Worlds of one URL share a host for the life of the process, and its clock and settings are those of the first: each test is to be first. */
function forgetHosts(): void {
  (globalThis as { [hosts]?: Map<string, unknown> })[hosts]?.clear();
}
const hosts: unique symbol = Symbol.for('pawl/runtime@0') as never;

testWorld('sqlite in memory', inMemory);
