import type { WorkflowRunStatus } from '@workflow/world';
import { systemClock } from '../base/clock.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { formatRoughly } from '../base/duration.ts';
import { showInstant } from './instant.ts';
import { statusCell } from './paint.ts';
import { type Session, withWorld } from './session.ts';
import { renderTable } from './table.ts';

export interface RunsListOptions {
  readonly status?: WorkflowRunStatus;
  readonly workflow?: string;
  readonly limit: number;
  readonly cursor?: string;
  readonly json?: boolean;
}

/** A page of runs, newest first. */
export async function runsList(session: Session, options: RunsListOptions): Promise<ExitCode> {
  const { status, workflow, limit, cursor, json = false } = options;
  return await withWorld(session, async (world) => {
    const page = await world.runs.list({
      ...(status === undefined ? {} : { status }),
      ...(workflow === undefined ? {} : { workflowName: workflow }),
      pagination: { limit, ...(cursor === undefined ? {} : { cursor }) },
      resolveData: 'none',
    });
    if (json) {
      session.out(JSON.stringify({ runs: page.data, cursor: page.cursor }));
      return exitCodes.done;
    }
    const now = systemClock.now();
    const rows = page.data.map((run) => [
      run.runId,
      statusCell(run.status, session),
      run.workflowName,
      showInstant(run.createdAt),
      formatRoughly((run.completedAt?.getTime() ?? now) - run.createdAt.getTime()),
      run.deploymentId,
    ]);
    session.out(rows.length === 0 ? 'No runs.' : renderTable(['RUN', 'STATUS', 'WORKFLOW', 'CREATED', 'TOOK', 'DEPLOYMENT'], rows));
    if (page.cursor) session.out(`\nMore: --cursor ${page.cursor}`);
    return exitCodes.done;
  });
}
