import { silentLogger } from '../../src/base/logger.ts';
import { openStore } from '../../src/connect/open-store.ts';
import { readSettings } from '../../src/connect/settings.ts';
import { testClaims } from '../../src/testing/contract/claims.ts';
import { scratchDatabase, storeNames } from '../support/any-store.ts';

for (const name of storeNames) {
  testClaims(name, async (clock) => {
    const store = await openStore(readSettings(await scratchDatabase(name)), clock, silentLogger);
    return { store, close: () => store.close() };
  });
}
