import { badRequest } from './errors.ts';

// Ids and names become keys: bounded, and text that every store keeps letter by letter.
const maxLength = 2_048;

/** Messages of this namespace ask whether the database works; no worker is given what is in it. */
export const probeNamespace = 'pawlprobe';

/** The name itself, or a 400 that says which name is wrong, of what, and why. */
export function checkName(what: string, name: unknown, of: string): string {
  if (typeof name !== 'string' || name === '') throw badRequest(`${what} is required for "${of}": a text that is not empty.`);
  if (name.length > maxLength) throw badRequest(`${what} of "${of}" has ${name.length} characters; at most ${maxLength} are allowed.`);
  if (name.includes('\0') || !name.isWellFormed()) {
    throw badRequest(`${what} of "${of}" ${JSON.stringify(name.slice(0, 80))} contains a NUL character or half a surrogate pair.`);
  }
  return name;
}
