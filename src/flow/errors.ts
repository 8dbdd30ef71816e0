import type { ExecutionError, FlowProblem } from './types.ts';

/** The stable codes of flow.md §2. */
export const flowErrorCodes = [
  'FLOW_NOT_FOUND',
  'EXECUTION_NOT_FOUND',
  'HANDLER_NOT_FOUND',
  'INVALID_FLOW',
  'INVALID_INPUT',
  'INPUT_RESOLUTION_ERROR',
  'HANDLER_ERROR',
  'TIMEOUT',
  'INVALID_TRANSITION',
  'MAX_STEPS',
  'MAX_DELIVERIES',
  'CONTEXT_LIMIT',
  'EXECUTION_NOT_WAITING',
  'INVALID_RESUME_TOKEN',
  'EXECUTION_CONFLICT',
  'TENANT_MISMATCH',
] as const;
export type FlowErrorCode = (typeof flowErrorCodes)[number];

export interface FlowErrorOptions {
  readonly retryable?: boolean;
  readonly cause?: unknown;
  readonly details?: Record<string, unknown>;
}

const retryableCodes: ReadonlySet<FlowErrorCode> = new Set(['HANDLER_ERROR', 'TIMEOUT', 'EXECUTION_CONFLICT']);

/** Everything the flow room throws. `retryable` says whether the same call may succeed later. */
export class FlowError extends Error {
  override readonly name = 'FlowError';
  readonly code: FlowErrorCode;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: FlowErrorCode, message: string, options: FlowErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? retryableCodes.has(code);
    this.details = options.details ?? {};
  }

  /** True for a FlowError of this or another copy of the module, and of one code if given. */
  static is(error: unknown, code?: FlowErrorCode): error is FlowError {
    if (!(error instanceof Error) || error.name !== 'FlowError') return false;
    return code === undefined || (error as FlowError).code === code;
  }
}

/** One INVALID_FLOW with every problem, each at its JSON pointer. */
export function invalidFlow(flowId: string, problems: readonly FlowProblem[]): FlowError {
  const lines = problems.map(({ pointer, message }) => `  ${pointer || '/'}: ${message}`);
  return new FlowError('INVALID_FLOW', `Flow "${flowId}" is not valid:\n${lines.join('\n')}`, {
    details: { problems },
  });
}

/** Anything thrown in a step as the error that its execution records. */
export function toExecutionError(thrown: unknown, stepId: string): ExecutionError {
  if (FlowError.is(thrown)) {
    const { code, message, retryable, details } = thrown;
    return {
      code,
      message,
      stepId,
      retryable,
      ...(Object.keys(details).length > 0 ? { details: { ...details } } : {}),
    };
  }
  if (thrown instanceof Error) {
    const code = (thrown as { code?: unknown }).code;
    const own = typeof code === 'string' ? { details: { errorCode: code } } : {};
    return { code: 'HANDLER_ERROR', message: thrown.message || thrown.name, stepId, retryable: true, ...own };
  }
  return { code: 'HANDLER_ERROR', message: String(thrown), stepId, retryable: true };
}
