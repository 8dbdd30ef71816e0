import { expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { Connection } from './connection.ts';
import { loadDriver } from './driver.ts';
import { migrate } from './migrate.ts';

it('makes the schema of test/schema/sqlite.sql', async () => {
  const openDatabase = await loadDriver();
  const db = new Connection(openDatabase(':memory:'));
  await migrate(db, { path: ':memory:', clock: systemClock, copyTo: () => {} });
  const objects = db.all<{ sql: string }>('select sql from sqlite_schema where sql is not null order by tbl_name, type desc, name');
  const dump = objects.map(({ sql }) => `${sql};\n`).join('\n');
  db.close();
  await expect(dump, 'The schema has changed. If that is meant: node scripts/dump-schema.js, and read what differs').toMatchFileSnapshot(
    '../../test/schema/sqlite.sql',
  );
});
