import { expectScope } from './caller.ts';
import { OperateError } from './errors.ts';
import { looks } from './looks.ts';
import type { Operator } from './operator.ts';
import { type Payload, PayloadReader } from './payload.ts';
import { findRun } from './run-views.ts';

export type ShownChunk =
  | { readonly index: number; readonly text: string }
  | { readonly index: number; readonly base64: string }
  | { readonly index: number; readonly hidden: 'encrypted' | 'redacted' };

const pageSize = 100;

/** Every chunk of a stream from an index on, in order, and then those to come, until the stream is closed. Throws RUN_NOT_FOUND, STREAM_NOT_FOUND. */
export async function* followStream(
  operator: Operator,
  { runId, name, from = 0 }: { readonly runId: string; readonly name: string; readonly from?: number },
  signal: AbortSignal,
): AsyncGenerator<ShownChunk, void, void> {
  expectScope(operator.caller, 'read');
  const run = await findRun(operator, runId);
  const store = await operator.store();
  if ((await store.getStream(name))?.runId !== runId) {
    throw new OperateError('not-found', 'STREAM_NOT_FOUND', `Run "${runId}" has no stream "${name}".`);
  }
  const reader = new PayloadReader(operator, run);
  let next = from;
  for await (const _ of looks(operator, signal)) {
    // Asked for first: what is written before the close is read after it.
    const closed = (await store.getStream(name))?.closedAt !== null;
    for (;;) {
      const chunks = await store.readChunks(name, next, pageSize);
      for (const { index, data } of chunks) {
        next = index + 1;
        if (data.length > 0) yield { index, ...(await showChunk(reader, data)) };
      }
      if (chunks.length < pageSize || signal.aborted) break;
    }
    if (closed) return;
  }
}

type Shown = { readonly text: string } | { readonly base64: string } | { readonly hidden: 'encrypted' | 'redacted' };

async function showChunk(reader: PayloadReader, data: Uint8Array): Promise<Shown> {
  const frames = framesIn(data);
  if (frames) {
    const payloads = await Promise.all(frames.map((frame) => reader.showFramed(frame, 'stream')));
    const hidden = payloads.find(({ state }) => state === 'encrypted' || state === 'redacted');
    if (hidden) return { hidden: hidden.state as 'encrypted' | 'redacted' };
    return { text: payloads.map(textOf).join('') };
  }
  try {
    const text = reader.redact(new TextDecoder('utf-8', { fatal: true }).decode(data), 'stream');
    return text === undefined ? { hidden: 'redacted' } : { text: typeof text === 'string' ? text : JSON.stringify(text) };
  } catch {
    return { base64: Buffer.from(data).toString('base64') };
  }
}

function textOf(payload: Payload): string {
  if (payload.state !== 'value') return '';
  return typeof payload.json === 'string' ? payload.json : `${JSON.stringify(payload.json)}\n`;
}

const header = 4;

/** What the SDK writes into a stream of values: each with its length before it. Undefined: these are somebody's own bytes. */
function framesIn(data: Uint8Array): Uint8Array[] | undefined {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const frames: Uint8Array[] = [];
  for (let at = 0; at < data.length;) {
    if (at + header + 4 > data.length) return undefined;
    const length = view.getUint32(at, false);
    const frame = data.subarray(at + header, at + header + length);
    const kind = String.fromCharCode(...frame.subarray(0, 4));
    if (length === 0 || frame.length < length || (kind !== 'devl' && kind !== 'encr')) return undefined;
    frames.push(frame);
    at += header + length;
  }
  return frames;
}
