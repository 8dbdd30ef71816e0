import { beforeEach, describe, expect, it, vi } from 'vitest';
import { unavailable } from '../world/errors.ts';
import type { QueueHandler } from './handlers.ts';
import { createReceiver, type ReceivedDelivery, type Receiving } from './http-receiver.ts';
import { type Signed, sign } from './signature.ts';
import { encodeBody, encodeLease, encodeName, headers, type WireLease } from './wire.ts';

const now = Date.UTC(2026, 0, 1);
const secret = 'a secret';
const wire: WireLease = { of: 'run', shard: 5, runId: 'run_1', id: 'run_1', lease: { owner: 'wkr_1', epoch: 7 }, inbox: [] };

const handler = vi.fn<QueueHandler>();
const takeOver = vi.fn<Receiving['takeOver']>();
const receive = createReceiver('__shop_wkf_workflow_', handler, () => ({ secret: async () => secret, now: async () => now, takeOver }));

beforeEach(() => {
  handler.mockReset().mockResolvedValue(undefined);
  takeOver.mockReset().mockResolvedValue(true);
});

describe('the route that a framework mounts', () => {
  it('takes a signed delivery with a lease over, and answers at once', async () => {
    const response = await receive(request({ lease: encodeLease(wire) }));
    expect([response.status, await response.json()]).toEqual([202, { ok: true }]);
    expect(takeOver).toHaveBeenCalledExactlyOnceWith({
      wire,
      handler: { prefix: '__shop_wkf_workflow_', handler },
      name: 'größe',
      namespace: 'shop',
      attempt: 3,
      message: { payload: { runId: 'run_1', input: new Uint8Array([1]) }, headers: {}, messageId: 'msg_ö' },
    } satisfies ReceivedDelivery);
    expect(handler).not.toHaveBeenCalled();
  });

  it("answers 409 where the lease is another worker's by now", async () => {
    takeOver.mockResolvedValue(false);
    expect((await receive(request({ lease: encodeLease(wire) }))).status).toBe(409);
  });

  it('answers 503 where the lease could not be taken over: the sender has it still, and tries again', async () => {
    takeOver.mockRejectedValue(unavailable('This worker was given up.'));
    expect((await receive(request({ lease: encodeLease(wire) }))).status).toBe(503);
  });

  it.each([
    [undefined, 200, { ok: true }],
    [{ timeoutSeconds: 0 }, 200, { timeoutSeconds: 0 }],
    [{ timeoutSeconds: 2.5 }, 200, { timeoutSeconds: 2.5 }],
  ])('handles a signed request without a lease before it answers: %j', async (result, status, body) => {
    handler.mockResolvedValue(result);
    const response = await receive(request({}));
    expect([response.status, await response.json()]).toEqual([status, body]);
    expect(handler).toHaveBeenCalledExactlyOnceWith(
      { runId: 'run_1', input: new Uint8Array([1]) },
      { attempt: 3, queueName: '__shop_wkf_workflow_größe', messageId: 'msg_ö' },
    );
    expect(takeOver).not.toHaveBeenCalled();
  });

  it('answers 500 with the error where that fails', async () => {
    handler.mockRejectedValue(new Error('boom'));
    const response = await receive(request({}));
    expect([response.status, await response.json()]).toEqual([500, 'Error: boom']);
  });

  it('hands a message of the plain namespace to the handler, under the prefix that it knows', async () => {
    await receive(request({ queueName: encodeName('__wkf_workflow_größe') }));
    expect(handler.mock.calls[0]?.[1].queueName).toBe('__shop_wkf_workflow_größe');
  });

  it.each([
    ['an empty body', { body: '' }, 'Missing request body'],
    ['no queue', { queueName: '' }, 'Missing required headers'],
    ['no id', { messageId: '' }, 'Missing required headers'],
    ['no attempt', { attempt: '' }, 'Missing required headers'],
    ['a queue of steps', { queueName: encodeName('__shop_wkf_step_a') }, 'Unhandled queue'],
    ["no queue's name", { queueName: 'jobs' }, 'Unhandled queue'],
    ['a body that is no JSON', { body: 'runId=1' }, 'The body must be a JSON object'],
    ['a body that is a list', { body: '[]' }, 'The body must be a JSON object'],
  ])('answers 400 to a request with %s', async (_, parts, error) => {
    const response = await receive(request(parts));
    expect([response.status, await response.json()]).toEqual([400, { error }]);
    expect(handler).not.toHaveBeenCalled();
  });

  it.each([
    ['unsigned', {}, ''],
    ['signed with another secret', {}, undefined],
    ['stale', { timestamp: String(now - 300_001) }, 'right'],
  ])('answers 401 to a request that is %s, before it reads what it says', async (_, parts, signature) => {
    const signed = signedParts({ ...parts, body: 'not even JSON' });
    const given = signature === 'right' ? sign(secret, signed) : (signature ?? sign('another', signed));
    const response = await receive(toRequest(signed, given));
    expect(response.status).toBe(401);
    expect(handler).not.toHaveBeenCalled();
    expect(takeOver).not.toHaveBeenCalled();
  });

  it('does not read a body that says that it is too large', async () => {
    const large = new Request('http://localhost/', { method: 'POST', headers: { 'content-length': String(65 * 2 ** 20) }, body: '{}' });
    expect((await receive(large)).status).toBe(413);
    expect(large.bodyUsed).toBe(false);
  });

  it('stops reading a body that does not say how long it is when it is too large', async () => {
    let chunks = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        chunks += 1;
        controller.enqueue(new Uint8Array(2 ** 20));
        if (chunks === 100) controller.close();
      },
    });
    const large = new Request('http://localhost/', { method: 'POST', body, duplex: 'half' });
    expect((await receive(large)).status).toBe(413);
    expect(chunks).toBeLessThan(70);
  });
});

function signedParts(parts: Partial<Signed>): Signed {
  return {
    queueName: encodeName('__shop_wkf_workflow_größe'),
    messageId: encodeName('msg_ö'),
    attempt: '3',
    lease: '',
    timestamp: String(now),
    body: encodeBody({ runId: 'run_1', input: new Uint8Array([1]) }),
    ...parts,
  };
}

function request(parts: Partial<Signed>): Request {
  const signed = signedParts(parts);
  return toRequest(signed, sign(secret, signed));
}

function toRequest(signed: Signed, signature: string): Request {
  const { queueName, messageId, attempt, lease, timestamp, body } = signed;
  const all = { queueName, messageId, attempt, lease, timestamp, signature };
  const sent = Object.entries(all).filter(([, value]) => value !== '');
  return new Request('http://localhost/.well-known/workflow/v1/flow', {
    method: 'POST',
    headers: Object.fromEntries(sent.map(([part, value]) => [headers[part as keyof typeof headers], value])),
    body,
  });
}
