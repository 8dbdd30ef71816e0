import { FlowError } from '../errors.ts';
import type { ResumeTokenManager } from '../ports.ts';
import { Superseded } from './session.ts';

const failures = new WeakSet<object>();

/**
 * For what a handler or a trigger asks of the store: a store that cannot answer is no failure of the step, and no firing. Its error ends the
 * delivery, which is made again, as where a commit of the engine fails. A FlowError is an answer, and so is what it refuses (4xx).
 */
export async function askStore<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    const answered = FlowError.is(error) || error instanceof Superseded || isRefusal(error);
    if (!answered && typeof error === 'object' && error !== null) failures.add(error);
    throw error;
  }
}

/** What the store will say again however often it is asked. */
function isRefusal(error: unknown): boolean {
  const { status } = (error ?? {}) as { status?: unknown };
  return typeof status === 'number' && status < 500;
}

/** Whether the store threw it at whoever asked. */
export function isStoreFailure(error: unknown): boolean {
  return typeof error === 'object' && error !== null && failures.has(error);
}

/** A token manager as handlers get it. */
export function tokensOfHandlers(tokens: ResumeTokenManager): ResumeTokenManager {
  return {
    create: (...call) => askStore(tokens.create(...call)),
    validate: (token) => askStore(tokens.validate(token)),
    revoke: (token) => askStore(tokens.revoke(token)),
    ...(tokens.consume ? { consume: (token: string) => askStore(tokens.consume?.(token) ?? Promise.resolve(null)) } : {}),
    ...(tokens.revokeAll ? { revokeAll: (id: string) => askStore(tokens.revokeAll?.(id) ?? Promise.resolve()) } : {}),
  };
}
