import type { z } from 'zod';
import type { FoundRun } from '../world/operator-port.ts';
import type { Store } from '../world/port.ts';
import { isTerminal, type EventRow, type StepRow } from '../world/rows.ts';
import { expectScope } from './caller.ts';
import { OperateError } from './errors.ts';
import type { Operator } from './operator.ts';
import { type PageOf, type PageQuery, pageByInstant } from './pages.ts';
import { noPayload, PayloadReader } from './payload.ts';
import { toReadable } from './readable.ts';
import { findRun, humanName, instant, isFlow, viewError } from './run-views.ts';
import type { stepAttemptSchema, stepSchema, stepSummarySchema } from './schemas/runs.ts';

export type ShownStep = z.infer<typeof stepSchema>;
export type StepSummary = z.infer<typeof stepSummarySchema>;
type Attempt = z.infer<typeof stepAttemptSchema>;

/** The steps of a run, the oldest first, each with its attempts. */
export async function listSteps(operator: Operator, runId: string, query: PageQuery = {}): Promise<PageOf<ShownStep>> {
  const of = await openSteps(operator, runId);
  return pageOfSteps(of, query, (rows) => viewSteps(of, rows));
}

/** The same without what went in and came out, which is not even read. */
export async function listStepSummaries(operator: Operator, runId: string, query: PageQuery = {}): Promise<PageOf<StepSummary>> {
  const of = await openSteps(operator, runId);
  return pageOfSteps(of, query, (rows) => viewSummaries(of, rows));
}

/** One step of a run, as the list has it; throws RUN_NOT_FOUND, NOT_FOUND. */
export async function getStep(operator: Operator, runId: string, stepId: string): Promise<ShownStep> {
  const of = await openSteps(operator, runId);
  const row = await of.store.getStep(runId, stepId);
  const [step] = row ? await viewSteps(of, [row]) : [];
  if (!step) throw new OperateError('not-found', 'NOT_FOUND', `Run "${runId}" has no step "${stepId}".`);
  return step;
}

/** A run whose steps this caller may see. */
interface OpenSteps {
  readonly operator: Operator;
  readonly run: FoundRun;
  readonly store: Store;
  readonly reader: PayloadReader;
}

async function openSteps(operator: Operator, runId: string): Promise<OpenSteps> {
  expectScope(operator.caller, 'read');
  const run = await findRun(operator, runId);
  return { operator, run, store: await operator.store(), reader: new PayloadReader(operator, run) };
}

function pageOfSteps<T>({ store, run }: OpenSteps, query: PageQuery, view: (rows: readonly StepRow[]) => Promise<T[]>): Promise<PageOf<T>> {
  return pageByInstant(
    'steps of a run',
    { order: 'asc', ...query },
    {
      read: (page) => store.listSteps({ ...page, runId: run.runId }),
      keyOf: ({ createdAt, stepId }) => ({ at: createdAt, id: stepId }),
      view,
    },
  );
}

async function viewSteps(of: OpenSteps, rows: readonly StepRow[]): Promise<ShownStep[]> {
  const { store, run, reader } = of;
  const [summaries, stored] = await Promise.all([
    viewSummaries(of, rows),
    readPayloads(
      store,
      run.runId,
      rows.flatMap(({ inputSeq, outputSeq }) => [inputSeq, outputSeq]),
    ),
  ]);
  const show = async (seq: number | null, what: 'stepInput' | 'stepOutput') =>
    seq === null ? noPayload : reader.show(stored.get(seq), what);
  return Promise.all(
    rows.map(async ({ inputSeq, outputSeq }, index) => ({
      ...(summaries[index] as StepSummary),
      input: await show(inputSeq, 'stepInput'),
      output: await show(outputSeq, 'stepOutput'),
    })),
  );
}

async function viewSummaries({ operator, run, store, reader }: OpenSteps, rows: readonly StepRow[]): Promise<StepSummary[]> {
  if (rows.length === 0) return [];
  const correlationIds = rows.map(({ stepId }) => stepId);
  const log = await store.operator.listEventsOfTypes({ runId: run.runId, types: attemptEvents, correlationIds });
  const failures = log.filter(({ type }) => type === 'step_failed' || type === 'step_retrying');
  const stored = await readPayloads(
    store,
    run.runId,
    failures.map(({ seq }) => seq),
  );
  const endings = await readEndings(reader, log, stored);
  return rows.map((row) => ({
    stepId: row.stepId,
    name: isFlow(run) ? row.stepName : humanName(row.stepName),
    status: statusOf(row, run),
    attempt: row.attempt,
    createdAt: instant(row.createdAt),
    startedAt: instant(row.startedAt),
    completedAt: instant(row.completedAt),
    retryAfter: row.status === 'pending' ? instant(row.retryAfter) : null,
    error: viewError(operator, run, row.error),
    attempts: attemptsOf(
      endings.filter(({ event }) => event.correlationId === row.stepId),
      statusOf(row, run) === 'cancelled' ? run.completedAt : null,
    ),
  }));
}

const attemptEvents = ['step_started', 'step_retrying', 'step_completed', 'step_failed'] as const;

async function readPayloads(store: Store, runId: string, wanted: readonly (number | null)[]): Promise<Map<number, Uint8Array | undefined>> {
  const seqs = wanted.filter((seq) => seq !== null);
  const payloads = await store.readPayloads(seqs.map((seq) => ({ runId, seq })));
  return new Map(seqs.map((seq, index) => [seq, payloads[index]]));
}

interface Ending {
  readonly event: EventRow;
  readonly error: Attempt['error'];
}

function readEndings(
  reader: PayloadReader,
  log: readonly EventRow[],
  stored: ReadonlyMap<number, Uint8Array | undefined>,
): Promise<Ending[]> {
  return Promise.all(
    log.map(async (event) => {
      const payload = stored.get(event.seq);
      if (event.type !== 'step_failed' && event.type !== 'step_retrying') return { event, error: null };
      const read = payload && (await reader.read(payload));
      return {
        event,
        error: read === undefined || 'state' in read ? unknownError : shortError(reader.redact(toReadable(read.value).json, 'error')),
      };
    }),
  );
}

const unknownError = { message: 'It failed.', code: null };

function shortError(shown: unknown): { message: string; code: string | null } {
  if (typeof shown === 'string') return { message: shown, code: null };
  if (typeof shown !== 'object' || shown === null) return unknownError;
  const { message, code } = shown as Record<string, unknown>;
  return { message: typeof message === 'string' ? message : unknownError.message, code: typeof code === 'string' ? code : null };
}

/** A step of a run that is over does not go on, whatever its row says. */
function statusOf({ status, leaseOwner }: StepRow, run: FoundRun): ShownStep['status'] {
  const open = status === 'pending' || status === 'running';
  return open && isTerminal(run.status) && leaseOwner === null ? 'cancelled' : status;
}

/** One for each time its body began. One that another follows without an end was cut off, by the death of its worker mostly. */
function attemptsOf(log: readonly Ending[], cancelledAt: number | null): Attempt[] {
  const attempts: Attempt[] = [];
  const end = (at: number, how: Pick<Attempt, 'outcome' | 'error'>) => {
    const last = attempts.pop();
    if (last) attempts.push(last.outcome === 'running' ? { ...last, ...how, endedAt: instant(at) } : last);
  };
  for (const { event, error } of log) {
    if (event.type !== 'step_started') {
      end(event.createdAt, { outcome: outcomes[event.type as keyof typeof outcomes], error });
      continue;
    }
    end(event.createdAt, { outcome: 'retrying', error: cutOff });
    attempts.push({ startedAt: instant(event.createdAt), endedAt: null, outcome: 'running', error: null });
  }
  if (cancelledAt !== null) end(cancelledAt, { outcome: 'cancelled', error: null });
  return attempts;
}

const outcomes = { step_completed: 'completed', step_failed: 'failed', step_retrying: 'retrying' } as const;
const cutOff = { message: 'It was cut off: its worker died, or gave it back.', code: null };
