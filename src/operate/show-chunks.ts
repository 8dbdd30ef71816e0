import type { ChunkRow } from '../world/rows.ts';
import type { Payload, PayloadReader } from './payload.ts';

export type ShownChunk =
  | { readonly index: number; readonly text: string }
  | { readonly index: number; readonly base64: string }
  | { readonly index: number; readonly hidden: 'encrypted' | 'redacted' };

/** Chunks of a stream as they may be shown, in their order; those that are empty are left out. */
export async function* showChunks(reader: PayloadReader, chunks: readonly ChunkRow[]): AsyncGenerator<ShownChunk, void, void> {
  for (const { index, data } of chunks) if (data.length > 0) yield { index, ...(await showChunk(reader, data)) };
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
  const text = textIn(data);
  if (text === undefined) return showBytes(reader, data);
  const shown = reader.redact(text, 'stream');
  return shown === undefined ? { hidden: 'redacted' } : { text: typeof shown === 'string' ? shown : JSON.stringify(shown) };
}

function showBytes(reader: PayloadReader, data: Uint8Array): Shown {
  const shown = reader.redact({ base64: Buffer.from(data).toString('base64') }, 'stream');
  const { base64 } = (typeof shown === 'object' && shown !== null ? shown : {}) as { readonly base64?: unknown };
  return typeof base64 === 'string' ? { base64 } : { hidden: 'redacted' };
}

/** Undefined: it is no text in UTF-8. */
function textIn(data: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(data);
  } catch {
    return undefined;
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
