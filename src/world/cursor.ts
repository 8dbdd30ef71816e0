import { badRequest } from './errors.ts';

// Opaque to callers; inside, the key of the last row that was returned. Only ever "strictly after this key, in this order" (C3).

type CursorKey = readonly (string | number)[];

export function encodeCursor(kind: string, key: CursorKey): string {
  return Buffer.from(JSON.stringify([kind, ...key])).toString('base64url');
}

/** Undefined for an absent or empty cursor; one that this list never gave out is a 400, after which the SDK starts over. */
export function decodeCursor(kind: string, cursor: unknown, shape: readonly ('string' | 'number')[]): CursorKey | undefined {
  if (cursor === undefined || cursor === null || cursor === '') return undefined;
  if (typeof cursor !== 'string') throw badRequest(`A cursor is a text that this list of ${kind} gave out, not a ${typeof cursor}.`);
  try {
    const [cursorKind, ...key] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as CursorKey;
    if (cursorKind === kind && key.length === shape.length && shape.every((type, index) => typeof key[index] === type)) return key;
  } catch {
    // Told below, with the cursors of other lists.
  }
  throw badRequest(`The cursor "${cursor.slice(0, 80)}" was not given out by this list of ${kind}; begin again without one.`);
}
