import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isBusy, toWorldError } from './errors.ts';

// Where the file system sees nothing wrong, what SQLite says is what is told.
const file = join(tmpdir(), 'pawl.db');
const sqliteError = (message: string, errcode?: number) => Object.assign(new Error(message), { code: 'ERR_SQLITE_ERROR', errcode });

describe('what a failure of SQLite becomes', () => {
  it.each([
    [5, 'database is locked', 'another process holds the write lock'],
    [8, 'attempt to write a readonly database', 'read-only'],
    [10, 'disk I/O error', 'I/O error'],
    [11, 'database disk image is malformed', 'damaged: restore it from a copy'],
    [13, 'database or disk is full', 'the disk is full'],
    [14, 'unable to open database file', 'cannot be opened'],
    [26, 'file is not a database', 'not a SQLite database'],
  ])('is a 503 that names the file and the reason, by its code %i and by its words', (errcode, says, reason) => {
    for (const error of [sqliteError('in other words', errcode), sqliteError('an extended code', errcode | (4 << 8)), sqliteError(says)]) {
      const told = toWorldError(error, file);
      expect(told).toMatchObject({ name: 'WorkflowWorldError', status: 503, code: 'TRANSPORT', cause: error });
      expect(String(told)).toContain(file);
      expect(String(told)).toContain(reason);
    }
  });

  it.each(['EACCES', 'EEXIST', 'ENOSPC', 'ENOTDIR', 'EPERM', 'EROFS'])('is a 503 where the folder cannot be made (%s)', (code) => {
    const error = Object.assign(new Error(code), { code });
    expect(toWorldError(error, 'pawl.db')).toMatchObject({ status: 503, cause: error });
  });

  it('names the folder that is not there, and the file that is a folder', () => {
    const missing = toWorldError(sqliteError('unable to open database file', 14), join(file, 'not', 'there.db'));
    expect(String(missing)).toContain(`its folder ${join(file, 'not')} is not there`);
    for (const error of [sqliteError('unable to open database file', 14), sqliteError('disk I/O error', 10)]) {
      expect(String(toWorldError(error, tmpdir()))).toContain(`it is a directory, not a file: name a file in it, such as ${file}`);
    }
  });

  it('stays what it is if it is a defect', () => {
    for (const error of [
      sqliteError('no such table: runs', 1),
      sqliteError('UNIQUE constraint failed', 1555),
      new TypeError('x'),
      'text',
      undefined,
    ]) {
      expect(toWorldError(error, 'pawl.db')).toBe(error);
    }
  });

  it('is worth another try only if another process is at work', () => {
    expect(isBusy(sqliteError('database is locked', 5))).toBe(true);
    expect(isBusy(sqliteError('a snapshot is too old', 517))).toBe(true);
    expect(isBusy(sqliteError('database is locked'))).toBe(true);
    expect(isBusy(sqliteError('database or disk is full', 13))).toBe(false);
    expect(isBusy(undefined)).toBe(false);
  });
});
