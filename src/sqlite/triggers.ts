import type { HeardEvent, TriggerEventRow, TriggerFiringWrite, TriggerQuery, TriggerRow } from '../world/flow-port.ts';
import type { Connection } from './connection.ts';

const columns = `
  trigger_id as triggerId, type, revision, enabled, method, path, event, source_flow_id as sourceFlowId, next_fire_at as nextFireAt,
  created_at as createdAt, definition`;

type StoredTrigger = Omit<TriggerRow, 'enabled'> & { readonly enabled: number };
const toRow = (stored: StoredTrigger): TriggerRow => ({ ...stored, enabled: stored.enabled === 1 });

export function getTrigger(db: Connection, triggerId: string): TriggerRow | undefined {
  const stored = db.get<StoredTrigger>(`select ${columns} from triggers where trigger_id = :triggerId`, { triggerId });
  return stored && toRow(stored);
}

export function listTriggers(db: Connection, { http, event }: TriggerQuery = {}): TriggerRow[] {
  return db
    .all<StoredTrigger>(
      `select ${columns} from triggers
       where true
         ${http === undefined ? '' : 'and enabled = 1 and method = :method and path = :path'}
         ${event === undefined ? '' : 'and enabled = 1 and event = :name and (source_flow_id is null or source_flow_id = :flowId)'}
       order by created_at, trigger_id`,
      { method: http?.method ?? null, path: http?.path ?? null, name: event?.name ?? null, flowId: event?.flowId ?? null },
    )
    .map(toRow);
}

export function listScheduledTriggers(db: Connection, limit: number): TriggerRow[] {
  return db
    .all<StoredTrigger>(
      `select ${columns} from triggers indexed by triggers_scheduled
       where enabled = 1 and next_fire_at is not null
       order by next_fire_at
       limit :limit`,
      { limit },
    )
    .map(toRow);
}

/** False if the row that is there does not have the revision before. */
export function saveTrigger(db: Connection, row: TriggerRow): boolean {
  const stored = { ...row, enabled: row.enabled ? 1 : 0 };
  if (row.revision === 1) {
    return (
      db.run(
        `insert into triggers (
          trigger_id, type, revision, enabled, method, path, event, source_flow_id, next_fire_at, created_at, definition)
        values (
           :triggerId, :type, :revision, :enabled, :method, :path, :event, :sourceFlowId, :nextFireAt, :createdAt, :definition)
         on conflict do nothing`,
        stored,
      ) > 0
    );
  }
  return (
    db.run(
      `update triggers
       set type = :type, revision = :revision, enabled = :enabled, method = :method, path = :path, event = :event,
           source_flow_id = :sourceFlowId, next_fire_at = :nextFireAt, definition = :definition
       where trigger_id = :triggerId and revision = :revision - 1`,
      stored,
    ) > 0
  );
}

export function deleteTrigger(db: Connection, key: { triggerId: string }): void {
  db.run('delete from triggers where trigger_id = :triggerId', key);
  db.run('delete from trigger_firings where trigger_id = :triggerId', key);
}

export function saveFirings(db: Connection, { triggerId, firings, keep }: TriggerFiringWrite): void {
  const last = db.get<{ position: number | null }>('select max(position) as position from trigger_firings where trigger_id = :triggerId', {
    triggerId,
  });
  const from = (last?.position ?? 0) + 1;
  for (const [index, firing] of firings.entries()) {
    db.run('insert into trigger_firings (trigger_id, position, firing) values (:triggerId, :position, :firing)', {
      triggerId,
      position: from + index,
      firing,
    });
  }
  const upTo = from + firings.length - 1 - keep;
  if (upTo > 0) db.run('delete from trigger_firings where trigger_id = :triggerId and position <= :upTo', { triggerId, upTo });
}

export function listFirings(db: Connection, triggerId: string, limit: number): string[] {
  return db
    .all<{ firing: string }>(
      `select firing from trigger_firings
       where trigger_id = :triggerId
       order by position desc
       limit :limit`,
      { triggerId, limit },
    )
    .map(({ firing }) => firing);
}

/** Keeps what a trigger waits to hear of; false if none does. */
export function noteEvent(db: Connection, heard: HeardEvent & { runId: string; flowId: string; now: number }): boolean {
  return (
    db.run(
      `insert into trigger_events (event, run_id, created_at, seen)
       select :event, :runId, :now, :seen
       where exists (select 1 from triggers where event = :event and enabled = 1 and (source_flow_id is null or source_flow_id = :flowId))`,
      heard,
    ) > 0
  );
}

export function listTriggerEvents(db: Connection, limit: number): TriggerEventRow[] {
  return db.all<TriggerEventRow>(
    `select position, event, run_id as runId, seen from trigger_events
     order by position
     limit :limit`,
    { limit },
  );
}

export function forgetTriggerEvents(db: Connection, positions: readonly number[]): void {
  for (const position of positions) db.run('delete from trigger_events where position = :position', { position });
}
