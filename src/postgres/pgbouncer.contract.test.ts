import { expect, inject, it, onTestFinished } from 'vitest';
import { findPgbouncer, startPgbouncer } from '../../test/support/pgbouncer.ts';
import { asAdmin, dropSchema, newSchemaName } from '../../test/support/postgres-schema.ts';
import { SequentialRuns } from '../../test/support/sequential-runs.ts';
import { createWorld, type PawlWorld } from '../connect/create-world.ts';
import { newRunId, newStreamName } from '../testing/ids.ts';
import { brokenLogRules } from '../testing/log-rules.ts';
import { readLog } from '../testing/read-log.ts';
import { readChunks, texts } from '../testing/stream-reading.ts';

const pgbouncer = findPgbouncer();

it.skipIf(!pgbouncer)(
  `everything works through a pooler that keeps nothing between transactions (${pgbouncer ?? 'no pgbouncer here'})`,
  async () => {
    const [adminUrl, schema] = [inject('postgresUrl'), newSchemaName()];
    const pooler = await startPgbouncer(adminUrl);
    const worlds: PawlWorld[] = [];
    const open = (name: string) => {
      const url = `${pooler.url}?application_name=${name}`;
      worlds.push(createWorld({ env: { WORKFLOW_PAWL_URL: url, WORKFLOW_PAWL_SCHEMA: schema, WORKFLOW_PAWL_LOG_LEVEL: 'silent' } }));
      return worlds.at(-1) as PawlWorld;
    };
    onTestFinished(async () => {
      for (const world of worlds) await world.close();
      await pooler.stop();
      await dropSchema(adminUrl, schema);
    });

    const [worker, other] = [open('worker'), open('other')];
    const runs = new SequentialRuns({ steps: 5 });
    runs.workOn(worker);
    await worker.start();
    const runIds = await Promise.all(Array.from({ length: 20 }, (_, index) => runs.start(index % 2 === 0 ? worker : other)));
    expect(new Set(await runs.finished(other, runIds))).toEqual(new Set(['completed']));
    for (const runId of runIds) expect(brokenLogRules(await readLog(other, runId))).toEqual([]);

    const name = newStreamName();
    const reader = readChunks(await other.readFromStream(name));
    for (const text of ['one', 'two', 'three']) await worker.writeToStream(name, newRunId(), text);
    await worker.closeStream(name, newRunId());
    expect(texts(await reader.rest())).toEqual(['one', 'two', 'three']);
    // Statements that were prepared on a shared connection would be in another client's way.
    expect(await asAdmin(pooler.url, 'select name from pg_prepared_statements')).toEqual([]);
  },
);
