import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { guardedLookup, isPrivateAddress, privateAddress, type Lookup } from './address-guard.ts';

export interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** Redirects to follow; 0 returns the redirect itself. */
  readonly maxRedirects: number;
  readonly maxResponseBytes: number;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Where the answer came from, after redirects. */
  readonly url: string;
}

export interface HttpPolicy {
  readonly allowPrivateAddresses?: boolean;
  readonly lookup?: Lookup;
}

/** Headers that are meant for one host only. */
const personal: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** One request with its redirects, each judged like the first. Throws an Error with a `code` for what cannot be had. */
export async function sendHttp(request: HttpRequest, policy: HttpPolicy): Promise<HttpResponse> {
  let current = request;
  for (let left = request.maxRedirects; ; left -= 1) {
    const response = await sendOnce(current, policy);
    const location = redirectTarget(response, current);
    if (!location || request.maxRedirects === 0) return response;
    if (left === 0) throw coded('EREDIRECT', `more than ${request.maxRedirects} redirects`);
    current = follow(current, location, response.status);
  }
}

function sendOnce(request: HttpRequest, policy: HttpPolicy): Promise<HttpResponse> {
  const { url, method, headers, body, signal } = request;
  expectReachable(url, policy);
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const outgoing = send(url, {
      method,
      signal,
      // A connection of one's own: a shared one may have been opened under another policy.
      agent: false,
      // Uncompressed, so that the limit counts what arrives and nothing small unfolds into something large.
      headers: {
        'accept-encoding': 'identity',
        ...headers,
        ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
      },
      ...(policy.allowPrivateAddresses ? (policy.lookup ? { lookup: policy.lookup } : {}) : { lookup: guardedLookup(policy.lookup) }),
    });
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      readBody(incoming, request.maxResponseBytes).then(
        (bytes) => resolve({ status: incoming.statusCode ?? 0, headers: flatHeaders(incoming), body: bytes, url: url.href }),
        (error: unknown) => {
          outgoing.destroy();
          reject(error);
        },
      );
    });
    outgoing.end(body);
  });
}

async function readBody(incoming: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw coded('ETOOLARGE', `the response is larger than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function expectReachable(url: URL, { allowPrivateAddresses }: HttpPolicy): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw coded('EPROTOCOL', `"${url.protocol}" is not http or https`);
  // A literal address is never looked up, so it is judged here.
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (!allowPrivateAddresses && isIP(host) !== 0 && isPrivateAddress(host)) throw privateAddress(url.hostname, host);
}

function redirectTarget({ status, headers }: HttpResponse, { url }: HttpRequest): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(status) || headers.location === undefined) return undefined;
  if (!URL.canParse(headers.location, url.href)) throw coded('EREDIRECT', `the redirect to "${headers.location}" is not a URL`);
  return new URL(headers.location, url);
}

function follow(request: HttpRequest, url: URL, status: number): HttpRequest {
  const sameOrigin = url.origin === request.url.origin;
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => sameOrigin || !personal.has(name)));
  const { body, ...rest } = request;
  // As browsers do: after 303, and after 301 and 302 for a POST, the answer is fetched.
  const fetches = status === 303 || ((status === 301 || status === 302) && request.method === 'POST');
  if (fetches && request.method !== 'HEAD') {
    const { 'content-type': _, ...kept } = headers;
    return { ...rest, url, headers: kept, method: 'GET' };
  }
  return { ...rest, url, headers, ...(body === undefined ? {} : { body }) };
}

function flatHeaders({ headers }: IncomingMessage): Record<string, string> {
  const entries = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, [value].flat().join(', ')]]));
  return Object.fromEntries(entries) as Record<string, string>;
}

function coded(code: string, message: string): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(message);
  error.code = code;
  return error;
}
