import { expect } from 'vitest';

/** What the SDK can tell a World's errors apart by: the exact name, then the status, then the text. */
export interface ExpectedError {
  readonly name: string | readonly string[];
  readonly status?: number | readonly number[];
  readonly message?: RegExp;
}

export type ThrownError = Error & Record<string, unknown>;

/** Asserts that `act` is refused in that way and hands the error over for closer looks. */
export async function expectError(act: Promise<unknown>, expected: ExpectedError): Promise<ThrownError> {
  const thrown = await act.then(
    (value) => expect.fail(`expected ${String(expected.name)}, but the call succeeded with ${JSON.stringify(value)?.slice(0, 300)}`),
    (reason: unknown) => reason,
  );
  return expectThrown(thrown, expected);
}

/** The same for an error that was caught already. */
export function expectThrown(thrown: unknown, expected: ExpectedError): ThrownError {
  expect(thrown).toBeInstanceOf(Error);
  const error = thrown as ThrownError;
  expect(oneOf(expected.name), `${error.name}: ${error.message}`).toContain(error.name);
  if (expected.status !== undefined) expect(oneOf(expected.status), error.message).toContain(error['status']);
  if (expected.message) expect(error.message).toMatch(expected.message);
  return error;
}

// J3: the SDK goes by the name; tools go by the status, and some of them want 409 where HTTP would say 410.
export const entityConflict = (message?: RegExp): ExpectedError => named('EntityConflictError', 409, message);
export const runExpired: ExpectedError = { name: 'RunExpiredError', status: [409, 410], message: /terminal state/i };
export const runNotFound = named('WorkflowRunNotFoundError', 404);
export const hookNotFound = named('HookNotFoundError', 404, /hook/i);
export const notFound = named('WorkflowWorldError', 404);
export const preconditionFailed = named('PreconditionFailedError', 412);
export const badRequest = (message?: RegExp): ExpectedError => named('WorkflowWorldError', 400, message);

/** What has no home: the run is unknown, so the World may name the run or the thing that was looked for. */
export const somethingNotFound: ExpectedError = {
  name: ['WorkflowRunNotFoundError', 'WorkflowWorldError', 'HookNotFoundError'],
  status: 404,
};

function named(name: string, status: number, message?: RegExp): ExpectedError {
  return { name, status, ...(message && { message }) };
}

function oneOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
