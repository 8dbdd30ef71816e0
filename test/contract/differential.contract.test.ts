import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { CreateEventRequest, Event, EventResult, Step, World } from '@workflow/world';
import { createLocalWorld } from '@workflow/world-local';
import { array, assert, asyncProperty, constantFrom, nat, record } from 'fast-check';
import { expect, it } from 'vitest';
import { createWorld } from '../../src/index.ts';
import { createModel, type Operation, requestOf } from '../../src/testing/contract/model.ts';
import { newRunId, newToken } from '../../src/testing/ids.ts';
import { lineOf } from '../../src/testing/read-log.ts';
import { scratchFolder } from '../support/scratch.ts';

const isLong = process.env['PAWL_LONG'] === '1';
const programs = isLong ? 1_000 : 40;
const seed = Number(process.env['PAWL_SEED'] ?? randomInt(2 ** 31));

const runEvents = ['run_created', 'run_started', 'run_completed', 'run_failed', 'run_cancelled'] as const;
const entityEvents = [
  'step_created',
  'step_started',
  'step_completed',
  'step_failed',
  'step_retrying',
  'hook_created',
  'hook_received',
  'hook_disposed',
  'wait_created',
  'wait_completed',
] as const;
// Runs should live for a while, so most events are of what is in them.
const types = constantFrom<Operation['type'][]>(...runEvents, ...entityEvents, ...entityEvents, ...entityEvents);
const operations = array(record({ type: types, run: nat(1), id: nat(2), form: nat(3) }), { minLength: 1, maxLength: 45, size: 'max' });

// A hook is disposed, another one takes its token, and the first is created again.
const tokenThatWasPassedOn: Operation[] = (
  [
    ['hook_created', 0],
    ['hook_disposed', 0],
    ['hook_created', 2],
    ['hook_created', 0],
  ] as const
).map(([type, id]) => ({ type, id, run: 0, form: 0 }));

it('does what the development world of the SDK does, but for its known defects', { timeout: isLong ? 1_800_000 : 120_000 }, async () => {
  console.error(`differential programs with PAWL_SEED=${seed}`);
  const folder = await scratchFolder();
  let number = 0;
  await assert(
    asyncProperty(operations, async (program) => {
      number += 1;
      await compare(program, join(folder, String(number)));
    }),
    { numRuns: programs, seed, endOnFailure: isLong, examples: [[tokenThatWasPassedOn]] },
  );
});

// What becomes of a run that does not exist is left to chance there: events are taken for it, and ordered wrongly.
const births: readonly Operation[] = [0, 1].map((run) => ({ type: 'run_created', run, id: 0, form: 0 }));

async function compare(program: readonly Operation[], folder: string): Promise<void> {
  const local = createLocalWorld({ dataDir: join(folder, 'local') });
  const pawl = createWorld({ env: { WORKFLOW_PAWL_URL: `sqlite:${join(folder, 'pawl.db')}`, WORKFLOW_PAWL_LOG_LEVEL: 'silent' } });
  const runIds = [newRunId(), newRunId()];
  const model = createModel(runIds, [newToken(), newToken()]);
  try {
    for (const operation of [...births, ...program]) {
      const runId = runIds[operation.run] as string;
      const request = withOwnIds(requestOf(operation, model), runId);
      const known = await knownDefect(pawl, runId, request);
      const theirs = await outcomeOf(local, runId, request);
      const ours = await outcomeOf(pawl, runId, request);
      if (known === undefined) expect(ours, `${operation.type} of run ${operation.run}`).toEqual(theirs);
      else expect([theirs.error, ours.error], known.defect).toEqual([known.theirs, known.ours]);
      // From here on the two Worlds are in different states.
      if (known?.leavesATrace) return;
    }
    for (const runId of runIds) expect(await stateOf(pawl, runId)).toEqual(await stateOf(local, runId));
  } finally {
    await pawl.close();
    await local.close?.();
  }
}

/** The development world keeps hooks under their id alone, so that the same id in two runs is a conflict there. */
function withOwnIds(request: object, runId: string): object {
  const { correlationId } = request as { correlationId?: string };
  return correlationId === undefined ? request : { ...request, correlationId: `${correlationId}_${runId}` };
}

interface KnownDefect {
  readonly defect: string;
  readonly theirs: string | undefined;
  readonly ours: string | undefined;
  readonly leavesATrace?: true;
}

/** Where the development world is known to be wrong, and what each of the two then says. */
async function knownDefect(world: World, runId: string, request: object): Promise<KnownDefect | undefined> {
  const {
    eventType,
    correlationId = '-',
    eventData = {},
  } = request as {
    eventType?: string;
    correlationId?: string;
    eventData?: { token?: string };
  };
  const run = await world.runs.get(runId).catch(() => undefined);
  const step = await world.steps.get(runId, correlationId).catch(() => undefined);
  const over = run !== undefined && ['completed', 'failed', 'cancelled'].includes(run.status);
  const { data: history } = await world.events.listByCorrelationId({ correlationId, runId });
  const latest = history.at(-1)?.eventType;
  if (eventType === 'wait_completed' && over && latest !== 'wait_completed') {
    return { defect: 'a wait of a run that is over is a conflict, not missing', theirs: 'WorkflowWorldError', ours: 'EntityConflictError' };
  }
  if (eventType === 'step_failed' && over && step?.status === 'pending') {
    return { defect: 'an expired run is not told to a step that was never begun', theirs: 'RunExpiredError', ours: 'EntityConflictError' };
  }
  if (eventType === 'step_started' && over && step === undefined) {
    return { defect: 'a run that is over says so before anything else', theirs: 'WorkflowWorldError', ours: 'RunExpiredError' };
  }
  if (eventType === 'step_started' && over && step?.status === 'running') {
    return { defect: 'a run that is over begins no step anew', theirs: undefined, ours: 'RunExpiredError', leavesATrace: true };
  }
  if (eventType === 'hook_disposed' && latest === 'hook_disposed' && !over) {
    return { defect: 'a hook that was disposed is remembered', theirs: 'HookNotFoundError', ours: 'EntityConflictError' };
  }
  if (eventType === 'hook_created' && latest === 'hook_conflict' && !over) {
    return { defect: 'a conflict that is asked for again is not a second one', theirs: undefined, ours: undefined, leavesATrace: true };
  }
  if (eventType === 'hook_created' && latest === 'hook_disposed' && !over) {
    const defect = 'a create that is refused is not appended';
    // Where another hook has the token by now, they append its conflict, without a word.
    const { token = '' } = eventData;
    const isTaken = (await world.hooks.getByToken(token).catch(() => undefined)) !== undefined;
    return { defect, theirs: isTaken ? undefined : 'EntityConflictError', ours: 'EntityConflictError', leavesATrace: true };
  }
  return undefined;
}

interface Outcome {
  readonly error: string | undefined;
  readonly result?: unknown;
}

async function outcomeOf(world: World, runId: string, request: object): Promise<Outcome> {
  try {
    const result = await world.events.create(runId, structuredClone(request) as CreateEventRequest);
    return { error: undefined, result: viewOf(result) };
  } catch (error) {
    return { error: (error as Error).name };
  }
}

/** What the SDK reads of a result. Ids, times and owners are each World's own. */
function viewOf({ event, run, step, hook, wait }: EventResult) {
  return {
    event: event && [lineOf(event), dataOf(event)],
    run: run && { status: run.status, input: run.input, output: run.output, error: run.error },
    step: step && { stepId: step.stepId, status: step.status, attempt: step.attempt, input: step.input, error: errorOf(step) },
    hook: hook && { hookId: hook.hookId, token: hook.token, metadata: hook.metadata },
    wait: wait && { status: wait.status, resumeAt: wait.resumeAt },
  };
}

/** A step that was tried again and then completed keeps its old error there. */
function errorOf({ status, error }: Step): unknown {
  return status === 'completed' ? undefined : error;
}

function dataOf(event: Event): unknown {
  // Ours always says what the wait was for; theirs only if it was told.
  if (event.eventType === 'wait_completed') return undefined;
  return 'eventData' in event ? event.eventData : undefined;
}

async function stateOf(world: World, runId: string) {
  const run = await world.runs.get(runId).catch(() => undefined);
  const all = { pagination: { limit: 1_000, sortOrder: 'asc' as const } };
  const steps = await world.steps.list({ runId, ...all });
  const hooks = await world.hooks.list({ runId, ...all });
  const events = await world.events.list({ runId, ...all });
  return {
    run: run && { status: run.status, output: run.output, error: run.error, workflowName: run.workflowName },
    steps: steps.data.map(({ stepId, status, attempt, output }) => ({ stepId, status, attempt, output })).toSorted(byStepId),
    hooks: hooks.data.map(({ hookId, token }) => `${hookId} ${token}`).toSorted(),
    log: events.data.map((event) => [lineOf(event), dataOf(event)]),
  };
}

function byStepId(a: { stepId: string }, b: { stepId: string }): number {
  return a.stepId < b.stepId ? -1 : 1;
}
