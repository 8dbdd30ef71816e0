import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import pg from 'pg';

const execute = promisify(execFile);
const scratchPostgres = new URL('../dist/testing/scratch-postgres.js', import.meta.url);

/**
 * A PostgreSQL server for one run of the benchmark, durable as it is delivered: every commit waits for the disk. `environment` is added to
 * what it inherits.
 */
export async function startPostgresServer({ environment = {} } = {}) {
  const { startScratchPostgres } = await import(scratchPostgres);
  const start = () => startScratchPostgres({ fsync: true, settings: { synchronous_commit: 'on' } });
  const server = await withEnvironment(environment, start);
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();

  /** Nobody pays for the checkpoint of the one before. */
  const place = async (create, drop, url) => {
    await admin.query('checkpoint');
    await admin.query(create);
    return { url, remove: () => admin.query(drop) };
  };
  return {
    facts: await readFacts(admin),
    schema: (name) => place(`create schema ${name}`, `drop schema ${name} cascade`, server.url),
    database: (name) => place(`create database ${name}`, `drop database ${name} with (force)`, server.url.replace(/[^/]+$/, name)),
    /** Runs a program of Node's that sets up a database. */
    run: (program, settings) => execute(process.execPath, [program], { env: { ...process.env, ...settings } }),
    async stop() {
      await admin.end();
      await server.stop();
    },
  };
}

async function withEnvironment(environment, work) {
  const before = { ...process.env };
  Object.assign(process.env, environment);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(environment)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

async function readFacts(admin) {
  const { rows } = await admin.query(
    `select current_setting('server_version') as version, current_setting('fsync') as fsync,
            current_setting('synchronous_commit') as "synchronousCommit"`,
  );
  return rows[0];
}
