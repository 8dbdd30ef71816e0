import type { KeyQuery, KeyWrite } from '../world/flow-port.ts';
import type { Connection } from './connection.ts';

/** False if a live execution has it. */
export function takeKey(db: Connection, { tenantId, ...key }: KeyWrite & { readonly runId: string; readonly now: number }): boolean {
  return (
    db.run(
      `insert into idempotency_keys (tenant_id, flow_id, key, run_id, expires_at, created_at)
      values (:tenant, :flowId, :key, :runId, :expiresAt, :now)
       on conflict (tenant_id, flow_id, key) do update
       set run_id = excluded.run_id, expires_at = excluded.expires_at, created_at = excluded.created_at
       where idempotency_keys.expires_at <= :now or idempotency_keys.run_id = excluded.run_id`,
      { ...key, tenant: tenantId ?? '' },
    ) > 0
  );
}

/** The newest live holder. */
export function findKeyHolder(db: Connection, { key, scope, now }: KeyQuery): string | undefined {
  const found = db.get<{ runId: string }>(
    `select run_id as runId from idempotency_keys
     where key = :key and expires_at > :now
       ${scope === null ? '' : 'and tenant_id = :tenant and flow_id = :flowId'}
     order by created_at desc
     limit 1`,
    { key, now, tenant: scope?.tenantId ?? '', flowId: scope?.flowId ?? '' },
  );
  return found?.runId;
}
