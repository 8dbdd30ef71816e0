import type { z } from 'zod';
import { describeError } from '../base/logger.ts';
import { decodeCursor, encodeCursor } from '../world/cursor.ts';
import type { FoundRun, SearchStatus } from '../world/operator-port.ts';
import { audited } from './audit.ts';
import { cancelRun } from './change-run.ts';
import { asOperateError, invalid } from './errors.ts';
import { toSearch } from './list-runs.ts';
import type { Operator } from './operator.ts';
import { cleanText, cursorNumber } from './pages.ts';
import { retryRun } from './retry-run.ts';
import type { bulkResultSchema, bulkSchema } from './schemas/actions.ts';

export type Bulk = z.input<typeof bulkSchema>;
export type BulkResult = z.infer<typeof bulkResultSchema>;

const mostAtOnce = 1_000;
const side = 8;
const mostReported = 100;

/**
 * Cancels, or tries again, runs that fit, the oldest first, at most 1,000 by one call; its cursor goes on after the last of them, up to the
 * instant at which the first call came. Without a status in the filter a cancel is for runs that are open, and a retry for flows that
 * failed. A run is retried in bulk once, as long as what came of it is kept. A dry run only counts.
 */
export async function bulk(operator: Operator, { action, filter, dryRun = true, reason, cursor }: Bulk): Promise<BulkResult> {
  if (Object.values(filter).every((value) => value === undefined)) {
    throw invalid('Acting on many runs needs at least one condition.', [
      { pointer: '/filter', message: 'must name at least one condition' },
    ]);
  }
  const details = { filter, dryRun, ...(reason === undefined ? {} : { reason }) };
  return audited(operator, { action: `runs.${action}`, target: null, scope: 'act', details }, async () => {
    const { runs, ...next } = await findAll(operator, { action, filter, cursor });
    if (dryRun) return { matched: runs.length, done: 0, skipped: 0, failed: [], dryRun, ...next };
    const failed: { runId: string; problem: string }[] = [];
    const counts = { done: 0, skipped: 0 };
    const one = async ({ runId }: FoundRun) => {
      try {
        counts[await act(operator, runId, { action, reason })] += 1;
      } catch (error) {
        failed.push({ runId, problem: problemOf(operator, runId, error) });
      }
    };
    const waiting = runs.values();
    await Promise.all(
      Array.from({ length: side }, async () => {
        for (const run of waiting) await one(run);
      }),
    );
    return { matched: runs.length, ...counts, failed: failed.slice(0, mostReported), dryRun, ...next };
  });
}

async function act(operator: Operator, runId: string, { action, reason }: Pick<Bulk, 'action' | 'reason'>): Promise<'done' | 'skipped'> {
  if (action === 'retry') {
    // A run that was retried stays failed, and would fit again the next time.
    const { created } = await retryRun(operator, runId, { idempotencyKey: 'bulk' });
    return created ? 'done' : 'skipped';
  }
  await cancelRun(operator, runId, { reason });
  return 'done';
}

function problemOf(operator: Operator, runId: string, error: unknown): string {
  const known = asOperateError(error);
  if (known) return known.message;
  operator.logger.error(`Acting in bulk on run ${runId} failed: ${describeError(error)}`, {
    runId,
    stack: (error as Error | undefined)?.stack,
  });
  return 'It failed for a reason that is in the log of the server.';
}

const usual = { cancel: ['pending', 'running', 'waiting'], retry: ['failed'] } as const satisfies Record<
  Bulk['action'],
  readonly SearchStatus[]
>;

type Found = { readonly runs: readonly FoundRun[] } & Pick<BulkResult, 'more' | 'cursor'>;

async function findAll(operator: Operator, { action, filter, cursor }: Pick<Bulk, 'action' | 'filter' | 'cursor'>): Promise<Found> {
  const from = readCursor(cursor);
  const search = toSearch(operator, action === 'retry' ? { kind: 'flow', ...filter } : filter);
  if (search === undefined) return { runs: [], more: false, cursor: null };
  const store = await operator.store();
  // What fails again after it was retried must not be met again by the same walk, or that would never end.
  const begunAt = from?.begunAt ?? store.now();
  const createdBefore = from ? Math.min(begunAt + 1, search.createdBefore ?? Infinity) : search.createdBefore;
  const page = { createdBefore, after: from?.after, order: 'asc', limit: mostAtOnce + 1 } as const;
  const found: FoundRun[] = [];
  for (const status of filter.status === undefined ? usual[action] : [filter.status])
    found.push(...(await store.operator.searchRuns({ ...search, ...page, status })));
  const runs = found.toSorted(oldestFirst).slice(0, mostAtOnce);
  const last = runs.at(-1);
  if (!last || found.length <= mostAtOnce) return { runs, more: false, cursor: null };
  return { runs, more: true, cursor: encodeCursor(cursorKind, [last.createdAt, last.runId, begunAt]) };
}

const cursorKind = 'runs to act on';

function readCursor(cursor: string | undefined) {
  const key = decodeCursor(cursorKind, cursor, ['number', 'string', 'number']);
  return key && { after: { at: cursorNumber(key[0]) ?? 0, id: cleanText(String(key[1])) }, begunAt: cursorNumber(key[2]) ?? 0 };
}

function oldestFirst(a: FoundRun, b: FoundRun): number {
  return a.createdAt - b.createdAt || (a.runId < b.runId ? -1 : 1);
}
