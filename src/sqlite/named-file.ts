import { type BigIntStats, statSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * The file that a store has open, and its name. Where the name is another file's by now, or nobody's, SQLite writes on without a word into
 * what nobody will find again.
 */
export class NamedFile {
  readonly #path: string;
  readonly #opened: BigIntStats | undefined;

  /** To be made right after SQLite has opened the file. */
  constructor(path: string) {
    // SQLite keeps the name so, wherever the process goes.
    this.#path = resolve(path);
    const found = isPlain(path) ? look(this.#path) : 'unknown';
    // Some file systems of Windows number no files.
    this.#opened = typeof found === 'object' && found.ino !== 0n ? found : undefined;
  }

  /** False where the name is no longer that of the file; true where nobody can tell. It costs a few microseconds. */
  isInPlace(): boolean {
    const found = this.#opened ? look(this.#path) : 'unknown';
    if (found === 'unknown') return true;
    return found !== 'nothing' && found.ino === this.#opened?.ino && found.dev === this.#opened.dev;
  }
}

function look(path: string): BigIntStats | 'nothing' | 'unknown' {
  try {
    return statSync(path, { bigint: true });
  } catch (error) {
    const { code } = error as { code?: unknown };
    // Whoever may not look, or cannot at the moment, has not seen that it is gone.
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'nothing' : 'unknown';
  }
}

function isPlain(path: string): boolean {
  return path !== '' && path !== ':memory:' && !path.startsWith('file:');
}
