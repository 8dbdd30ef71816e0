import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SignatureCheck } from './types.ts';

export interface SignedRequest {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly rawBody: Uint8Array;
}

/** Finds a secret by its name; default: the environment. */
export type SecretSource = (name: string) => string | undefined;

const defaultTolerance = 300_000;

/** Why a request is not to be trusted, or undefined if its signature fits (flow.md §2, HMAC signature check). */
export function signatureProblem(
  check: SignatureCheck,
  request: SignedRequest,
  { secrets, now }: { readonly secrets: SecretSource; readonly now: number },
): string | undefined {
  const secret = typeof check.secret === 'string' ? check.secret : secrets(check.secret.env);
  // An unset secret must not be an empty one that everybody knows.
  if (!secret) return 'the secret of this trigger is not set';
  const given = request.headers[check.header.toLowerCase()];
  const prefix = check.prefix ?? '';
  if (given === undefined || !given.startsWith(prefix)) return `the header ${check.header} is missing`;
  const stale = timestampProblem(check, request, now);
  if (stale !== undefined) return stale;
  const expected = sign(check, request, secret);
  const actual = Buffer.from(given.slice(prefix.length), check.encoding ?? 'hex');
  return actual.length === expected.length && timingSafeEqual(actual, expected) ? undefined : 'the signature does not fit';
}

function sign({ algorithm = 'sha256', timestampHeader }: SignatureCheck, { headers, rawBody }: SignedRequest, secret: string): Buffer {
  const hmac = createHmac(algorithm, secret);
  if (timestampHeader !== undefined) hmac.update(`${headers[timestampHeader.toLowerCase()] ?? ''}.`);
  return hmac.update(rawBody).digest();
}

function timestampProblem(
  { timestampHeader, toleranceMs = defaultTolerance }: SignatureCheck,
  { headers }: SignedRequest,
  now: number,
): string | undefined {
  if (timestampHeader === undefined) return undefined;
  const given = headers[timestampHeader.toLowerCase()] ?? '';
  // Seconds or milliseconds: both are in use, and they cannot be mistaken for each other in this century.
  const at = /^\d{9,14}$/.test(given) ? Number(given) * (given.length <= 11 ? 1_000 : 1) : Date.parse(given);
  return Math.abs(now - at) <= toleranceMs ? undefined : `the header ${timestampHeader} is missing or too far from now`;
}
