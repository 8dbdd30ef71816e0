import type { KeyQuery } from '../world/flow-port.ts';
import type { Database } from './database.ts';
import { shardOfKey } from './flow-batch.ts';

/** The newest live holder. */
export async function findKeyHolder(db: Database, { key, scope, now }: KeyQuery): Promise<string | undefined> {
  const [found] = await (scope === null
    ? db.query<{ runId: string }>(
        `select run_id as "runId" from pawl.idempotency_keys
         where key = $1 and expires_at > $2
         order by created_at desc
         limit 1`,
        [key, now],
      )
    : db.query<{ runId: string }>(
        `select run_id as "runId" from pawl.idempotency_keys
         where shard = $1 and tenant_id = $2 and flow_id = $3 and key = $4 and expires_at > $5`,
        [shardOfKey({ ...scope, key }), scope.tenantId ?? '', scope.flowId, key, now],
      ));
  return found?.runId;
}
