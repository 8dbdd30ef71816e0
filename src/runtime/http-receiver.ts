import { readBytes } from '../base/read-bytes.ts';
import { isUnavailable } from '../world/errors.ts';
import { parseQueueName, parseQueuePrefix } from './queue-name.ts';
import type { QueueHandler, SdkHandler } from './handlers.ts';
import { settleResult } from './deliver.ts';
import { isSignedBy, type Signed } from './signature.ts';
import type { Message } from './messages.ts';
import { decodeBody, decodeLease, decodeName, headers, type WireLease } from './wire.ts';

export interface Receiving {
  readonly secret: () => Promise<string>;
  /** By the clock of the store, which all hosts share. */
  readonly now: () => Promise<number>;
  /** Takes the delivery over and answers whether its lease still held; the delivery itself goes on afterwards. */
  readonly takeOver: (received: ReceivedDelivery) => Promise<boolean>;
}

export interface ReceivedDelivery {
  readonly wire: WireLease;
  readonly handler: SdkHandler;
  readonly name: string;
  readonly namespace: string;
  readonly attempt: number;
  readonly message: Message;
}

const maxBodyBytes = 64 * 2 ** 20;

/**
 * The route that a framework mounts: a signed delivery with a lease is taken over and answered with 202 at once; a signed one without (from
 * a tool) is processed before it is answered, with the bodies that the SDK's own queues use (spec/world.md D3). Unsigned ones are refused.
 */
export function createReceiver(prefix: string, handler: QueueHandler, receiving: () => Receiving): (request: Request) => Promise<Response> {
  const registered: SdkHandler = { prefix, handler };
  const own = parseQueuePrefix(prefix);

  return async (request) => {
    const { secret, now, takeOver } = receiving();
    const bytes = await readBytes(request, maxBodyBytes);
    if (!bytes) return answer(413, { error: 'Request body too large' });
    const body = new TextDecoder().decode(bytes);
    if (body === '') return answer(400, { error: 'Missing request body' });
    const read = (name: string) => request.headers.get(name) ?? '';
    const signed: Signed = {
      queueName: read(headers.queueName),
      messageId: read(headers.messageId),
      attempt: read(headers.attempt),
      lease: read(headers.lease),
      timestamp: read(headers.timestamp),
      body,
    };
    if (!signed.queueName || !signed.messageId || !signed.attempt) return answer(400, { error: 'Missing required headers' });
    if (!isSignedBy(await secret(), signed, read(headers.signature), await now())) {
      return answer(401, { error: 'Unsigned or stale delivery: it must carry a fresh signature made with WORKFLOW_PAWL_SECRET' });
    }
    const name = parseName(decodeName(signed.queueName));
    if (name?.kind !== own.kind) return answer(400, { error: 'Unhandled queue' });
    const payload = parsePayload(body);
    if (!payload) return answer(400, { error: 'The body must be a JSON object' });

    const message: Message = { payload, headers: {}, messageId: decodeName(signed.messageId) };
    const attempt = Number(signed.attempt);
    if (signed.lease === '') return processNow(registered, message, attempt, name.id);
    const wire = decodeLease(signed.lease);
    try {
      const held = await takeOver({ wire, handler: registered, name: name.id, namespace: name.namespace, attempt, message });
      return held ? answer(202, { ok: true }) : answer(409, { error: 'The lease of this delivery is no longer held' });
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      return answer(503, { error: (error as Error).message });
    }
  };
}

async function processNow({ handler, prefix }: SdkHandler, message: Message, attempt: number, name: string): Promise<Response> {
  try {
    const meta = { attempt, queueName: `${prefix}${name}`, messageId: message.messageId } as Parameters<QueueHandler>[1];
    const result = await handler(message.payload, meta);
    return settleResult(result, 0, { clockAhead: false }).kind === 'again' ? answer(200, result) : answer(200, { ok: true });
  } catch (error) {
    return answer(500, String(error));
  }
}

function parseName(name: string) {
  try {
    return parseQueueName(name);
  } catch {
    return undefined;
  }
}

function parsePayload(body: string): Record<string, unknown> | undefined {
  try {
    const payload = decodeBody(body);
    return typeof payload === 'object' && payload !== null && !Array.isArray(payload) ? (payload as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function answer(status: number, body: unknown): Response {
  return Response.json(body, { status });
}
