import { sealOutput } from '../context.ts';
import { groupOf } from '../children.ts';
import { FlowError } from '../errors.ts';
import type { SpawnedChild } from '../execution-index.ts';
import { hashToken } from '../token.ts';
import { wholeInstant } from '../instant.ts';
import type { ChildJoin, Step, WaitMetadata, WaitResult } from '../types.ts';
import { attemptOf, stepFact } from './begin.ts';
import { fitsToken, resumeExecution } from './resume.ts';
import { historyEntry, outputWrites, type Settle } from './step-parts.ts';
import { advance, unchanged, type Transition } from './transition.ts';

/** The execution waits; it holds no worker. A token that was used before its wait is applied at once (decisions C6). */
export function settleWait(given: Settle, result: WaitResult, spawn: readonly SpawnedChild[]): Transition {
  const { execution, step, now, limits } = given;
  const attempt = attemptOf(execution);
  const output = sealOutput(result.output, `output of step "${step.id}"`, limits);
  const waitMetadata = describeWait(result);
  const { keepsTokens: _, ...told } = waitMetadata;
  // The handler was called again because children finished, and waits for more of them: the same wait goes on.
  const goesOn = execution.status === 'waiting';
  const waiting = advance(
    unchanged(execution),
    {
      changes: {
        status: 'waiting',
        attempt: Object.freeze({ ...attempt, deliveries: 1, status: 'waiting' as const }),
        waitMetadata,
        join: joinOf(given, result, spawn.length),
      },
      writes: outputWrites(step, output),
      spawn,
      ...(goesOn
        ? {}
        : {
            tail: [historyEntry(given, 'wait', output === undefined ? {} : { output })],
            facts: [{ type: 'waiting', ...stepFact(step, attempt, now), ...told }],
          }),
    },
    limits,
  );
  return applyEarlyResume(waiting, given);
}

function describeWait({ wakeAt, reason, token, keepsTokens }: WaitResult): WaitMetadata {
  return Object.freeze({
    ...(wakeAt === undefined ? {} : { wakeAt: wholeInstant(wakeAt, { what: 'wakeAt', code: 'HANDLER_ERROR' }) }),
    ...(reason === undefined ? {} : { reason }),
    ...(token === undefined ? {} : { token: hashToken(token) }),
    ...(keepsTokens === true ? { keepsTokens } : {}),
  });
}

function joinOf({ execution, step, epoch, finished = 0 }: Settle, { wakeWhen }: WaitResult, spawned: number): ChildJoin | undefined {
  const before = execution.join;
  if (before === undefined && spawned === 0 && wakeWhen === undefined) return undefined;
  const created = (before?.created ?? 0) + spawned;
  // It would be called again at once, for ever (rule 4).
  if (created <= finished) throw nothingToWaitFor(step, created);
  const asked = Math.ceil(wakeWhen ?? created);
  // Waiting for more children than there are would wait for ever, and for no more than there were not at all.
  const least = Number.isNaN(asked) ? created : Math.max(asked, finished + 1);
  const join = { group: groupOf(attemptOf(execution)), created, wakeWhen: Math.min(least, created) };
  return Object.freeze(epoch === undefined ? join : { ...join, epoch });
}

function nothingToWaitFor(step: Step, created: number): FlowError {
  const why = created === 0 ? 'it has started none' : `all ${created} of them have ended`;
  const message = `Step "${step.id}" waits for children and ${why}; spawn some, return a result, or let another step wait.`;
  return new FlowError('HANDLER_ERROR', message, { retryable: false });
}

function applyEarlyResume(waiting: Transition, given: Settle): Transition {
  const { execution } = waiting;
  const early = (execution.earlyResumes ?? []).find(({ token }) => fitsToken(execution, token));
  if (!early) return waiting;
  const rest = (execution.earlyResumes ?? []).filter((one) => one !== early);
  const without = advance(waiting, { changes: { earlyResumes: rest.length > 0 ? rest : undefined } });
  const { flow, step, now, limits } = given;
  return resumeExecution(without, { flow, step, now, limits, by: 'resume', data: early.data, token: early.token });
}
