import type { z } from 'zod';
import type { RunRow } from '../world/rows.ts';
import { type Caller, expectScope } from './caller.ts';
import { OperateError } from './errors.ts';
import type { Operator } from './operator.ts';
import { humanName, instant } from './run-views.ts';
import type { systemSchema } from './schemas/system.ts';
import { ownVersion } from './version.ts';

export type System = z.infer<typeof systemSchema>;

const shownStuck = 10;

/** The database, its workers and its queue, as of now. Not for one who is bound to a tenant: it is about all of them. */
export async function getSystem(operator: Operator): Promise<System> {
  expectWhole(operator.caller);
  const store = await operator.store();
  const now = store.now();
  const [workers, depths, open, stuck, schema] = await Promise.all([
    store.listWorkers(),
    store.operator.listQueueDepths(now),
    store.countOpenRuns(),
    store.operator.listStuckRuns({ limit: mostStuck }),
    operator.schemaStatus(),
  ]);
  const count = (status: 'pending' | 'running') => open.reduce((sum, each) => (each.status === status ? sum + each.runs : sum), 0);
  return {
    version: ownVersion(),
    store: operator.storeName(),
    schema: { version: schema.version, newest: schema.newest },
    now: instant(now),
    workers: workers.map(({ workerId, host, pid, deploymentId, startedAt, live }) => ({
      id: workerId,
      host,
      pid,
      deploymentId,
      startedAt: instant(startedAt),
      lastBeatAt: null,
      live,
    })),
    queue: (['run', 'flow', 'step', 'message'] as const).map((kind) => {
      const depth = depths.find((each) => each.kind === kind) ?? { ready: 0, leased: 0, delayed: 0, oldestDueAt: null };
      return { kind, ready: depth.ready, leased: depth.leased, delayed: depth.delayed, oldestDueAt: instant(depth.oldestDueAt) };
    }),
    runs: { pending: count('pending'), running: count('running') },
    stuckRuns: { count: stuck.length, examples: stuck.slice(0, shownStuck).map(viewStuck) },
  };
}

// More than these are no better known.
const mostStuck = 1_000;

function viewStuck({ runId, workflowName, updatedAt }: RunRow): System['stuckRuns']['examples'][number] {
  return { runId, name: humanName(workflowName), since: instant(updatedAt) };
}

/** What concerns all tenants is for callers who are bound to none. */
export function expectWhole(caller: Caller): void {
  expectScope(caller, 'read');
  if (caller.tenantId === null) return;
  throw new OperateError('forbidden', 'FORBIDDEN', `"${caller.name}" is bound to a tenant, and this is about all of them.`);
}
