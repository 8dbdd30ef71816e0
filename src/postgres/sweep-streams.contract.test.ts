import pg from 'pg';
import { expect, inject, it, onTestFinished } from 'vitest';
import { dropSchema, newSchemaName } from '../../test/support/postgres-schema.ts';
import { systemClock } from '../base/clock.ts';
import { createPostgresStore } from './store.ts';

it('a sweep takes the old streams whose names begin so, in every shard, with their chunks, and no others', async () => {
  const [url, schema] = [inject('postgresUrl'), newSchemaName()];
  const store = createPostgresStore({ url, schema, clock: systemClock });
  await store.open();
  await store.close();
  const client = new pg.Client(url);
  await client.connect();
  onTestFinished(async () => {
    await client.end();
    await dropSchema(url, schema);
  });
  const answers = ['__health_check__old', '__health_check__', '__health_check__é', '__health_check__young'];
  const others = ['__health_check_', '__health_check_`', '__health_check__'.toUpperCase(), 'a'];
  await client.query(
    `insert into "${schema}".streams (shard, name, run_id, chunk_count, created_at)
     select shard, name, '', 1, case when name like '%young' then 2000 else 1000 end
     from generate_series(0, 63) as shard, unnest($1::text[]) as name`,
    [[...answers, ...others]],
  );
  await client.query(
    `insert into "${schema}".stream_chunks (shard, name, chunk_index, data) select shard, name, 0, '' from "${schema}".streams`,
  );

  const swept = await client.query(
    `select number::int from "${schema}".pawl_queue_v1('sweepStreams', '{"id": "__health_check__", "before": 1500}', 0, '')`,
  );
  expect(swept.rows).toEqual([{ number: 3 * 64 }]);
  for (const table of ['streams', 'stream_chunks']) {
    const { rows: left } = await client.query(
      `select name, count(*)::int as shards from "${schema}".${table} group by name order by name collate "C"`,
    );
    const kept = ['__health_check__young', ...others].toSorted().map((name) => ({ name, shards: 64 }));
    expect(left).toEqual(kept);
  }
});
