import type { z } from 'zod';
import { OperateError, asOperateError, type InputProblem, type OperateErrorKind } from '../operate/errors.ts';
import type { problemSchema } from './schemas/problem.ts';

export type ProblemDocument = z.infer<typeof problemSchema>;

const statusOf: Readonly<Record<OperateErrorKind, number>> = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  limit: 429,
  unavailable: 503,
};

const titles: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  413: 'Payload too large',
  415: 'Unsupported media type',
  422: 'Unprocessable content',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Unavailable',
};

/** An error of HTTP itself, which an operator's act knows nothing of. */
export class HttpError extends OperateError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    {
      headers = {},
      problems = [],
    }: { readonly headers?: Readonly<Record<string, string>>; readonly problems?: readonly InputProblem[] } = {},
  ) {
    super('invalid', code, message, { problems });
    this.status = status;
    this.headers = headers;
  }
}

/** The answer to a request that failed (RFC 9457); undefined for an error that nobody foresaw. */
export function toProblem(
  error: unknown,
  instance: string,
): { readonly document: ProblemDocument; readonly headers: Record<string, string> } | undefined {
  const known = asOperateError(error);
  if (!known) return undefined;
  const status = known instanceof HttpError ? known.status : statusOf[known.kind];
  const headers = known instanceof HttpError ? known.headers : {};
  return {
    document: {
      ...problemOf(status, known.code, known.message, instance),
      ...(known.problems.length > 0 ? { errors: known.problems.map(({ pointer, message }) => ({ pointer, message })) } : {}),
    },
    headers: { ...headers, ...(status === 401 ? { 'www-authenticate': 'Bearer realm="pawl"' } : {}) },
  };
}

export function problemOf(status: number, code: string, detail: string, instance: string): ProblemDocument {
  return { type: `urn:pawl:problem:${code}`, title: titles[status] ?? 'Error', status, code, detail, instance };
}

export function problemResponse(document: ProblemDocument, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(document), {
    status: document.status,
    headers: { ...headers, 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
  });
}
