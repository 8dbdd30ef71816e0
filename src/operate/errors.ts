import { EntityConflictError, HookNotFoundError, RunExpiredError, WorkflowRunNotFoundError, WorkflowWorldError } from '@workflow/errors';
import { FlowError, type FlowErrorCode } from '../flow/errors.ts';

/** What is the matter, roughly: what a caller can do about it follows from this. */
export type OperateErrorKind = 'invalid' | 'unauthorized' | 'forbidden' | 'not-found' | 'conflict' | 'limit' | 'unavailable';

export interface InputProblem {
  readonly pointer: string;
  readonly message: string;
}

/** Everything that an operator's act throws; `code` is stable, the message is for people. */
export class OperateError extends Error {
  override readonly name = 'OperateError';
  readonly kind: OperateErrorKind;
  readonly code: string;
  readonly problems: readonly InputProblem[];

  constructor(
    kind: OperateErrorKind,
    code: string,
    message: string,
    { problems = [], cause }: { readonly problems?: readonly InputProblem[]; readonly cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.code = code;
    this.problems = problems;
  }
}

export function runNotFound(runId: string): OperateError {
  return new OperateError('not-found', 'RUN_NOT_FOUND', `There is no run "${runId}".`);
}

export function invalid(message: string, problems: readonly InputProblem[] = []): OperateError {
  return new OperateError('invalid', 'INVALID_INPUT', message, { problems });
}

const flowKinds: Readonly<Record<FlowErrorCode, OperateErrorKind>> = {
  FLOW_NOT_FOUND: 'not-found',
  EXECUTION_NOT_FOUND: 'not-found',
  HANDLER_NOT_FOUND: 'invalid',
  INVALID_FLOW: 'invalid',
  INVALID_INPUT: 'invalid',
  INPUT_RESOLUTION_ERROR: 'invalid',
  HANDLER_ERROR: 'invalid',
  TIMEOUT: 'unavailable',
  INVALID_TRANSITION: 'conflict',
  MAX_STEPS: 'conflict',
  MAX_DELIVERIES: 'conflict',
  CONTEXT_LIMIT: 'invalid',
  EXECUTION_NOT_WAITING: 'conflict',
  INVALID_RESUME_TOKEN: 'not-found',
  EXECUTION_CONFLICT: 'conflict',
  TENANT_MISMATCH: 'forbidden',
};

/** What the World and the Engine throw, as an OperateError; undefined for what nobody foresaw. */
export function asOperateError(error: unknown): OperateError | undefined {
  if (error instanceof OperateError) return error;
  if (FlowError.is(error)) return ofFlow(error);
  const { message } = (error ?? {}) as Error;
  if (WorkflowRunNotFoundError.is(error)) return new OperateError('not-found', 'RUN_NOT_FOUND', message, { cause: error });
  if (HookNotFoundError.is(error)) return new OperateError('not-found', 'HOOK_NOT_FOUND', message, { cause: error });
  if (RunExpiredError.is(error)) return new OperateError('conflict', 'RUN_ENDED', message, { cause: error });
  if (EntityConflictError.is(error)) return new OperateError('conflict', 'CONFLICT', message, { cause: error });
  if (!WorkflowWorldError.is(error)) return undefined;
  const { status = 500 } = error;
  if (status === 400) return new OperateError('invalid', 'INVALID_INPUT', message, { cause: error });
  if (status === 404) return new OperateError('not-found', 'NOT_FOUND', message, { cause: error });
  if (status < 500) return new OperateError('conflict', 'CONFLICT', message, { cause: error });
  return new OperateError('unavailable', 'UNAVAILABLE', 'The database cannot be reached, or cannot keep what it is given.', {
    cause: error,
  });
}

/** An error that was written down, such as that of a firing, as who asked for it is told. */
export function ofStoredError({ code, message }: { readonly code: string; readonly message: string }): OperateError {
  return new OperateError((flowKinds as Readonly<Record<string, OperateErrorKind>>)[code] ?? 'conflict', code, message);
}

function ofFlow(error: FlowError): OperateError {
  const found = error.details['problems'];
  const problems = Array.isArray(found) ? (found as InputProblem[]) : [];
  return new OperateError(flowKinds[error.code], error.code, error.message, { problems, cause: error });
}
