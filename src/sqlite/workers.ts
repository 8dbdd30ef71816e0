import type { HeartbeatAct } from '../world/port.ts';
import type { WorkerRow } from '../world/rows.ts';
import type { Connection } from './connection.ts';

/** The clock that leases are judged by: it never jumps, and all processes of one boot share it. */
export interface Boot {
  readonly id: string;
  readonly tick: number;
  /** Who was found to be alive, or not, in the transaction that is open: as long as no act of it changes workers, that stands. */
  readonly found: Map<string, boolean>;
}

/** The heartbeat of a worker that is known: until which tick, and whose. It is given to a thread too, which has only this. */
export const renewal = 'update workers set expires_at_tick = max(expires_at_tick, ?) where worker_id = ?';

export function heartbeat(db: Connection, { workerId, leaseMs, register }: HeartbeatAct, boot: Boot): boolean {
  boot.found.delete(workerId);
  const beat = { workerId, bootId: boot.id, expiresAtTick: boot.tick + leaseMs };
  if (register) {
    db.run(
      `insert into workers (worker_id, host, pid, deployment_id, started_at, boot_id, expires_at_tick)
      values (:workerId, :host, :pid, :deploymentId, :startedAt, :bootId, :expiresAtTick)
       on conflict (worker_id) do update set expires_at_tick = excluded.expires_at_tick`,
      { ...register, ...beat },
    );
    return true;
  }
  return db.runValues(renewal, [beat.expiresAtTick, workerId]) > 0;
}

/** Whether the worker may take anything: what the dead take belongs to nobody, or is given to others at once. */
export function isAlive(db: Connection, workerId: string, boot: Boot): boolean {
  const known = boot.found.get(workerId);
  if (known !== undefined) return known;
  const { id, tick } = boot;
  const alive =
    db.get('select 1 from workers where worker_id = :workerId and boot_id = :id and expires_at_tick > :tick', { workerId, id, tick }) !==
    undefined;
  boot.found.set(workerId, alive);
  return alive;
}

/** The worker, unless it is dead. */
export function living(db: Connection, workerId: string | null, boot: Boot): string | null {
  return workerId !== null && isAlive(db, workerId, boot) ? workerId : null;
}

export function listWorkers(db: Connection, boot: Boot): WorkerRow[] {
  return db
    .all<Omit<WorkerRow, 'live'> & { live: number }>(
      `select worker_id as workerId, host, pid, deployment_id as deploymentId, started_at as startedAt,
              boot_id = :id and expires_at_tick > :tick as live
       from workers
       order by started_at, worker_id`,
      boot,
    )
    .map((row) => ({ ...row, live: row.live === 1 }));
}

const holders = `
  select distinct lease_owner as owner from runs where lease_owner is not null
  union select distinct lease_owner from steps where lease_owner is not null
  union select distinct lease_owner from messages where lease_owner is not null`;

/** Dead workers, and holders of leases that no worker row stands for: one that was given up for dead may still have claimed something. */
export function listDead(db: Connection, boot: Boot): string[] {
  return db
    .all<{ owner: string }>(
      `select worker_id as owner from workers where not (boot_id = :id and expires_at_tick > :tick)
       union
       select owner from (${holders}) where owner not in (select worker_id from workers)`,
      boot,
    )
    .map(({ owner }) => owner);
}

/** Everything that the worker holds is due at once. Whether the lost deliveries count as attempts is the caller's word. */
export function releaseAll(db: Connection, release: { owner: string; now: number; forgiven: 0 | 1 }): number {
  const held = 'lease_owner = :owner';
  return (
    db.run(`update runs set lease_owner = null, due_at = :now, deliveries = max(0, deliveries - :forgiven) where ${held}`, release) +
    db.run(
      `update steps set lease_owner = null, due_at = :now, deliveries = max(0, deliveries - :forgiven), version = version + 1
       where ${held}`,
      release,
    ) +
    db.run(`update messages set lease_owner = null, due_at = :now, deliveries = max(0, deliveries - :forgiven) where ${held}`, release)
  );
}

export function forgetWorker(db: Connection, workerId: string, boot: Boot): void {
  boot.found.delete(workerId);
  db.run('delete from workers where worker_id = :workerId', { workerId });
}
