import { unavailable } from '../world/errors.ts';

// Primary result codes of SQLite that say "not now" or "not here" rather than "wrong".
const reasons: Readonly<Record<number, string>> = {
  5: 'another process holds the write lock',
  6: 'a table is locked',
  8: 'the file or its folder is read-only',
  10: 'the disk reported an I/O error',
  11: 'the file is damaged: restore it from a copy and run "pragma integrity_check"',
  13: 'the disk is full',
  14: 'the file cannot be opened',
  26: 'the file is not a SQLite database',
};

// What the file system says where the folder of the file is made.
const fileReasons: Readonly<Record<string, string>> = {
  EACCES: 'its folder may not be written to',
  EEXIST: 'a part of its path is a file, not a folder',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EPERM: 'its folder may not be written to',
  EROFS: 'the disk is read-only',
};

function resultCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

export function isBusy(error: unknown): boolean {
  return resultCode(error) === 5;
}

/** What the SDK may retry becomes a 503; anything else is a defect and stays what it is. */
export function toWorldError(error: unknown, path: string): unknown {
  const reason = reasons[resultCode(error) ?? -1] ?? fileReasons[String((error as { code?: unknown } | null)?.code)];
  return reason ? unavailable(`The database ${path} cannot be used: ${reason}.`, error) : error;
}
