import type { TriggerEventRow, TriggerQuery, TriggerRow } from '../world/flow-port.ts';
import { Arguments } from './columns.ts';
import type { Database } from './database.ts';

const columns = `
  trigger_id as "triggerId", type, revision, enabled, method, path, event, source_flow_id as "sourceFlowId",
  next_fire_at as "nextFireAt", created_at as "createdAt", definition`;

export async function getTrigger(db: Database, triggerId: string): Promise<TriggerRow | undefined> {
  const [row] = await db.query<TriggerRow>(`select ${columns} from pawl.triggers where trigger_id = $1`, [triggerId]);
  return row;
}

export function listTriggers(db: Database, { http, event }: TriggerQuery = {}): Promise<TriggerRow[]> {
  const args = new Arguments();
  return db.query<TriggerRow>(
    `select ${columns} from pawl.triggers
     where true
       ${http === undefined ? '' : `and enabled and method = ${args.put(http.method)} and path = ${args.put(http.path)}`}
       ${
         event === undefined
           ? ''
           : `and enabled and event = ${args.put(event.name)} and (source_flow_id is null or source_flow_id = ${args.put(event.flowId)})`
       }
     order by created_at, trigger_id`,
    args.values,
  );
}

export function listScheduledTriggers(db: Database, limit: number): Promise<TriggerRow[]> {
  return db.query<TriggerRow>(
    `select ${columns} from pawl.triggers
     where enabled and next_fire_at is not null
     order by next_fire_at
     limit $1`,
    [limit],
  );
}

export async function listFirings(db: Database, triggerId: string, limit: number): Promise<string[]> {
  const rows = await db.query<{ firing: string }>(
    `select firing from pawl.trigger_firings
     where trigger_id = $1
     order by position desc
     limit $2`,
    [triggerId, limit],
  );
  return rows.map(({ firing }) => firing);
}

export function listTriggerEvents(db: Database, limit: number): Promise<TriggerEventRow[]> {
  return db.query<TriggerEventRow>(
    `select position, event, run_id as "runId", seen from pawl.trigger_events
     order by position
     limit $1`,
    [limit],
  );
}
