import { copyFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { readSettings } from '../../src/connect/settings.ts';
import { readSchemaStatus } from '../../src/connect/schema-status.ts';
import { createWorld, defineFlow, openEngine } from '../../src/index.ts';
import { Database } from '../../src/postgres/database.ts';
import * as postgres from '../../src/postgres/migrate.ts';
import { Connection } from '../../src/sqlite/connection.ts';
import { copyDatabase } from '../../src/sqlite/copy-database.ts';
import { loadDriver } from '../../src/sqlite/driver.ts';
import * as sqlite from '../../src/sqlite/migrate.ts';
import { databases } from '../support/databases.ts';
import { scratchFolder } from '../support/scratch.ts';
import { SequentialRuns } from '../support/sequential-runs.ts';

type Env = Readonly<Record<string, string>>;

/** What a next version might add: to every table that is written in the course of a run, and beside them. */
const additions: Readonly<Record<string, string>> = {
  sqlite: `-- additive
    create table notes (run_id text primary key, note text not null) strict;
    ${everyTable((table) => `alter table ${table} add column note text; alter table ${table} add column notes integer not null default 7;`)}
    create index runs_by_notes on runs (notes);`,
  postgres: `-- additive
    create table pawl.notes (shard int not null, run_id text not null, note text not null, primary key (shard, run_id));
    ${everyTable((table) => `alter table pawl.${table} add column note text, add column notes bigint not null default 7;`)}
    create index runs_by_notes on pawl.runs (notes);
    create function pawl.pawl_commit_v2(p_acts jsonb) returns int language plpgsql as $$ begin return 2; end $$;`,
};

const upgrades: Readonly<Record<string, (env: Env, folder: URL) => Promise<void>>> = {
  async sqlite({ WORKFLOW_PAWL_URL: url = '' }, folder) {
    const [path, openDatabase] = [url.slice('sqlite:'.length), await loadDriver()];
    const db = new Connection(openDatabase(path));
    await sqlite.migrate(db, { path, clock: systemClock, copyTo: (target) => copyDatabase(openDatabase, path, target), folder });
    db.close();
  },
  async postgres({ WORKFLOW_PAWL_URL: url = '', WORKFLOW_PAWL_SCHEMA: schema = '' }, folder) {
    const db = new Database({ url, schema, clock: systemClock });
    await postgres.migrate(db, { folder });
    await db.close();
  },
};

const flow = defineFlow({
  id: 'note',
  version: '1.0.0',
  initialStepId: 'say',
  steps: { say: { type: 'log', config: { message: 'here' }, input: { type: 'static', value: null }, transitions: { onSuccess: null } } },
});

for (const [name, database] of Object.entries(databases)) {
  it(`code of this version works on, and starts anew, beside that of the next on ${name}`, { timeout: 120_000 }, async () => {
    const env: Env = { ...(await database()), WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
    const open = () => {
      const world = createWorld({ env, apart: true });
      onTestFinished(() => world.close());
      return world;
    };
    const [program, atWork] = [new SequentialRuns({ steps: 3 }), open()];
    program.workOn(atWork);
    await atWork.start();
    const finish = async () => {
      const runIds = [await program.start(atWork), await program.start(atWork)];
      expect(await program.finished(atWork, runIds)).toEqual(['completed', 'completed']);
    };
    // Whatever a process keeps of statements and their plans, it has by then.
    for (let round = 0; round < 4; round += 1) await finish();

    await upgrades[name]?.(env, await ladder(name, String(additions[name])));
    for (let round = 0; round < 4; round += 1) await finish();
    await atWork.close();

    const newer = open();
    program.workOn(newer);
    await newer.start();
    const runId = await program.start(newer);
    expect(await program.finished(newer, [runId])).toEqual(['completed']);
    const engine = await openEngine({ env, flows: [flow] });
    onTestFinished(() => engine.close());
    await engine.start();
    const { execution } = await engine.create('note', {});
    expect((await engine.waitFor(execution.id)).status).toBe('completed');
    expect(program.ledger.repeatedAfterRecord).toEqual([]);
    const { version, newest, pending } = await readSchemaStatus(readSettings(env), systemClock);
    expect({ ahead: version - newest, pending }).toEqual({ ahead: 1, pending: [] });
  });

  it(`code of this version refuses a schema that took something away from it on ${name}`, async () => {
    const env: Env = { ...(await database()), WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
    const prefix = name === 'postgres' ? 'pawl.' : '';
    const taken = `alter table ${prefix}steps rename to work;`;
    await upgrades[name]?.(env, await ladder(name, String(additions[name]), taken, '-- additive'));
    const world = createWorld({ env, apart: true });
    onTestFinished(() => world.close());
    await expect(world.runs.list({})).rejects.toMatchObject({
      message: expect.stringMatching(
        /has version (\d+), newer than the \d+ this version of Pawl knows, and takes code of version \d+ or later: upgrade Pawl/,
      ),
    });
  });
}

function everyTable(change: (table: string) => string): string {
  const tables = ['runs', 'events', 'steps', 'waits', 'hooks', 'hook_tokens', 'messages', 'streams', 'stream_chunks', 'workers'];
  const ofFlows = [
    'executions',
    'execution_values',
    'execution_history',
    'idempotency_keys',
    'children',
    'child_groups',
    'flows',
    'triggers',
  ];
  return [...tables, ...ofFlows, 'trigger_firings', 'token_expiries', 'audit_log', 'pawl_meta'].map(change).join('\n    ');
}

/** The migrations of this code, and others after them. */
async function ladder(name: string, ...later: readonly string[]): Promise<URL> {
  const folder = await scratchFolder();
  const own = name === 'sqlite' ? sqlite.ownFolder : postgres.ownFolder;
  const names = await readdir(own);
  for (const file of names) await copyFile(fileURLToPath(new URL(file, own)), join(folder, file));
  for (const [index, sql] of later.entries()) {
    await writeFile(join(folder, `${String(names.length + index + 1).padStart(4, '0')}_later.sql`), sql);
  }
  return pathToFileURL(`${folder}/`);
}
