import {
  EntityConflictError,
  HookNotFoundError,
  PreconditionFailedError,
  RunExpiredError,
  TooEarlyError,
  WorkflowRunNotFoundError,
  WorkflowWorldError,
} from '@workflow/errors';

// The SDK tells errors apart by `name` and `.status` (spec/world.md B2); these constructors are the only place that sets them.

/** 400: the call itself is wrong and will stay wrong. */
export function badRequest(message: string, cause?: unknown): WorkflowWorldError {
  return new WorkflowWorldError(message, { status: 400, code: 'BAD_REQUEST', ...(cause === undefined ? {} : { cause }) });
}

/** 404 of a step, wait or event. */
export function notFound(what: string): WorkflowWorldError {
  return new WorkflowWorldError(`${what} not found.`, { status: 404, code: 'NOT_FOUND' });
}

/** 409: a duplicate, or the wrong state before. */
export function conflict(message: string): EntityConflictError {
  return withStatus(new EntityConflictError(message), 409);
}

/** The run is over: its message is consumed. The SDK never reads the status of this one; suites of the community ask for 409. */
export function runExpired(runId: string, status: string): RunExpiredError {
  return withStatus(new RunExpiredError(`Run "${runId}" is in terminal state "${status}" (terminal run).`), 409);
}

export function terminalConflict(runId: string, status: string, wanted: string): EntityConflictError {
  return conflict(`Cannot ${wanted}: run "${runId}" is in terminal state "${status}" (terminal run).`);
}

/** 412: an event from outside arrived that the writer had not seen. */
export function stale(runId: string): PreconditionFailedError {
  return new PreconditionFailedError(
    `Run "${runId}" received an event that this replay had not seen; load the newer events and replay.`,
    {},
  );
}

/** 425: a retry is not due yet. */
export function tooEarly(stepId: string, retryAfter: number, now: number): TooEarlyError {
  const seconds = Math.max(1, Math.ceil((retryAfter - now) / 1_000));
  return withStatus(
    new TooEarlyError(`Step "${stepId}" may not start yet: retryAfter is ${seconds} s away.`, { retryAfter: seconds }),
    425,
  );
}

export function runNotFound(runId: string): WorkflowRunNotFoundError {
  return withStatus(new WorkflowRunNotFoundError(runId), 404);
}

export function hookNotFound(hookIdOrToken: string): HookNotFoundError {
  return withStatus(new HookNotFoundError(hookIdOrToken), 404);
}

/** 503: nothing was written, or it is not known to be durable; the caller may try again. */
export function unavailable(message: string, cause?: unknown): WorkflowWorldError {
  return new WorkflowWorldError(message, { status: 503, code: 'TRANSPORT', ...(cause === undefined ? {} : { cause }) });
}

/** Whether it is a 5xx of this World: nothing wrong with what was asked, only not now. */
export function isUnavailable(error: unknown): boolean {
  return WorkflowWorldError.is(error) && (error.status ?? 0) >= 500;
}

/** 503: this process has not the key of the run; one that has it may go on. */
export function keyMissing(runId: string, keyId: string): WorkflowWorldError {
  return new WorkflowWorldError(
    `Run "${runId}" is encrypted with key ${keyId}, which is not in WORKFLOW_PAWL_ENCRYPTION_KEYS; add the key it began with at the end of the list.`,
    { status: 503, code: 'ENCRYPTION_KEY_MISSING' },
  );
}

export function isKeyMissing(error: unknown): boolean {
  return WorkflowWorldError.is(error) && error.code === 'ENCRYPTION_KEY_MISSING';
}

/** Whether it says that the database is away, or cannot write now, which is no fault of what was asked and may be over in a moment. */
export function isAway(error: unknown): boolean {
  return WorkflowWorldError.is(error) && (error.code === 'TRANSPORT' || error.code === 'DATABASE_READ_ONLY');
}

/** 503: this delivery was given to another worker meanwhile, so what it writes is refused. */
export function leaseLost(what: string): WorkflowWorldError {
  return new WorkflowWorldError(`The lease on ${what} was lost to another worker; this delivery may not write any more.`, {
    status: 503,
    code: 'LEASE_LOST',
  });
}

function withStatus<E extends Error>(error: E, status: number): E {
  return Object.assign(error, { status });
}
