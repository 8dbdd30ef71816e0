import { setTimeout as pause } from 'node:timers/promises';
import { formatDuration } from '../base/duration.ts';
import { endedBefore, pruneBatch } from '../runtime/retention.ts';
import type { EndedStatus, RunCounts, Store } from '../world/port.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { Progress } from './progress.ts';
import { type Session, withStore } from './session.ts';
import { renderTable } from './table.ts';

export interface PruneOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const endings = ['completed', 'failed', 'cancelled'] as const;
// Between two batches everybody else has the database to themselves.
const pauseMs = 20;

/** Deletes what workers would delete by and by, at once; or only counts it. */
export async function prune(session: Session, { dryRun = false, json = false }: PruneOptions): Promise<ExitCode> {
  return await withStore(session, async (store, { retention }) => {
    const now = store.now();
    const found = await store.countPrunable({ now, before: endedBefore(retention, now) });
    const runs = dryRun ? found : await pruneAll(store, retention, new Progress(session, { what: 'runs deleted', total: sum(found) }));
    if (json) session.out(JSON.stringify({ dryRun, runs, total: sum(runs), retentionMs: retention }));
    else
      session.out(
        `${renderCounts(runs, retention)}\n\n${sum(runs)} ${sum(runs) === 1 ? 'run' : 'runs'} ${dryRun ? 'would be ' : ''}deleted.`,
      );
    return exitCodes.done;
  });
}

async function pruneAll(store: Store, retention: Parameters<typeof pruneBatch>[1], progress: Progress): Promise<RunCounts> {
  const runs: Record<EndedStatus, number> = { completed: 0, failed: 0, cancelled: 0 };
  for (;;) {
    const batch = await pruneBatch(store, retention);
    for (const ending of endings) runs[ending] += batch.runs[ending];
    progress.at(sum(runs));
    if (!batch.more) break;
    await pause(pauseMs);
  }
  progress.end();
  return runs;
}

function renderCounts(runs: RunCounts, retention: Parameters<typeof pruneBatch>[1]): string {
  const kept = (ms: number | null) => (ms === null ? 'for ever' : formatDuration(ms));
  return renderTable(
    ['STATUS', 'KEPT', 'RUNS'],
    endings.map((ending) => [ending, kept(retention[ending]), String(runs[ending])]),
  );
}

function sum(runs: RunCounts): number {
  return endings.reduce((total, ending) => total + runs[ending], 0);
}
