import { createDecipheriv } from 'node:crypto';
import { parse } from 'devalue';
import type { z } from 'zod';
import { decodeValue } from '../base/codec.ts';
import type { Operator, RedactContext } from './operator.ts';
import { Tagged, toReadable } from './readable.ts';
import type { payloadSchema } from './schemas/common.ts';

export type Payload = z.infer<typeof payloadSchema>;

export const noPayload: Payload = { state: 'none' };

/** Payloads of one run, as they may be shown to this operator's caller. */
export class PayloadReader {
  readonly #operator: Operator;
  readonly #run: Pick<RedactContext, 'runId' | 'workflowName'>;
  #key: Promise<Uint8Array | undefined> | undefined;

  constructor(operator: Operator, run: Pick<RedactContext, 'runId' | 'workflowName'>) {
    this.#operator = operator;
    this.#run = run;
  }

  /** Of bytes as they are stored. */
  async show(stored: Uint8Array | undefined | null, what: RedactContext['what']): Promise<Payload> {
    if (!stored) return noPayload;
    const read = await this.read(stored);
    return 'state' in read ? read : this.showValue(read.value, what);
  }

  /** Of a value that never was encrypted, or is no longer. */
  showValue(value: unknown, what: RedactContext['what']): Payload {
    const { json, truncated } = toReadable(value);
    const shown = this.redact(json, what);
    return shown === undefined ? { state: 'redacted' } : { state: 'value', json: shown, truncated };
  }

  /** Of bytes as the SDK frames them. */
  async showFramed(framed: Uint8Array, what: RedactContext['what']): Promise<Payload> {
    const read = await this.#unframe(framed);
    return 'state' in read ? read : this.showValue(read.value, what);
  }

  redact(json: unknown, what: RedactContext['what']): unknown {
    const { redact } = this.#operator;
    return redact ? redact(json, { ...this.#run, what }) : json;
  }

  /** The value itself, not redacted: for what decides, not for what is shown. */
  async read(stored: Uint8Array): Promise<{ readonly value: unknown } | Payload> {
    const value = decodeValue(stored);
    return value instanceof Uint8Array ? this.#unframe(value) : { value };
  }

  /** Without its encryption, if this process has the key: to be given to another run, not to be shown. Undefined: it has not. */
  async open(stored: Uint8Array): Promise<unknown> {
    const value = decodeValue(stored);
    return value instanceof Uint8Array && frameOf(value) === 'encr' ? this.#decrypt(value.subarray(4)) : value;
  }

  /** Payloads of the SDK begin with four letters that say what they are. */
  async #unframe(bytes: Uint8Array): Promise<{ readonly value: unknown } | Payload> {
    const frame = frameOf(bytes);
    if (frame === 'encr') {
      const opened = this.#operator.decrypt ? await this.#decrypt(bytes.subarray(4)) : undefined;
      return opened ? this.#unframe(opened) : { state: 'encrypted' };
    }
    if (frame !== 'devl') return { state: 'binary', bytes: bytes.length };
    const text = decoder.decode(bytes.subarray(4));
    // The SDK writes dates, maps and the like in a form of its own; flows write what devalue does by itself.
    const forms = this.#run.workflowName.startsWith('flow//') ? [undefined, revivers] : [revivers, undefined];
    for (const form of forms) {
      try {
        return { value: parse(text, form) as unknown };
      } catch {
        // It is of the other form, or of a newer one.
      }
    }
    return { state: 'binary', bytes: bytes.length };
  }

  /** AES-256-GCM as the SDK does it: nonce, text, tag. */
  async #decrypt(sealed: Uint8Array): Promise<Uint8Array | undefined> {
    if (sealed.length < nonceLength + tagLength) return undefined;
    try {
      const key = await (this.#key ??= this.#operator.world.getEncryptionKeyForRun(this.#run.runId));
      if (!key) return undefined;
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceLength));
      decipher.setAuthTag(sealed.subarray(-tagLength));
      const opened = Buffer.concat([decipher.update(sealed.subarray(nonceLength, -tagLength)), decipher.final()]);
      return new Uint8Array(opened);
    } catch {
      // The key is not among those of this process, or is another one: then it stays closed.
      return undefined;
    }
  }
}

function frameOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 4));
}

const nonceLength = 12;
const tagLength = 16;
const decoder = new TextDecoder();

const bytesOf = (text: unknown) => (text === '.' ? 0 : Buffer.from(String(text), 'base64').length);
const asBytes = (name: string) => (text: unknown) => new Tagged(name, `${bytesOf(text)} bytes`);
const under = (name: string) => (value: unknown) => new Tagged(name, value);
const viewNames = [
  'ArrayBuffer',
  'BigInt64Array',
  'BigUint64Array',
  'Float32Array',
  'Float64Array',
  'Int8Array',
  'Int16Array',
  'Int32Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Uint16Array',
  'Uint32Array',
];

/** Every form that the SDK writes. None of them runs code of the app, or makes a stream. */
const revivers: NonNullable<Parameters<typeof parse>[1]> = {
  ...Object.fromEntries(viewNames.map((name) => [name, asBytes(name)])),
  BigInt: (text: string) => BigInt(text),
  Date: (text: string) => new Date(text === '.' ? Number.NaN : text),
  DOMException: under('DOMException'),
  Error: under('Error'),
  Headers: (entries: Iterable<readonly [string, string]>) => new Tagged('Headers', new Map(entries)),
  Map: (entries: Iterable<readonly [unknown, unknown]>) => new Map(entries),
  Set: (items: Iterable<unknown>) => new Set(items),
  RegExp: ({ source, flags }: { source: string; flags: string }) => new Tagged('RegExp', `/${source}/${flags}`),
  Request: under('Request'),
  Response: under('Response'),
  URL: under('URL'),
  URLSearchParams: (text: string) => new Tagged('URLSearchParams', text === '.' ? '' : text),
  StepFunction: ({ stepId }: { stepId: string }) => new Tagged('StepFunction', stepId),
  ReadableStream: ({ name }: { name?: string }) => new Tagged('ReadableStream', name ?? ''),
  WritableStream: ({ name }: { name?: string }) => new Tagged('WritableStream', name ?? ''),
  Class: ({ classId }: { classId: string }) => new Tagged('Class', classId),
  Instance: ({ classId, data }: { classId: string; data: unknown }) => new Tagged(classId, data),
};
