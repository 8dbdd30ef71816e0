import { formatRoughly } from '../base/duration.ts';
import { getRun, type RunDetail } from '../operate/get-run.ts';
import type { Operator } from '../operate/operator.ts';
import type { PageOf, PageQuery } from '../operate/pages.ts';
import { listEvents, type ShownEvent } from '../operate/run-log.ts';
import { listSteps, type ShownStep } from '../operate/run-steps.ts';
import { listHooks, listStreams, listWaits, type ShownHook, type ShownStream, type ShownWait } from '../operate/run-waits.ts';
import { allPages } from './all-pages.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { showInstant } from './instant.ts';
import { type Cell, statusCell } from './paint.ts';
import { Progress } from './progress.ts';
import { type Session, withOperator } from './session.ts';
import { showPayload } from './show-payload.ts';
import { printableText, renderTable } from './table.ts';

export interface RunsShowOptions {
  readonly json?: boolean;
}

interface Shown {
  readonly run: RunDetail;
  readonly steps: readonly ShownStep[];
  readonly hooks: readonly ShownHook[];
  readonly waits: readonly ShownWait[];
  readonly streams: readonly ShownStream[];
  readonly events: readonly ShownEvent[];
}

const limit = 200;

/** One run with everything that is its own. */
export async function runsShow(session: Session, runId: string, { json = false }: RunsShowOptions): Promise<ExitCode> {
  return await withOperator(session, async (operator) => {
    const shown = await readAll(session, operator, runId);
    session.out(json ? JSON.stringify(shown) : render(session, shown));
    return exitCodes.done;
  });
}

async function readAll(session: Session, operator: Operator, runId: string): Promise<Shown> {
  const run = await getRun(operator, runId);
  const total = Object.values(run.counts).reduce((sum, count) => sum + count, 0);
  const progress = new Progress(session, { what: 'entries read', total });
  let entries = 0;
  const all = <T>(list: (of: Operator, id: string, page: PageQuery) => Promise<PageOf<T>>) =>
    allPages(
      (cursor) => list(operator, runId, { limit, cursor }),
      (count) => progress.at((entries += count)),
    );
  try {
    return {
      run,
      steps: await all(listSteps),
      hooks: await all(listHooks),
      waits: await all(listWaits),
      streams: await all(listStreams),
      events: await all(listEvents),
    };
  } finally {
    progress.end();
  }
}

function render(session: Session, { run, steps, hooks, waits, streams, events }: Shown): string {
  const parts = [renderRun(session, run), renderSteps(session, steps)];
  const open = [
    ...hooks.filter(({ status }) => status !== 'disposed').map(({ hookId, status }) => [hookId, status, '']),
    ...waits.filter(({ status }) => status === 'waiting').map(({ waitId, resumeAt }) => [waitId, 'sleeps', `until ${resumeAt}`]),
    ...streams.map(({ name, chunks, closed }) => [name, closed ? 'closed' : 'open', `${chunks} chunks`]),
  ];
  if (open.length > 0) parts.push(renderTable(['HOOK, SLEEP OR STREAM', 'STATUS', ''], open));
  return [...parts, renderEvents(events)].filter(Boolean).join('\n\n');
}

function renderRun(session: Session, run: RunDetail): string {
  const lines: (readonly [string, Cell])[] = [
    ['status', statusCell(run.status, session)],
    ['name', run.name],
    ['deployment', run.deploymentId],
    ...(run.tenantId === null ? [] : [['tenant', run.tenantId] as const]),
    ['created', showInstant(new Date(run.createdAt))],
    ['started', run.startedAt === null ? '-' : showInstant(new Date(run.startedAt))],
    ['ended', run.completedAt === null ? '-' : showInstant(new Date(run.completedAt))],
    ...(run.flow ? [['step', run.flow.currentStep ?? '-'] as const] : []),
    ...(run.retryOf === null ? [] : [['retry of', run.retryOf] as const]),
    ...(run.parentId === null ? [] : [['parent', run.parentId] as const]),
    ['input', showPayload(run.input)],
    ['output', showPayload(run.output)],
    ...(run.error ? [['error', run.error.message] as const] : []),
  ];
  return renderTable(['RUN', run.runId], lines);
}

function renderSteps(session: Session, steps: readonly ShownStep[]): string {
  if (steps.length === 0) return '';
  return renderTable(
    ['STEP', 'STATUS', 'ATTEMPTS', 'NAME', 'TOOK', 'ERROR'],
    steps.map((step) => [
      step.stepId,
      statusCell(step.status, session),
      String(step.attempt),
      step.name,
      step.startedAt !== null && step.completedAt !== null ? formatRoughly(Date.parse(step.completedAt) - Date.parse(step.startedAt)) : '-',
      step.error?.message ?? '',
    ]),
  );
}

function renderEvents(events: readonly ShownEvent[]): string {
  return events.length === 0
    ? printableText('No events: the data of this run has expired.')
    : renderTable(
        ['AT', 'EVENT', 'OF'],
        events.map(({ at, eventType, correlationId }) => [at, eventType, correlationId ?? '']),
      );
}
