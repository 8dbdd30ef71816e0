import { formatRoughly } from '../base/duration.ts';
import { listRuns, type RunFilter } from '../operate/list-runs.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { showInstant } from './instant.ts';
import { statusCell } from './paint.ts';
import { type Session, withOperator } from './session.ts';
import { renderTable } from './table.ts';

export interface RunsListOptions {
  readonly status?: NonNullable<RunFilter['status']>;
  readonly kind?: NonNullable<RunFilter['kind']>;
  readonly workflow?: string;
  readonly tenant?: string;
  readonly since?: string;
  readonly limit: number;
  readonly cursor?: string;
  readonly json?: boolean;
}

/** A page of runs, newest first. */
export async function runsList(session: Session, options: RunsListOptions): Promise<ExitCode> {
  const { status, kind, workflow, tenant, since, limit, cursor, json = false } = options;
  return await withOperator(session, async (operator) => {
    const page = await listRuns(operator, { status, kind, name: workflow, tenant, since, limit, cursor });
    if (json) {
      session.out(JSON.stringify({ runs: page.data, cursor: page.cursor }));
      return exitCodes.done;
    }
    const now = operator.clock.now();
    const rows = page.data.map((run) => [
      run.runId,
      statusCell(run.status, session),
      run.name,
      showInstant(new Date(run.createdAt)),
      formatRoughly((run.completedAt === null ? now : Date.parse(run.completedAt)) - Date.parse(run.createdAt)),
      run.error?.message ?? '',
    ]);
    session.out(rows.length === 0 ? 'No runs.' : renderTable(['RUN', 'STATUS', 'NAME', 'CREATED', 'TOOK', 'ERROR'], rows));
    if (page.cursor) session.out(`\nMore: --cursor ${page.cursor}`);
    return exitCodes.done;
  });
}
