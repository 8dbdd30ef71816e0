import { sdkScenarios } from './scenarios.ts';
import { recoveryScenarios } from './scenarios/recovery.ts';
import { settingScenarios } from './scenarios/settings.ts';
import { openSqliteWorld } from './support/sqlite-world.ts';

// Without crashes no delivery may fail, and none may have to wait for another.
sdkScenarios('SQLite', openSqliteWorld, { unspoken: /will be repeated|was given to others|Settling/ });
settingScenarios('SQLite', openSqliteWorld);
recoveryScenarios('SQLite', openSqliteWorld);
