import { sdkScenarios } from './scenarios.ts';
import { recoveryScenarios } from './scenarios/recovery.ts';
import { settingScenarios } from './scenarios/settings.ts';
import { openSqliteWorld } from './support/sqlite-world.ts';

sdkScenarios('SQLite', openSqliteWorld);
settingScenarios('SQLite', openSqliteWorld);
recoveryScenarios('SQLite', openSqliteWorld);
