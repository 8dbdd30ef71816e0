import { expect, inject, it, onTestFinished } from 'vitest';
import { dumpPostgresSchema } from '../../test/support/postgres-dump.ts';
import { dropSchema, newSchemaName } from '../../test/support/postgres-schema.ts';
import { systemClock } from '../base/clock.ts';
import { createPostgresStore } from './store.ts';

it('makes the schema of test/schema/postgres.sql', async () => {
  const [url, schema] = [inject('postgresUrl'), newSchemaName()];
  const store = createPostgresStore({ url, schema, clock: systemClock });
  onTestFinished(() => dropSchema(url, schema));
  await store.open();
  await store.close();
  const dump = await dumpPostgresSchema(url, schema);
  await expect(dump, 'The schema has changed. If that is meant: node scripts/dump-schema.js, and read what differs').toMatchFileSnapshot(
    '../../test/schema/postgres.sql',
  );
});
