import type { Payload } from '../operate/payload.ts';

const usualLength = 200;

/** A payload on one line, cut where it is longer than people read; `--json` has the whole. */
export function showPayload(payload: Payload, longest = usualLength): string {
  if (payload.state === 'none') return '-';
  if (payload.state === 'binary') return `(${payload.bytes} bytes)`;
  if (payload.state !== 'value') return `(${payload.state})`;
  const text = JSON.stringify(payload.json) ?? 'undefined';
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
