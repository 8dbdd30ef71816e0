import {
  type Arbitrary,
  array,
  assert as assertProperty,
  asyncProperty,
  boolean,
  constantFrom,
  interruptAfterTimeLimit,
  nat,
  oneof,
  record,
  tuple,
} from 'fast-check';
import { describe, expect } from 'vitest';
import type { EventResult, World } from '@workflow/world';
import { newRunId, newToken } from '../ids.ts';
import { brokenLogRules } from '../log-rules.ts';
import { projectLog } from '../project-log.ts';
import { readEntities } from '../read-entities.ts';
import { lineOf, readLog } from '../read-log.ts';
import type { Contract } from './contract.ts';
import { createModel, type Model, type Operation, requestOf } from './model.ts';

const seedSetting = 'PAWL_SEED';

export function invariants({ policy, sharedPolicy }: Contract): void {
  describe('random programs', () => {
    policy('do what the rules say, call by call', ({ world }) => check(operations(40), (program) => runInSequence(world, program)), {
      timeoutMs: 300_000,
    });

    policy(
      'leave a log that can be replayed, whatever happens at the same time',
      ({ world }) => check(rounds, (program) => runAtOnce([world], program)),
      { timeoutMs: 300_000 },
    );

    sharedPolicy(
      'leave a log that can be replayed, whatever two Worlds do at the same time',
      async ({ world, another }) => {
        const worlds = [world, await another()];
        await check(rounds, (program) => runAtOnce(worlds, program));
      },
      { timeoutMs: 300_000 },
    );
  });
}

async function runInSequence(world: World, program: readonly Operation[]): Promise<void> {
  const { runIds, model } = arrange();
  for (const operation of program) {
    const verdict = model.judge(operation);
    const request = requestOf(operation, model);
    const outcome = await world.events.create(runIds[operation.run] as string, request as never).catch(errorName);
    if (typeof outcome === 'string') {
      expect(verdict.errors, `${describeOperation(operation)} failed`).toContain(outcome);
      continue;
    }
    expect(verdict.log, `${describeOperation(operation)} succeeded`).toBeDefined();
    verdict.apply();
    checkResult(operation, outcome, verdict.log ?? []);
  }
  for (const [index, runId] of runIds.entries()) {
    const log = await checkRun(world, runId);
    expect(log).toEqual(model.runs[index]?.log);
  }
}

function checkResult(operation: Operation, result: EventResult, lines: readonly string[]): void {
  const last = lines.at(-1);
  if (last !== undefined) expect(result.event && lineOf(result.event), describeOperation(operation)).toBe(last);
  if (operation.type.startsWith('run_')) expect(result.run).toBeDefined();
  if (operation.type.startsWith('step_')) expect(result.step).toBeDefined();
}

async function runAtOnce(worlds: readonly World[], program: readonly (readonly Operation[])[]): Promise<void> {
  const { runIds, model } = arrange();
  let turn = 0;
  for (const round of program) {
    const calls = round.map((operation) => {
      const world = worlds[(turn += 1) % worlds.length] as World;
      return world.events.create(runIds[operation.run] as string, requestOf(operation, model) as never).catch(errorName);
    });
    for (const outcome of await Promise.all(calls)) {
      if (typeof outcome === 'string') expect(refusals).toContain(outcome);
    }
  }
  for (const runId of runIds) for (const world of worlds) await checkRun(world, runId);
}

/** Looks at a run from all sides and returns its log. */
async function checkRun(world: World, runId: string): Promise<string[]> {
  const log = await readLog(world, runId);
  expect(brokenLogRules(log)).toEqual([]);
  if (log.length > 0) expect(await readEntities(world, runId)).toEqual(projectLog(log));
  return log.map(lineOf);
}

function arrange(): { runIds: string[]; model: Model } {
  const runIds = [newRunId(), newRunId()];
  return { runIds, model: createModel(runIds, [newToken(), newToken()]) };
}

async function check<T>(programs: Arbitrary<T>, run: (program: T) => Promise<void>): Promise<void> {
  const seed = Number(process.env[seedSetting] ?? Math.floor(Math.random() * 2 ** 31));
  // On stderr and always, so that a failure on another machine can be repeated.
  console.error(`random programs with ${seedSetting}=${seed}`);
  await assertProperty(asyncProperty(programs, run), { seed, numRuns: 60, plugins: [interruptAfterTimeLimit(240_000)] });
}

const operation: Arbitrary<Operation> = record({
  type: oneof(
    // Ends are rare, so that programs get somewhere.
    { weight: 1, arbitrary: constantFrom('run_completed', 'run_failed', 'run_cancelled') },
    { weight: 4, arbitrary: constantFrom('run_created', 'run_started') },
    { weight: 12, arbitrary: constantFrom('step_created', 'step_started', 'step_completed', 'step_failed', 'step_retrying') },
    { weight: 8, arbitrary: constantFrom('hook_created', 'hook_received', 'hook_disposed') },
    { weight: 5, arbitrary: constantFrom('wait_created', 'wait_completed') },
  ),
  run: nat({ max: 1 }),
  id: nat({ max: 2 }),
  form: nat({ max: 3 }),
});

const opening: Operation[] = [0, 1].map((run) => ({ type: 'run_created', run, id: 0, form: 0 }));

// Half of the programs begin with runs that exist: what follows is then seldom in vain.
function operations(maxLength: number): Arbitrary<Operation[]> {
  return tuple(boolean(), array(operation, { minLength: 1, maxLength, size: 'max' })).map(([begin, rest]) =>
    begin ? [...opening, ...rest] : rest,
  );
}

const rounds = array(array(operation, { minLength: 1, maxLength: 10, size: 'max' }), { minLength: 1, maxLength: 8, size: 'max' }).map(
  (program) => [opening, ...program],
);

const refusals = [
  'EntityConflictError',
  'RunExpiredError',
  'TooEarlyError',
  'HookNotFoundError',
  'WorkflowRunNotFoundError',
  'WorkflowWorldError',
];

function errorName(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}

function describeOperation({ type, run, id, form }: Operation): string {
  return `${type} of run ${run}, id ${id}, form ${form}`;
}
