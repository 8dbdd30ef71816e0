import pg from 'pg';
import { asAdmin } from '../../test/support/postgres-schema.ts';
import { pause } from './monotonic.ts';

/** Takes every connection of the server for a while: those that are left, and those that others lose. Says how many. */
export async function hoardConnections(url: string, ms: number): Promise<number> {
  const hoard: pg.Client[] = [];
  try {
    await fill(url, hoard);
    const others = 'select pg_terminate_backend(pid) from pg_stat_activity where backend_type = $1 and pid <> all ($2)';
    const pids = await Promise.all(hoard.map(async (client) => (await client.query('select pg_backend_pid() as pid')).rows[0].pid));
    await hoard[0]?.query(others, ['client backend', pids]);
    await fill(url, hoard);
    await pause(ms);
    return hoard.length;
  } finally {
    for (const client of hoard) await client.end().catch(() => {});
  }
}

/** Until the server has no connection left. */
async function fill(url: string, hoard: pg.Client[]): Promise<void> {
  for (;;) {
    const client = new pg.Client(url);
    client.on('error', () => {});
    try {
      await client.connect();
    } catch (error) {
      if ((error as { code?: string }).code === '53300') return;
      throw error;
    }
    hoard.push(client);
  }
}

/** A session that somebody left open in the middle of a transaction, with a lock on every run. */
export async function lockEverything(url: string, ms: number): Promise<void> {
  const client = new pg.Client(url);
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query('begin');
    await client.query('select 1 from pawl.runs for update');
    await pause(ms);
    await client.query('rollback');
  } finally {
    await client.end();
  }
}

/** All sessions of the server stand still, as on a machine that is out of breath: no answer, and no end of the connection either. */
export async function standStill(url: string, ms: number): Promise<void> {
  const sessions = await asAdmin<{ pid: number }>(
    url,
    "select pid from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'",
  );
  try {
    for (const { pid } of sessions) signal(pid, 'SIGSTOP');
    await pause(ms);
  } finally {
    for (const { pid } of sessions) signal(pid, 'SIGCONT');
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It has ended meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
