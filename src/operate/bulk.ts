import type { z } from 'zod';
import type { FoundRun, SearchStatus } from '../world/operator-port.ts';
import { audited } from './audit.ts';
import { cancelRun } from './change-run.ts';
import { asOperateError, invalid } from './errors.ts';
import { toSearch } from './list-runs.ts';
import type { Operator } from './operator.ts';
import { retryRun } from './retry-run.ts';
import type { bulkResultSchema, bulkSchema } from './schemas/actions.ts';

export type Bulk = z.input<typeof bulkSchema>;
export type BulkResult = z.infer<typeof bulkResultSchema>;

const mostAtOnce = 1_000;
const side = 8;
const mostReported = 100;

/**
 * Cancels, or tries again, every run that fits, at most 1,000 by one call. Without a status in the filter a cancel is for runs that are
 * open, and a retry for flows that failed. A dry run only counts.
 */
export async function bulk(operator: Operator, { action, filter, dryRun = true, reason }: Bulk): Promise<BulkResult> {
  if (Object.values(filter).every((value) => value === undefined)) {
    throw invalid('Acting on many runs needs at least one condition.', [
      { pointer: '/filter', message: 'must name at least one condition' },
    ]);
  }
  const details = { filter, dryRun, ...(reason === undefined ? {} : { reason }) };
  return audited(operator, { action: `runs.${action}`, target: null, scope: 'act', details }, async () => {
    const { runs, more } = await findAll(operator, { action, filter });
    if (dryRun) return { matched: runs.length, done: 0, failed: [], dryRun, more };
    const failed: { runId: string; problem: string }[] = [];
    let done = 0;
    const one = async ({ runId }: FoundRun) => {
      try {
        await (action === 'cancel' ? cancelRun(operator, runId, { reason }) : retryRun(operator, runId));
        done += 1;
      } catch (error) {
        failed.push({ runId, problem: asOperateError(error)?.message ?? 'It failed for a reason that is in the log of the server.' });
      }
    };
    const waiting = runs.values();
    await Promise.all(
      Array.from({ length: side }, async () => {
        for (const run of waiting) await one(run);
      }),
    );
    return { matched: runs.length, done, failed: failed.slice(0, mostReported), dryRun, more };
  });
}

const usual = { cancel: ['pending', 'running', 'waiting'], retry: ['failed'] } as const satisfies Record<
  Bulk['action'],
  readonly SearchStatus[]
>;

async function findAll(
  operator: Operator,
  { action, filter }: Pick<Bulk, 'action' | 'filter'>,
): Promise<{ runs: FoundRun[]; more: boolean }> {
  const search = toSearch(operator, action === 'retry' ? { kind: 'flow', ...filter } : filter);
  if (search === undefined) return { runs: [], more: false };
  const { operator: reads } = await operator.store();
  const page = { after: undefined, order: 'asc', limit: mostAtOnce + 1 } as const;
  const found: FoundRun[] = [];
  for (const status of filter.status === undefined ? usual[action] : [filter.status])
    found.push(...(await reads.searchRuns({ ...search, ...page, status })));
  return { runs: found.slice(0, mostAtOnce), more: found.length > mostAtOnce };
}
