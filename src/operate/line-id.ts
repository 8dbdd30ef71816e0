import { randomBytes } from 'node:crypto';
import { renderUlid } from '../base/ulid.ts';

let lines = 0;

/** The id of a line of the audit log: those of one process sort as they were left, also within a millisecond. */
export function newLineId(ms: number): string {
  lines += 1;
  return renderUlid({ ms, high40: lines, low40: randomBytes(5).readUIntBE(0, 5) });
}
