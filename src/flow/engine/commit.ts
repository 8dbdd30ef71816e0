import { describeError } from '../../base/logger.ts';
import { dueAtOf } from '../decide/due.ts';
import { settlesOf } from '../decide/end.ts';
import type { Transition } from '../decide/transition.ts';
import { toExecutionError } from '../errors.ts';
import type { ExecutionCommit } from '../execution-index.ts';
import { revise } from '../execution-record.ts';
import type { Execution } from '../types.ts';
import { noteUsed, type EngineCore } from './core.ts';
import { emitFacts } from './emit.ts';

/**
 * Writes a decided transition, then tells of it: events are emitted only after what they report is durable
 * (flow.md §2). Throws what the store throws, EXECUTION_CONFLICT above all.
 */
export async function commitTransition(
  core: EngineCore,
  transition: Transition,
  { previous, epoch }: { readonly previous?: Execution; readonly epoch?: number },
): Promise<Execution> {
  const commit = toCommit(transition, { previous, epoch, now: core.clock.now() });
  await core.index.commit(commit);
  await announceCommit(core, commit);
  return commit.execution;
}

/** What follows a commit that is durable, whoever wrote it. */
export async function announceCommit(core: EngineCore, commit: ExecutionCommit): Promise<void> {
  const { disposesToken, execution } = commit;
  if (disposesToken !== undefined && !core.index.consumesTokens) await dispose(core, execution, disposesToken);
  if (commit.revokesTokens && !core.index.freesTokens) await free(core, execution, () => core.tokens.revokeAll?.(execution.id));
  await startCode(core, commit);
  emitFacts(core, commit);
  core.watchers.notify(commit.execution);
}

/** A manager that knows tokens only as they are cannot be told; then this process lets it in no more. */
async function dispose(core: EngineCore, execution: Execution, hash: string): Promise<void> {
  if (core.tokens.revokeHash) await free(core, execution, () => core.tokens.revokeHash?.(hash));
  else noteUsed(core, hash);
}

interface Basis {
  readonly previous?: Execution | undefined;
  readonly epoch?: number | undefined;
  readonly now: number;
}

export function toCommit(transition: Transition, { previous, epoch, now }: Basis): ExecutionCommit {
  const { execution: decided, writes, tail, facts, spawn, cancelChildren, consumesToken, disposesToken, revokesTokens } = transition;
  const expectedRevision = previous?.revision ?? 0;
  const execution = revise(decided, { changes: { revision: expectedRevision + 1, updatedAt: now } });
  const settles = settlesOf(execution);
  return {
    execution,
    expectedRevision,
    writes,
    tail,
    facts,
    spawn,
    dueAt: dueAtOf(execution),
    join: execution.join ?? null,
    ...(previous ? { previous } : {}),
    ...(epoch === undefined ? {} : { epoch }),
    ...(settles ? { settles } : {}),
    ...(cancelChildren ? { cancelChildren } : {}),
    ...(consumesToken === undefined ? {} : { consumesToken }),
    ...(disposesToken === undefined ? {} : { disposesToken }),
    ...(revokesTokens ? { revokesTokens } : {}),
  };
}

/** What is committed stands; a manager that fails here keeps a token that nobody is meant to use any more. */
async function free(core: EngineCore, { id: executionId }: Execution, revoke: () => Promise<void> | undefined): Promise<void> {
  try {
    await revoke();
  } catch (error) {
    core.logger.warn(`Tokens of execution ${executionId} could not be revoked: ${describeError(error)}`, {
      executionId,
    });
  }
}

/** A run that cannot be started is a child that failed: its parent hears of it like of any other. */
async function startCode(core: EngineCore, { spawn }: ExecutionCommit): Promise<void> {
  for (const child of spawn) {
    if (child.kind !== 'code') continue;
    try {
      await core.code?.start(child);
    } catch (error) {
      const { id: childId, parent } = child;
      const place = { parentId: parent.executionId, group: parent.group, index: parent.index, childId };
      await core.index.settleChild({ ...place, status: 'failed', error: toExecutionError(error, parent.stepId) });
    }
  }
}
