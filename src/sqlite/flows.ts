import type { SaveFlowsAct } from '../world/flow-port.ts';
import type { Connection } from './connection.ts';

export interface StoredFlow {
  readonly flowId: string;
  readonly version: string;
  readonly definition: string;
}

export function getFlow(db: Connection, flowId: string, version: string): string | undefined {
  return db.get<{ definition: string }>('select definition from flows where flow_id = :flowId and version = :version', { flowId, version })
    ?.definition;
}

export function listFlows(db: Connection, flowId?: string, known: readonly string[] = []): StoredFlow[] {
  return db.all<StoredFlow>(
    `select flow_id as flowId, version, definition from flows
     where (:flowId is null or flow_id = :flowId) and version not in (select value from json_each(:known))
     order by flow_id, created_at, version`,
    { flowId: flowId ?? null, known: JSON.stringify(known) },
  );
}

/** Adds what is new; a definition that is there already stays, and is answered. */
export function saveFlows(db: Connection, { flows, now }: SaveFlowsAct): StoredFlow[] {
  return flows.flatMap((flow) => {
    const added = db.run(
      'insert into flows (flow_id, version, definition, created_at) values (:flowId, :version, :definition, :now) on conflict do nothing',
      { ...flow, now },
    );
    if (added > 0) return [];
    return [{ ...flow, definition: getFlow(db, flow.flowId, flow.version) ?? flow.definition }];
  });
}
