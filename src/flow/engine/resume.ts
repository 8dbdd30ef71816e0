import { sealGiven } from '../context.ts';
import { attemptOf } from '../decide/begin.ts';
import { fitsToken, resumeExecution } from '../decide/resume.ts';
import { advance, isTerminal, unchanged, type Transition } from '../decide/transition.ts';
import { FlowError } from '../errors.ts';
import { measureSealed, seal } from '../seal.ts';
import { hashToken } from '../token.ts';
import type { Execution } from '../types.ts';
import { commitTransition } from './commit.ts';
import { noteUsed, type EngineCore } from './core.ts';
import { stepOf } from './flow-source.ts';
import { readExecution } from './read.ts';

/** Ends the wait of an execution, whatever it waits for except its children. Throws EXECUTION_NOT_WAITING. */
export async function resumeById(core: EngineCore, id: string, data: unknown): Promise<Execution> {
  for (;;) {
    const execution = await readExecution(core, id);
    expectSignalWait(execution);
    try {
      return await commitTransition(core, await resumed(core, execution, { data }), { previous: execution });
    } catch (error) {
      // Someone else changed it: look again whether it still waits.
      if (!FlowError.is(error, 'EXECUTION_CONFLICT')) throw error;
    }
  }
}

/**
 * Uses a token: exactly one caller wins, every other gets INVALID_RESUME_TOKEN (rule 5). Used before its wait is
 * durable, it is kept and applied at the wait (decisions C6).
 */
export async function resumeByToken(core: EngineCore, token: string, data: unknown): Promise<Execution> {
  const given = { data: sealGiven(data, 'resume data', core.limits), hash: hashToken(token) };
  // Decided once before the token is taken: data that cannot be kept must not cost the caller the token.
  await tokenTransition(core, await readTarget(core, await core.tokens.validate(token)), given);
  return useToken(core, await take(core, token, given.hash), given);
}

/** The same for who has only the hash of a token; the store itself must consume it. */
export async function resumeByHash(core: EngineCore, executionId: string, { hash, data }: HashedResume): Promise<Execution> {
  const given = { data: sealGiven(data, 'resume data', core.limits), hash };
  return useToken(core, { executionId, consumes: { consumesToken: hash } }, given);
}

export interface HashedResume {
  /** `sha256:...` */
  readonly hash: string;
  readonly data?: unknown;
}

async function useToken(core: EngineCore, { executionId, consumes }: Taken, given: HashedResume): Promise<Execution> {
  for (;;) {
    const execution = await readTarget(core, executionId);
    const transition = await tokenTransition(core, execution, given);
    try {
      return await commitTransition(core, { ...transition, ...consumes }, { previous: execution });
    } catch (error) {
      if (!FlowError.is(error, 'EXECUTION_CONFLICT')) throw error;
    }
  }
}

async function readTarget(core: EngineCore, executionId: string | null): Promise<Execution> {
  const execution = executionId === null ? null : await core.index.read(executionId);
  if (!execution || isTerminal(execution)) throw invalidToken();
  return execution;
}

interface Taken {
  readonly executionId: string;
  readonly consumes: Pick<Transition, 'consumesToken'>;
}

async function take(core: EngineCore, token: string, hash: string): Promise<Taken> {
  if (core.index.consumesTokens) return { executionId: await expectLive(core.tokens.validate(token)), consumes: { consumesToken: hash } };
  if (core.usedTokens.has(hash)) throw invalidToken();
  if (core.tokens.consume) return { executionId: await expectLive(core.tokens.consume(token)), consumes: {} };
  // A manager with only the three methods of the seed page: this process lets a token in once, others see it revoked.
  const executionId = await expectLive(core.tokens.validate(token));
  if (core.usedTokens.has(hash)) throw invalidToken();
  noteUsed(core, hash);
  await core.tokens.revoke(token);
  return { executionId, consumes: {} };
}

async function expectLive(found: Promise<string | null>): Promise<string> {
  const executionId = await found;
  if (executionId === null) throw invalidToken();
  return executionId;
}

async function tokenTransition(core: EngineCore, execution: Execution, { data, hash }: HashedResume): Promise<Transition> {
  if (fitsToken(execution, hash)) return resumed(core, execution, { data, token: hash });
  const early = Object.freeze({ token: hash, at: core.clock.now(), ...(data === undefined ? {} : { data }) });
  const earlyResumes = seal([...(execution.earlyResumes ?? []), early], { what: 'early resumes' });
  if (earlyResumes.length > mostEarlyResumes || measureSealed(earlyResumes).bytes > core.limits.maxTotalBytes) {
    throw new FlowError(
      'CONTEXT_LIMIT',
      `Execution ${execution.id} keeps ${earlyResumes.length - 1} early resumes already, and has no room for this one.`,
    );
  }
  return advance(unchanged(execution), { changes: { earlyResumes } });
}

const mostEarlyResumes = 100;

async function resumed(
  core: EngineCore,
  execution: Execution,
  { data, token }: { readonly data: unknown; readonly token?: string },
): Promise<Transition> {
  const flow = await core.flows.of(execution);
  const step = stepOf(flow, attemptOf(execution).stepId);
  const given = { flow, step, now: core.clock.now(), limits: core.limits, by: 'resume' as const, data };
  return resumeExecution(unchanged(execution), { ...given, ...(token === undefined ? {} : { token }) });
}

function expectSignalWait({ id, status, join }: Execution): void {
  if (status === 'waiting' && join === undefined) return;
  const why =
    status === 'waiting' ? 'waits for its children, which end the wait themselves' : `is ${status}; only a waiting one can be resumed`;
  throw new FlowError('EXECUTION_NOT_WAITING', `Execution ${id} ${why}.`);
}

function invalidToken(): FlowError {
  return new FlowError('INVALID_RESUME_TOKEN', 'The resume token is unknown, used, revoked or expired.');
}
