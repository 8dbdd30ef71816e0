import { silentLogger } from '../../src/base/logger.ts';
import { openStore } from '../../src/connect/open-store.ts';
import { readSettings } from '../../src/connect/settings.ts';
import { createWorld } from '../../src/index.ts';
import { testLeases } from '../../src/testing/contract/leases.ts';
import { scratchDatabase, storeNames } from '../support/any-store.ts';

for (const name of storeNames) {
  testLeases(name, async (clock) => {
    const env = await scratchDatabase(name);
    const store = await openStore(readSettings(env), clock, silentLogger);
    return { world: createWorld({ env, clock }), store, close: () => store.close() };
  });
}
