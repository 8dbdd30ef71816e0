import { FlowError } from '../errors.ts';
import { seal } from '../seal.ts';
import type { Sandbox } from '../sandbox.ts';
import { signatureProblem, type SecretSource } from './signature.ts';
import type { HttpTrigger } from './types.ts';

/** A request as it arrived; header names in lower case. */
export interface TriggerRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly rawBody: Uint8Array;
  /** Which trigger is meant, where that is known; default: the one of the method and the path. */
  readonly triggerId?: string;
}

export interface AcceptedRequest {
  /** What the trigger saw, before `transform`. */
  readonly seen: Readonly<Record<string, unknown>>;
  readonly idempotencyKey?: string;
}

/** A request that starts nothing; `status` is the HTTP status of the answer. */
export class RejectedRequest extends FlowError {
  readonly status: number;

  constructor(status: number, message: string, details: Record<string, unknown> = {}) {
    super('INVALID_INPUT', message, { details });
    this.status = status;
  }
}

export interface HttpChecks {
  readonly sandbox: Sandbox;
  readonly secrets: SecretSource;
  readonly now: number;
}

/** Checks signature, body and schema, in that order: who cannot sign learns nothing. Throws RejectedRequest. */
export async function acceptRequest(trigger: HttpTrigger, request: TriggerRequest, checks: HttpChecks): Promise<AcceptedRequest> {
  if (trigger.signature) {
    const problem = signatureProblem(trigger.signature, request, checks);
    if (problem !== undefined) throw new RejectedRequest(401, `The request was refused: ${problem}.`);
  }
  const body = parseBody(request);
  if (trigger.schema !== undefined) {
    const problems = await checks.sandbox.validate(trigger.schema, body);
    if (problems.length > 0) throw new RejectedRequest(422, 'The body does not fit the schema of the trigger.', { problems });
  }
  const idempotencyKey = keyOf(trigger, request);
  const { method, path, query } = request;
  const seen = seal({ method, path, query, headers: safeHeaders(trigger, request), body }, { what: 'request' });
  return { seen, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) };
}

function keyOf({ idempotencyKeyHeader: header }: HttpTrigger, { headers }: TriggerRequest): string | undefined {
  if (header === undefined) return undefined;
  const key = headers[header.toLowerCase()];
  if (key) return key;
  throw new RejectedRequest(400, `The header ${header} is missing: it is the idempotency key of this trigger.`);
}

function parseBody({ headers, rawBody }: TriggerRequest): unknown {
  if (rawBody.length === 0) return null;
  const text = Buffer.from(rawBody).toString('utf8');
  const type = headers['content-type'] ?? 'application/json';
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) return Object.fromEntries(new URLSearchParams(text));
  if (!/[/+]json\b/i.test(type)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new RejectedRequest(400, `The body is not JSON: ${(error as Error).message}.`);
  }
}

/** Headers that are a credential, or prove one, have no place in a context that is stored and shown. */
const credentials: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization']);

function safeHeaders({ signature }: HttpTrigger, { headers }: TriggerRequest): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => !credentials.has(name) && name !== signature?.header.toLowerCase());
  return Object.fromEntries(kept.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
