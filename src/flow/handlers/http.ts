import { z } from 'zod';
import { defineHandler } from '../define-handler.ts';
import { FlowError } from '../errors.ts';
import { Result } from '../result.ts';
import type { HandlerResult, StepHandler } from '../types.ts';
import { sendHttp, type HttpPolicy, type HttpRequest, type HttpResponse } from './http-request.ts';

const request = z.strictObject({
  url: z.string().min(1).optional(),
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  query: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  /** Text is sent as it is, anything else as JSON. */
  body: z.unknown().optional(),
});

const config = request.extend({
  /** Redirects to follow; default 5. */
  maxRedirects: z.int().min(0).max(20).default(5),
  /** Default and most: what the program allows, 1 MiB unless it says otherwise. */
  maxResponseBytes: z.int().min(1).optional(),
  /** auto: JSON if the response says so, else text. */
  responseType: z.enum(['auto', 'json', 'text', 'base64', 'none']).default('auto'),
  /** Statuses that are answers, not failures; default 200 to 299. */
  expectStatus: z.array(z.int()).optional(),
});

/** What the program allows; a flow cannot widen it. */
export interface HttpHandlerOptions extends HttpPolicy {
  readonly maxResponseBytes?: number;
}

/**
 * An HTTP request. 429, 5xx and network errors are retryable, `Retry-After` is honoured; every other status is final.
 * Private addresses are refused, at each redirect and whatever the name server says (flow.md §2).
 */
export function httpHandler({ maxResponseBytes = 2 ** 20, ...policy }: HttpHandlerOptions = {}): StepHandler {
  return defineHandler({
    type: 'http',
    config,
    input: z.unknown(),
    output: z.object({ status: z.number(), headers: z.record(z.string(), z.string()), body: z.unknown() }),
    metadata: {
      name: 'HTTP',
      description: 'Makes an HTTP request.',
      category: 'network',
      defaultTimeout: 30_000,
      defaultRetries: { maxAttempts: 3, backoff: 'exponential', initialDelay: 1_000, jitter: true },
    },
    async execute({ config: given, input, idempotencyKey, signal, clock }) {
      const asked = { ...given, ...requestFrom(input) };
      const limit = Math.min(given.maxResponseBytes ?? maxResponseBytes, maxResponseBytes);
      const toSend = buildRequest(asked, {
        idempotencyKey,
        signal,
        maxRedirects: given.maxRedirects,
        maxResponseBytes: limit,
      });
      const response = await sendHttp(toSend, policy).catch((error: unknown) => networkFailure(error, toSend.url));
      return 'type' in response ? response : judge(response, given, clock.now());
    },
  });
}

type Asked = z.infer<typeof request>;

/** An input that is text is the URL; an object that names parts of a request replaces those of the config. */
function requestFrom(input: unknown): Asked {
  if (typeof input === 'string') return { url: input };
  if (typeof input !== 'object' || input === null) return {};
  const parsed = request.strip().safeParse(input);
  if (parsed.success) return parsed.data;
  throw new FlowError('INVALID_INPUT', `The input is not an HTTP request: ${parsed.error.issues[0]?.message}.`);
}

function buildRequest(
  { url, method = 'GET', headers = {}, query = {}, body }: Asked,
  rest: Pick<HttpRequest, 'signal' | 'maxRedirects' | 'maxResponseBytes'> & { readonly idempotencyKey: string },
): HttpRequest {
  if (url === undefined || !URL.canParse(url)) throw new FlowError('INVALID_INPUT', `"${url ?? ''}" is not a URL.`);
  const target = new URL(url);
  for (const [name, value] of Object.entries(query)) target.searchParams.set(name, String(value));
  const { idempotencyKey, ...limits } = rest;
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  const given = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const implied: Record<string, string> = {
    ...(text !== undefined && typeof body !== 'string' ? { 'content-type': 'application/json' } : {}),
    // So that a retry of a request that did arrive can be recognised by the other side.
    ...(method === 'GET' || method === 'HEAD' ? {} : { 'idempotency-key': idempotencyKey }),
  };
  return {
    url: target,
    method,
    headers: { ...implied, ...given },
    ...(text === undefined ? {} : { body: text }),
    ...limits,
  };
}

function judge(response: HttpResponse, { expectStatus, responseType }: z.infer<typeof config>, now: number): HandlerResult {
  const { status, headers } = response;
  const expected = expectStatus ? expectStatus.includes(status) : status >= 200 && status < 300;
  if (expected) return Result.success({ status, headers, body: readAs(responseType, response) });
  const retryable = status === 429 || status >= 500;
  const retryAfterMs = retryable ? retryAfter(headers['retry-after'], now) : undefined;
  return Result.failure({
    code: 'HANDLER_ERROR',
    message: `${response.url} answered ${status}.`,
    retryable,
    details: {
      status,
      body: response.body.toString('utf8').slice(0, 2_000),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
  });
}

function readAs(type: z.infer<typeof config>['responseType'], { headers, body, url }: HttpResponse): unknown {
  const json = type === 'json' || (type === 'auto' && /[/+]json\b/i.test(headers['content-type'] ?? ''));
  if (type === 'none' || (json && body.length === 0)) return null;
  if (type === 'base64') return body.toString('base64');
  if (!json) return body.toString('utf8');
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch (cause) {
    throw new FlowError('HANDLER_ERROR', `The answer of ${url} is not JSON.`, { cause, retryable: false });
  }
}

/** Milliseconds; the header is seconds or a date. */
function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

/** Final: what would be the same the next time. Everything else may pass. */
const final: ReadonlySet<string> = new Set([
  'EPRIVATE',
  'EPROTOCOL',
  'ETOOLARGE',
  'EREDIRECT',
  'ERR_INVALID_CHAR',
  'ERR_HTTP_INVALID_HEADER_VALUE',
]);

function networkFailure(error: unknown, url: URL): HandlerResult {
  const { code, message } = error as NodeJS.ErrnoException;
  return Result.failure({
    code: 'HANDLER_ERROR',
    message: `${url.origin} could not be reached: ${message}`,
    retryable: !final.has(code ?? ''),
    details: code === undefined ? {} : { errorCode: code },
  });
}
