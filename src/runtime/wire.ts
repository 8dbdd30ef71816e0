import type { DeliveryKind } from '../world/port.ts';
import type { Lease } from '../world/rows.ts';

// The de facto headers of the SDK's queues (spec/world.md D3), and ours for the lease and the signature.
export const headers = {
  queueName: 'x-vqs-queue-name',
  messageId: 'x-vqs-message-id',
  attempt: 'x-vqs-message-attempt',
  lease: 'x-pawl-lease',
  timestamp: 'x-pawl-timestamp',
  signature: 'x-pawl-signature',
} as const;

/** What the receiver needs to take over a delivery: which row it is, and the lease under which it was sent. */
export interface WireLease {
  readonly of: DeliveryKind;
  readonly shard: number;
  readonly runId: string | null;
  readonly id: string;
  readonly lease: Lease;
  readonly inbox: readonly string[];
}

export function encodeLease(lease: WireLease): string {
  return Buffer.from(JSON.stringify(lease)).toString('base64url');
}

/** The content was signed, so it is what one of ours sent. */
export function decodeLease(text: string): WireLease {
  return JSON.parse(Buffer.from(text, 'base64url').toString()) as WireLease;
}

/** JSON with bytes and dates kept, in the form that the SDK's own queues use. */
export function encodeBody(payload: unknown): string {
  return JSON.stringify(payload, function (this: unknown, key, value: unknown) {
    const original = (this as Record<string, unknown>)[key];
    if (original instanceof Uint8Array) return { __type: 'Uint8Array', data: Buffer.from(original).toString('base64') };
    return value;
  });
}

export function decodeBody(body: string): unknown {
  return JSON.parse(body, (_key, value: unknown) => {
    const tagged = value as { __type?: unknown; data?: unknown } | null;
    if (typeof tagged === 'object' && tagged?.__type === 'Uint8Array' && typeof tagged.data === 'string') {
      return new Uint8Array(Buffer.from(tagged.data, 'base64'));
    }
    return value;
  });
}

/** Step names may hold any character, headers may not. */
export function encodeName(name: string): string {
  return encodeURIComponent(name);
}

export function decodeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
