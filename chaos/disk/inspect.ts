import { type OpenDatabase } from '../../src/sqlite/driver.ts';
import { renderEventId } from '../../src/world/event-view.ts';

export interface Acknowledged {
  readonly runId: string;
  readonly eventId: string;
}

/** What is wrong with a file after what was done to it: damage, acknowledged events that are not there, logs with gaps. */
export function inspect(open: OpenDatabase, file: string, acknowledged: readonly Acknowledged[]): string[] {
  const database = open(file);
  try {
    const damage = database
      .prepare('pragma integrity_check')
      .all()
      .map((row) => String(row['integrity_check']));
    const broken = damage.filter((line) => line !== 'ok').map((line) => `integrity_check: ${line}`);
    // Cut off before its schema was: an empty file, and rightly so if nothing had been acknowledged.
    const [table] = database.prepare("select 1 as there from sqlite_schema where name = 'events'").all();
    if (!table) return [...broken, ...(acknowledged.length > 0 ? [`all ${acknowledged.length} acknowledged events are lost`] : [])];
    const find = database.prepare('select seq, created_at as createdAt from events where run_id = ?');
    const logs = new Map<string, Set<string>>();
    const logOf = (runId: string) => {
      const known =
        logs.get(runId) ?? new Set(find.all(runId).map((row) => renderEventId(runId, Number(row['seq']), Number(row['createdAt']))));
      logs.set(runId, known);
      return known;
    };
    const lost = acknowledged
      .filter(({ runId, eventId }) => !logOf(runId).has(eventId))
      .map(({ runId, eventId }) => `${eventId} of ${runId} was acknowledged and is lost`);
    const gaps = database
      .prepare(
        'select r.run_id as id, r.last_seq as last, count(e.seq) as n, max(e.seq) as most from runs r left join events e using (run_id) group by r.run_id having n <> last or most <> last',
      )
      .all();
    return [...broken, ...lost, ...gaps.map((row) => `the log of ${String(row['id'])} has a gap: ${JSON.stringify(row)}`)];
  } finally {
    database.close();
  }
}
