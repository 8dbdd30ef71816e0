import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { allScopes, type Scope } from '../operate/caller.ts';

/** Who may use the API, and for what. */
export interface ApiToken {
  /** As the audit log calls its owner. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Bound to it, its owner sees and does nothing outside. */
  readonly tenantId: string | null;
  readonly secret: string;
}

const form = 'name:scopes[:tenant]:secret, with scopes out of read, act and admin joined by "+", and a secret of at least 16 characters';
const shortestSecret = 16;

/**
 * Reads `WORKFLOW_PAWL_TOKENS`: tokens separated by commas, or the name of a file with one on each line, where `#` begins a comment. Throws
 * an error with code `INVALID_SETTING` that says which one is wrong, and no secret.
 */
export function parseTokens(text: string): readonly ApiToken[] {
  const lines = text.includes(':') && !text.startsWith('/') && !text.startsWith('.') ? text.split(',') : readLines(text);
  const tokens = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  const parsed = tokens.map(parseToken);
  const names = parsed.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw wrong(`has two tokens called "${twice}"; each needs a name of its own`);
  if (parsed.length === 0) throw wrong(`holds no token; it must be ${form}`);
  return parsed;
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/);
  } catch (error) {
    throw wrong(
      `is neither tokens nor a file that can be read (${(error as NodeJS.ErrnoException).code ?? 'error'}); it must be ${form}, or such a file`,
    );
  }
}

function parseToken(text: string, index: number): ApiToken {
  const parts = text.split(':');
  const [name = '', scopes = ''] = parts;
  const secret = parts.at(-1) ?? '';
  const which = /^[\w.@-]{1,64}$/.test(name) ? `token "${name}"` : `token ${index + 1}`;
  const given = scopes.split('+');
  const known = given.every((scope): scope is Scope => (allScopes as readonly string[]).includes(scope));
  const tenantId = parts.length === 4 ? (parts[2] ?? '') : null;
  if (
    parts.length < 3 ||
    parts.length > 4 ||
    !/^[\w.@-]{1,64}$/.test(name) ||
    !known ||
    tenantId === '' ||
    secret.length < shortestSecret
  ) {
    throw wrong(`has a wrong ${which}; it must be ${form}`);
  }
  return { name, scopes: given, tenantId, secret };
}

function wrong(what: string): Error {
  return Object.assign(new Error(`WORKFLOW_PAWL_TOKENS ${what}.`), { code: 'INVALID_SETTING' });
}

/** Finds the owner of a secret, in a time that says nothing about how close a guess was. */
export class TokenBook {
  readonly #entries: readonly { readonly digest: Buffer; readonly token: ApiToken }[];

  constructor(tokens: readonly ApiToken[]) {
    this.#entries = tokens.map((token) => ({ digest: digestOf(token.secret), token }));
  }

  find(secret: string): ApiToken | undefined {
    const digest = digestOf(secret);
    let found: ApiToken | undefined;
    // Every one is compared, whichever it is.
    for (const entry of this.#entries) if (timingSafeEqual(entry.digest, digest)) found = entry.token;
    return found;
  }
}

function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
