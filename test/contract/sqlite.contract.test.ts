import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWorld } from '../../src/index.ts';
import { testWorld, type WorldFactory } from '../../src/testing/index.ts';

/** A World on a file of its own; others on the same data share the file and nothing else, as another process would. */
const onFile: WorldFactory = async ({ clock, env } = {}) => {
  const folder = await mkdtemp(join(tmpdir(), 'pawl-contract-'));
  const open = (apart: boolean) =>
    createWorld({
      apart,
      env: {
        WORKFLOW_PAWL_LEASE_MS: '1000',
        WORKFLOW_PAWL_LOG_LEVEL: 'silent',
        ...env,
        WORKFLOW_PAWL_URL: `sqlite:${join(folder, 'pawl.db')}`,
      },
      ...(clock ? { clock } : {}),
    });
  const world = open(false);
  const others: ReturnType<typeof open>[] = [];
  return {
    world,
    async another(where = 'elsewhere') {
      const other = open(where === 'elsewhere');
      others.push(other);
      return other;
    },
    async close() {
      for (const each of [world, ...others]) await each.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

testWorld('sqlite file', onFile);
