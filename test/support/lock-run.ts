import pg from 'pg';
import { onTestFinished } from 'vitest';

/** A session that keeps a run locked until it is ended, or the test has. */
export async function lockRun(url: string, schema: string, runId: string): Promise<pg.Client> {
  const holder = new pg.Client(url);
  await holder.connect();
  onTestFinished(() => holder.end());
  await holder.query('begin');
  await holder.query(`select 1 from "${schema}".runs where run_id = $1 for update`, [runId]);
  return holder;
}
