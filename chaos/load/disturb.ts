import pg from 'pg';
import { asAdmin } from '../../test/support/postgres-schema.ts';
import { pause } from './monotonic.ts';

/** Takes every connection that the server has left, for a while. */
export async function hoardConnections(url: string, ms: number): Promise<void> {
  const hoard: pg.Client[] = [];
  try {
    for (;;) {
      const client = new pg.Client(url);
      client.on('error', () => {});
      await client.connect();
      hoard.push(client);
    }
  } catch {
    await pause(ms);
  } finally {
    for (const client of hoard) await client.end().catch(() => {});
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
  } catch {
    // It has ended meanwhile.
  }
}
