import { sealOutput } from '../context.ts';
import { groupOf } from '../children.ts';
import { FlowError } from '../errors.ts';
import type { SpawnedChild } from '../execution-index.ts';
import { hashToken } from '../token.ts';
import type { ChildJoin, Execution, WaitMetadata, WaitResult } from '../types.ts';
import { attemptOf, stepFact } from './begin.ts';
import { resumeExecution } from './resume.ts';
import { historyEntry, outputWrites, type Settle } from './step-parts.ts';
import { advance, unchanged, type Transition } from './transition.ts';

/** The execution waits; it holds no worker. A token that was used before its wait is applied at once (decisions C6). */
export function settleWait(given: Settle, result: WaitResult, spawn: readonly SpawnedChild[]): Transition {
  const { execution, step, now, limits } = given;
  const attempt = attemptOf(execution);
  const output = sealOutput(result.output, `output of step "${step.id}"`, limits);
  const waitMetadata = describeWait(result);
  // The handler was called again because children finished, and waits for more of them: the same wait goes on.
  const goesOn = execution.status === 'waiting';
  const waiting = advance(
    unchanged(execution),
    {
      changes: {
        status: 'waiting',
        attempt: Object.freeze({ ...attempt, status: 'waiting' as const }),
        waitMetadata,
        join: joinOf(execution, result, spawn.length),
      },
      writes: outputWrites(step, output),
      spawn,
      ...(goesOn
        ? {}
        : {
            tail: [historyEntry(given, 'wait', output === undefined ? {} : { output })],
            facts: [{ type: 'waiting', ...stepFact(step, attempt, now), ...waitMetadata }],
          }),
    },
    limits,
  );
  return applyEarlyResume(waiting, given);
}

function describeWait({ wakeAt, reason, token }: WaitResult): WaitMetadata {
  if (wakeAt !== undefined && !Number.isFinite(wakeAt)) {
    throw new FlowError('HANDLER_ERROR', `wakeAt must be milliseconds since the epoch, not ${String(wakeAt)}.`, {
      retryable: false,
    });
  }
  return Object.freeze({
    ...(wakeAt === undefined ? {} : { wakeAt }),
    ...(reason === undefined ? {} : { reason }),
    ...(token === undefined ? {} : { token: hashToken(token) }),
  });
}

function joinOf(execution: Execution, { wakeWhen }: WaitResult, spawned: number): ChildJoin | undefined {
  const before = execution.join;
  if (before === undefined && spawned === 0 && wakeWhen === undefined) return undefined;
  const created = (before?.created ?? 0) + spawned;
  const group = groupOf(attemptOf(execution));
  // Waiting for more children than there are would wait for ever.
  return Object.freeze({ group, created, wakeWhen: Math.min(wakeWhen ?? created, created) });
}

function applyEarlyResume(waiting: Transition, given: Settle): Transition {
  const { execution } = waiting;
  if (execution.join !== undefined) return waiting;
  const expected = execution.waitMetadata?.token;
  const early = (execution.earlyResumes ?? []).find(({ token }) => expected === undefined || token === expected);
  if (!early) return waiting;
  const rest = (execution.earlyResumes ?? []).filter((one) => one !== early);
  const without = advance(waiting, { changes: { earlyResumes: rest.length > 0 ? rest : undefined } });
  const { flow, step, now, limits } = given;
  return resumeExecution(without, { flow, step, now, limits, by: 'resume', data: early.data, token: early.token });
}
