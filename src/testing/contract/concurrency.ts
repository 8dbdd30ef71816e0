import { describe, expect } from 'vitest';
import type { Event, EventResult, World } from '@workflow/world';
import * as build from '../event-builders.ts';
import { endingEvent, pendingRun, pendingStep, runningRun, runningStep } from '../arrange.ts';
import { entityConflict, expectThrown, preconditionFailed, runExpired } from '../expect-error.ts';
import { newHookId, newStepId, newToken, newWaitId } from '../ids.ts';
import { brokenLogRules, eventIdMs } from '../log-rules.ts';
import { nextTurn } from '../next-turn.ts';
import { projectLog } from '../project-log.ts';
import { readEntities } from '../read-entities.ts';
import { dataOf, readLog } from '../read-log.ts';
import type { Contract } from './contract.ts';

export function concurrency(contract: Contract): void {
  describe('concurrency', () => {
    describe('in one process', () => {
      for (const [title, act] of races) contract.policy(title, ({ world }) => act([world, world]));
    });
    describe('in two Worlds on the same data', () => {
      for (const [title, act] of races) {
        contract.sharedPolicy(`${title}, from two Worlds`, async ({ world, another }) => act([world, await another()]));
      }
    });
  });
}

type Worlds = readonly [World, World];
type Outcome = { readonly ok: EventResult } | { readonly error: unknown };

const races: readonly (readonly [string, (worlds: Worlds) => Promise<void>])[] = [
  ['a run that many start at once is started once', startedOnce],
  ['of many who create one step a single one succeeds', stepCreatedOnce],
  ['each of many starts of a step is its own attempt', attemptsAreCounted],
  ['of many who end one step a single one succeeds', stepEndedOnce],
  ['of many who complete one wait a single one succeeds', waitCompletedOnce],
  ['a token that many ask for goes to one hook', tokenGoesToOne],
  ['of many who dispose one hook a single one succeeds', hookDisposedOnce],
  ['a run that many end in different ways ends in one', endedOnce],
  ['a start that races a cancellation leaves a readable run', startAgainstCancel],
  ['nothing is created on a run behind its end', createAgainstEnd],
  ['no hook receives behind the end of its run', receiveAgainstEnd],
  ['a result is never accepted over an event it had not seen', completeAgainstReceive],
  ['what many append at once makes one log without gaps for a reader', readersSeePrefixes],
  ['a reader that follows a cursor misses nothing of what many append', cursorMissesNothing],
];

async function startedOnce(worlds: Worlds): Promise<void> {
  const runId = await pendingRun(worlds[0]);
  const outcomes = await together(worlds, 20, (world) => world.events.create(runId, build.runStarted()));
  const results = outcomes.map(succeeded);
  expect(new Set(results.map((result) => result.run?.startedAt?.getTime())).size).toBe(1);
  expect(results.filter((result) => result.event)).toHaveLength(1);
  expect(await checkedLog(worlds, runId)).toHaveLength(2);
}

async function stepCreatedOnce(worlds: Worlds): Promise<void> {
  const [runId, stepId] = [await runningRun(worlds[0]), newStepId()];
  const outcomes = await together(worlds, 20, (world) => world.events.create(runId, build.stepCreated(stepId)));
  await expectOneWinner(outcomes);
  expect(await checkedLog(worlds, runId)).toHaveLength(3);
}

async function attemptsAreCounted(worlds: Worlds): Promise<void> {
  const runId = await runningRun(worlds[0]);
  const stepId = await pendingStep(worlds[0], runId);
  const outcomes = await together(worlds, 20, (world) => world.events.create(runId, build.stepStarted(stepId)));
  const attempts = outcomes.map((outcome) => Number(succeeded(outcome).step?.attempt));
  expect(attempts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  expect(new Set(outcomes.map((outcome) => succeeded(outcome).step?.startedAt?.getTime())).size).toBe(1);
  expect(await checkedLog(worlds, runId)).toHaveLength(23);
}

async function stepEndedOnce(worlds: Worlds): Promise<void> {
  const runId = await runningRun(worlds[0]);
  const stepId = await runningStep(worlds[0], runId);
  const ends = [build.stepCompleted(stepId), build.stepFailed(stepId)];
  const outcomes = await together(worlds, 20, (world, index) => world.events.create(runId, pick(ends, index)));
  await expectOneWinner(outcomes);
  expect(await checkedLog(worlds, runId)).toHaveLength(5);
}

async function waitCompletedOnce(worlds: Worlds): Promise<void> {
  const [runId, waitId] = [await runningRun(worlds[0]), newWaitId()];
  await worlds[0].events.create(runId, build.waitCreated(waitId, new Date(Date.now() + 1e7)));
  await expectOneWinner(await together(worlds, 20, (world) => world.events.create(runId, build.waitCompleted(waitId))));
  expect(await checkedLog(worlds, runId)).toHaveLength(4);
}

async function tokenGoesToOne(worlds: Worlds): Promise<void> {
  for (let round = 0; round < 30; round += 1) {
    const [first, second, token] = [await runningRun(worlds[0]), await runningRun(worlds[1]), newToken()];
    const outcomes = await together(worlds, 2, (world, index) =>
      world.events.create(pick([first, second], index), build.hookCreated(newHookId(), { token })),
    );
    const types = outcomes.map((outcome) => String(succeeded(outcome).event?.eventType));
    expect(types.toSorted()).toEqual(['hook_conflict', 'hook_created']);
    const owner = types[0] === 'hook_created' ? first : second;
    const loser = outcomes[types.indexOf('hook_conflict')] as Outcome;
    expect(dataOf(succeeded(loser).event)?.['conflictingRunId']).toBe(owner);
    expect((await worlds[1].hooks.getByToken(token)).runId).toBe(owner);
  }
}

async function hookDisposedOnce(worlds: Worlds): Promise<void> {
  const [runId, hookId] = [await runningRun(worlds[0]), newHookId()];
  await worlds[0].events.create(runId, build.hookCreated(hookId));
  const outcomes = await together(worlds, 20, (world) => world.events.create(runId, build.hookDisposed(hookId)));
  expect(outcomes.filter((outcome) => 'ok' in outcome)).toHaveLength(1);
  expect(await checkedLog(worlds, runId)).toHaveLength(4);
}

async function endedOnce(worlds: Worlds): Promise<void> {
  for (let round = 0; round < 10; round += 1) {
    const runId = await runningRun(worlds[0]);
    const ends = [endingEvent('completed'), endingEvent('failed')];
    await expectOneWinner(await together(worlds, 10, (world, index) => world.events.create(runId, pick(ends, index))));
    expect(await checkedLog(worlds, runId)).toHaveLength(3);
  }
}

async function startAgainstCancel(worlds: Worlds): Promise<void> {
  for (let round = 0; round < 30; round += 1) {
    const runId = await pendingRun(worlds[0]);
    const acts = [build.runStarted(), build.runCancelled()];
    const [started, cancelled] = await together(worlds, 2, (world, index) => world.events.create(runId, pick(acts, index + round))).then(
      (outcomes) => (round % 2 === 0 ? outcomes : outcomes.toReversed()),
    );
    succeeded(cancelled as Outcome);
    if (started && 'error' in started) expectThrown(started.error, runExpired);
    const run = await worlds[1].runs.get(runId);
    expect(run.status).toBe('cancelled');
    expect(run.completedAt).toBeInstanceOf(Date);
    await checkedLog(worlds, runId);
  }
  expect((await worlds[1].runs.list({ pagination: { limit: 100 } })).data.length).toBeGreaterThanOrEqual(30);
}

async function createAgainstEnd(worlds: Worlds): Promise<void> {
  for (let round = 0; round < 10; round += 1) {
    const runId = await runningRun(worlds[0]);
    const acts = [
      () => build.stepCreated(newStepId()),
      () => build.hookCreated(newHookId()),
      () => build.waitCreated(newWaitId(), new Date(Date.now() + 1e7)),
      () => build.stepCreated(newStepId()),
    ];
    const outcomes = await together(worlds, 9, (world, index) =>
      world.events.create(runId, index === 4 ? build.runCompleted() : pick(acts, index)()),
    );
    for (const outcome of outcomes) {
      if ('error' in outcome) expectThrown(outcome.error, entityConflict(/terminal/i));
    }
    await checkedLog(worlds, runId);
  }
}

async function receiveAgainstEnd(worlds: Worlds): Promise<void> {
  for (let round = 0; round < 10; round += 1) {
    const [runId, hookId] = [await runningRun(worlds[0]), newHookId()];
    await worlds[0].events.create(runId, build.hookCreated(hookId));
    const outcomes = await together(worlds, 9, (world, index) =>
      world.events.create(runId, index === 4 ? build.runCancelled() : build.hookReceived(hookId)),
    );
    for (const outcome of outcomes) {
      if ('error' in outcome) expectThrown(outcome.error, { name: 'HookNotFoundError' });
    }
    await checkedLog(worlds, runId);
  }
}

async function completeAgainstReceive(worlds: Worlds): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    const [runId, hookId] = [await runningRun(worlds[0]), newHookId()];
    await worlds[0].events.create(runId, build.hookCreated(hookId));
    const seen = (await readLog(worlds[0], runId)).at(-1);
    const complete = () => worlds[1].events.create(runId, build.runCompleted(), { stateUpdatedAt: eventIdMs(seen) });
    const receive = () => worlds[0].events.create(runId, build.hookReceived(hookId));
    const acts = round % 2 === 0 ? [complete, receive] : [receive, complete];
    const outcomes = await together(worlds, 2, (_, index) => pick(acts, index)());
    const [completed, received] = round % 2 === 0 ? outcomes : outcomes.toReversed();
    const winners = [completed, received].filter((outcome) => outcome && 'ok' in outcome);
    expect(winners).toHaveLength(1);
    if (completed && 'error' in completed) expectThrown(completed.error, preconditionFailed);
    await checkedLog(worlds, runId);
  }
}

async function readersSeePrefixes(worlds: Worlds): Promise<void> {
  const runId = await runningRun(worlds[0]);
  const snapshots: string[][] = [];
  const writing = together(worlds, 100, (world) => world.events.create(runId, build.stepCreated(newStepId())));
  let done = false;
  const reading = [0, 1].map(async (reader) => {
    while (!done) {
      const seen = await readLog(worlds[reader] as World, runId);
      snapshots.push(seen.map((event) => event.eventId));
      await nextTurn();
    }
  });
  for (const outcome of await writing) succeeded(outcome);
  done = true;
  await Promise.all(reading);
  const log = await checkedLog(worlds, runId);
  expect(log).toHaveLength(102);
  const ids = log.map((event) => event.eventId);
  for (const snapshot of snapshots) expect(snapshot).toEqual(ids.slice(0, snapshot.length));
}

async function cursorMissesNothing(worlds: Worlds): Promise<void> {
  const runId = await runningRun(worlds[0]);
  const followed: string[] = [];
  let cursor: string | undefined;
  const follow = async () => {
    const page = await worlds[1].events.list({ runId, pagination: { limit: 10, ...(cursor !== undefined && { cursor }) } });
    followed.push(...page.data.map((event) => event.eventId));
    cursor = page.cursor ?? cursor;
    return page.data.length;
  };
  const writing = together(worlds, 100, (world) => world.events.create(runId, build.stepCreated(newStepId())));
  let done = false;
  const following = (async () => {
    // Bounded, for a World that gives the same page again and again.
    while ((!done || (await follow()) > 0) && followed.length < 1_000) {
      await follow();
      await nextTurn();
    }
  })();
  await writing;
  done = true;
  await following;
  expect(followed).toEqual((await checkedLog(worlds, runId)).map((event) => event.eventId));
}

/** Does something many times at once, in turns through the one and the other World. */
async function together(worlds: Worlds, times: number, act: (world: World, index: number) => Promise<EventResult>): Promise<Outcome[]> {
  return Promise.all(
    Array.from({ length: times }, (_, index) =>
      act(worlds[index % 2] as World, index).then(
        (ok) => ({ ok }),
        (error: unknown) => ({ error }),
      ),
    ),
  );
}

function succeeded(outcome: Outcome): EventResult {
  if ('error' in outcome) throw outcome.error;
  return outcome.ok;
}

async function expectOneWinner(outcomes: readonly Outcome[]): Promise<void> {
  expect(outcomes.filter((outcome) => 'ok' in outcome)).toHaveLength(1);
  for (const outcome of outcomes) {
    if ('error' in outcome) expectThrown(outcome.error, entityConflict());
  }
}

/** The log as both Worlds see it, after a look at whether a replay could read it and the entities agree with it. */
async function checkedLog([first, second]: Worlds, runId: string): Promise<Event[]> {
  const log = await readLog(first, runId);
  expect(await readLog(second, runId)).toEqual(log);
  expect(brokenLogRules(log)).toEqual([]);
  expect(await readEntities(second, runId)).toEqual(projectLog(log));
  return log;
}

function pick<T>(from: readonly T[], index: number): T {
  return from[index % from.length] as T;
}
