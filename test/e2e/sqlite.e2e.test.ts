import { sdkScenarios } from './scenarios.ts';
import { recoveryScenarios } from './scenarios/recovery.ts';
import { settingScenarios } from './scenarios/settings.ts';
import { openSqliteWorld, shortLease } from './support/sqlite-world.ts';

// Where no process dies, no delivery fails.
sdkScenarios('SQLite', async () => await openSqliteWorld(), { unspoken: /will be repeated|Settling/ });
settingScenarios('SQLite', async () => await openSqliteWorld());
recoveryScenarios('SQLite', async () => await openSqliteWorld(shortLease));
