import type { OpenDatabase, SqliteDatabase } from '../../src/sqlite/driver.ts';
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
    if (!hasEvents(database))
      return [...broken, ...(acknowledged.length > 0 ? [`all ${acknowledged.length} acknowledged events are lost`] : [])];
    const has = finder(database);
    const lost = acknowledged
      .filter((event) => !has(event))
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

/** How many of these events are in a file. */
export function countThere(open: OpenDatabase, file: string, events: readonly Acknowledged[]): number {
  const database = open(file);
  try {
    return hasEvents(database) ? events.filter(finder(database)).length : 0;
  } finally {
    database.close();
  }
}

function hasEvents(database: SqliteDatabase): boolean {
  return database.prepare("select 1 as there from sqlite_schema where name = 'events'").all().length > 0;
}

/** Says of an event whether it is there; each log is read once. */
function finder(database: SqliteDatabase): (event: Acknowledged) => boolean {
  const find = database.prepare('select seq, created_at as createdAt from events where run_id = ?');
  const logs = new Map<string, Set<string>>();
  const logOf = (runId: string) => {
    const known =
      logs.get(runId) ?? new Set(find.all(runId).map((row) => renderEventId(runId, Number(row['seq']), Number(row['createdAt']))));
    logs.set(runId, known);
    return known;
  };
  return ({ runId, eventId }) => logOf(runId).has(eventId);
}
