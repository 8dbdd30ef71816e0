import type { z } from 'zod';
import type { RunSearch } from '../world/operator-port.ts';
import { expectScope } from './caller.ts';
import type { Operator } from './operator.ts';
import { type PageOf, type PageQuery, pageByInstant } from './pages.ts';
import { type RunSummary, viewSummary } from './run-views.ts';
import type { runFilterSchema } from './schemas/runs.ts';

export type RunFilter = z.infer<typeof runFilterSchema>;
export type RunQuery = RunFilter & PageQuery;

/** A page of the runs that fit, the newest first. */
export async function listRuns(operator: Operator, query: RunQuery = {}): Promise<PageOf<RunSummary>> {
  expectScope(operator.caller, 'read');
  const search = toSearch(operator, query);
  if (search === undefined) return { data: [], cursor: null, hasMore: false };
  const { operator: reads } = await operator.store();
  return pageByInstant('runs', query, {
    read: (page) => reads.searchRuns({ ...search, ...page }),
    keyOf: ({ createdAt, runId }) => ({ at: createdAt, id: runId }),
    view: (rows) => rows.map((row) => viewSummary(operator, row)),
  });
}

type Conditions = Omit<RunSearch, 'after' | 'order' | 'limit'>;

/** The filter as the store takes it, within the caller's tenant; undefined: nothing can fit. */
export function toSearch({ caller }: Operator, { status, kind, name, tenant, since, until, q }: RunFilter): Conditions | undefined {
  if (caller.tenantId !== null && tenant !== undefined && tenant !== caller.tenantId) return undefined;
  return {
    status,
    kind,
    name,
    tenantId: caller.tenantId ?? tenant,
    createdFrom: since === undefined ? undefined : Date.parse(since),
    createdBefore: until === undefined ? undefined : Date.parse(until),
    idText: q,
  };
}
