import { sdkScenarios } from './scenarios.ts';
import { recoveryScenarios } from './scenarios/recovery.ts';
import { openPostgresWorld } from './support/postgres-world.ts';
import { shortLease } from './support/sqlite-world.ts';

// Where no process dies, no delivery fails.
sdkScenarios('PostgreSQL', async () => await openPostgresWorld(), { unspoken: /will be repeated|Settling/ });
recoveryScenarios('PostgreSQL', async () => await openPostgresWorld(shortLease));
