import type { Event, Step, WorkflowRun } from '@workflow/world';
import { WorkflowRunNotFoundError } from '@workflow/errors';
import type { PawlWorld } from '../connect/create-world.ts';
import { CliError, exitCodes, type ExitCode } from './exit-codes.ts';
import { formatRoughly } from '../base/duration.ts';
import { showInstant } from './instant.ts';
import { statusCell } from './paint.ts';
import { type Session, withWorld } from './session.ts';
import { printableText, renderTable } from './table.ts';

export interface RunsShowOptions {
  readonly json?: boolean;
}

/** One run with its steps and its log; payloads stay where they are. */
export async function runsShow(session: Session, runId: string, { json = false }: RunsShowOptions): Promise<ExitCode> {
  return await withWorld(session, async (world) => {
    const run = await getRun(world, runId);
    const steps = await all((cursor) => world.steps.list({ runId, pagination: { limit: 1_000, cursor }, resolveData: 'none' }));
    const events = await all((cursor) => world.events.list({ runId, pagination: { limit: 1_000, cursor }, resolveData: 'none' }));
    if (json) session.out(JSON.stringify({ run, steps, events }));
    else session.out([renderRun(session, run), renderSteps(session, steps), renderEvents(events)].filter(Boolean).join('\n\n'));
    return exitCodes.done;
  });
}

/** The run, or the error that ends a command which was to do something with it. */
export async function getRun(world: PawlWorld, runId: string): Promise<WorkflowRun> {
  try {
    return (await world.runs.get(runId, { resolveData: 'none' })) as WorkflowRun;
  } catch (error) {
    if (!WorkflowRunNotFoundError.is(error)) throw error;
    throw new CliError('RUN_NOT_FOUND', exitCodes.notFound, `There is no run "${runId}" in this database.`);
  }
}

async function all<T>(
  list: (cursor: string) => Promise<{ readonly data: readonly T[]; readonly cursor: string | null; readonly hasMore: boolean }>,
): Promise<T[]> {
  const items: T[] = [];
  for (let cursor = ''; ;) {
    const page = await list(cursor);
    items.push(...page.data);
    if (!page.hasMore || page.cursor === null) return items;
    ({ cursor } = page as { cursor: string });
  }
}

function renderRun(session: Session, run: WorkflowRun): string {
  const error = run.error as { message?: unknown } | undefined;
  return renderTable(
    ['RUN', run.runId],
    [
      ['status', statusCell(run.status, session)],
      ['workflow', run.workflowName],
      ['deployment', run.deploymentId],
      ['created', showInstant(run.createdAt)],
      ['started', showInstant(run.startedAt)],
      ['ended', showInstant(run.completedAt)],
      ...(run.expiredAt ? [['expired', showInstant(run.expiredAt)]] : []),
      ...(error ? [['error', String(error.message)]] : []),
    ],
  );
}

function renderSteps(session: Session, steps: readonly Step[]): string {
  if (steps.length === 0) return '';
  return renderTable(
    ['STEP', 'STATUS', 'ATTEMPTS', 'NAME', 'TOOK'],
    steps.map((step) => [
      step.stepId,
      statusCell(step.status, session),
      String(step.attempt),
      step.stepName,
      step.startedAt && step.completedAt ? formatRoughly(step.completedAt.getTime() - step.startedAt.getTime()) : '-',
    ]),
  );
}

function renderEvents(events: readonly Event[]): string {
  return events.length === 0
    ? printableText('No events: the data of this run has expired.')
    : renderTable(
        ['AT', 'EVENT', 'OF'],
        events.map(({ createdAt, eventType, correlationId }) => [createdAt.toISOString(), eventType, correlationId ?? '']),
      );
}
