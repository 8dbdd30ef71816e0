import type { Database } from './database.ts';

export interface StoredFlow {
  readonly flowId: string;
  readonly version: string;
  readonly definition: string;
}

export async function getFlow(db: Database, flowId: string, version: string): Promise<string | undefined> {
  const [flow] = await db.query<{ definition: string }>('select definition from pawl.flows where flow_id = $1 and version = $2', [
    flowId,
    version,
  ]);
  return flow?.definition;
}

export function listFlows(db: Database, flowId?: string, known: readonly string[] = []): Promise<StoredFlow[]> {
  return db.query<StoredFlow>(
    `select flow_id as "flowId", version, definition from pawl.flows
     where ($1::text is null or flow_id = $1) and version <> all ($2::text[])
     order by flow_id, created_at, version`,
    [flowId ?? null, known],
  );
}
