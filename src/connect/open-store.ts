import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Store } from '../world/port.ts';
import type { Settings } from './settings.ts';

/** Opens the store that the URL names; its dialect is loaded only now, so that importing Pawl stays cheap. */
export async function openStore(settings: Settings, clock: Clock, _logger: Logger): Promise<Store> {
  if (/^postgres(ql)?:/.test(settings.url)) {
    const { createPostgresStore } = await import('../postgres/store.ts');
    const store = createPostgresStore({ url: settings.url, schema: settings.schema, clock, sync: settings.sync, citus: settings.citus });
    await store.open();
    return store;
  }
  const path = settings.url.slice('sqlite:'.length);
  const { createSqliteStore } = await import('../sqlite/store.ts');
  const store = createSqliteStore({ path, clock, sync: settings.sync });
  await store.open();
  return store;
}
