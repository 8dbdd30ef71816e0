import { WorkflowWorldError } from '@workflow/errors';
import { unavailable } from '../world/errors.ts';
import { folderTrouble, pathTrouble } from './path-trouble.ts';

const cannotOpen = 14;

interface Failure {
  /** Primary result code of SQLite. */
  readonly code: number;
  /** SQLite's own words for it, which never change: one of our drivers gives no code with what `all()` throws. */
  readonly says: string;
  readonly reason: string;
}

// What says "not now" or "not here" rather than "wrong", each with what to do.
const failures: readonly Failure[] = [
  {
    code: 5,
    says: 'database is locked',
    reason: 'another process holds the write lock: end whatever keeps it (a backup, an open shell), and try again',
  },
  { code: 6, says: 'database table is locked', reason: 'a table is locked: try again when whoever reads it is done' },
  {
    code: 8,
    says: 'attempt to write a readonly database',
    reason: 'the file or its folder is read-only: give this process the right to write to both, or name another file',
  },
  {
    code: 10,
    says: 'disk I/O error',
    reason: 'the disk reported an I/O error: see what the log of the system says of it, and that it has room',
  },
  {
    code: 11,
    says: 'database disk image is malformed',
    reason: 'the file is damaged: restore it from a copy and run "pragma integrity_check"',
  },
  { code: 13, says: 'database or disk is full', reason: 'the disk is full: make room on it, and try again' },
  {
    code: cannotOpen,
    says: 'unable to open database file',
    reason: 'the file cannot be opened: see that this process may read and write it and its folder, and has not too many files open',
  },
  {
    code: 26,
    says: 'file is not a database',
    reason: 'the file is not a SQLite database: name another file, or move that one away',
  },
];

const mayNot = 'its folder may not be written to: give this process the right to, or name a file in another one';
const fileInTheWay = 'a part of its path is a file, not a folder: name another path, or move that file away';

// What the file system says where the folder of the file is made.
const folderReasons: Readonly<Record<string, string>> = {
  EACCES: mayNot,
  EEXIST: fileInTheWay,
  ENOSPC: 'the disk is full: make room on it, and try again',
  ENOTDIR: fileInTheWay,
  EPERM: mayNot,
  EROFS: 'the disk is read-only: name a file on another one, or mount it so that it can be written to',
};

export function isBusy(error: unknown): boolean {
  return failureOf(error)?.code === 5;
}

/** What the SDK may retry becomes a 503; anything else is a defect and stays what it is. */
export function toWorldError(error: unknown, path: string): unknown {
  const reason = reasonOf(error, path);
  return reason ? unavailable(`The database ${path} cannot be used: ${reason}.`, error) : error;
}

/** What would be written now would be found by nobody. */
export function fileMoved(path: string, cause?: unknown): WorkflowWorldError {
  return unavailable(
    `The SQLite file "${path}" was moved, deleted or replaced while this process had it open: restart this process (nothing was written).`,
    cause,
  );
}

export function foreignFile(path: string): WorkflowWorldError {
  return new WorkflowWorldError(
    `The file ${path} is the database of another program, and was left as it is: name a file of its own for Pawl in WORKFLOW_PAWL_URL.`,
    { status: 500, code: 'SCHEMA_FOREIGN' },
  );
}

export function versionLost(path: string): WorkflowWorldError {
  return new WorkflowWorldError(
    `The schema in ${path} has lost its version ("pragma user_version"), as in a dump: restore it from a copy of the whole file.`,
    { status: 500, code: 'SCHEMA_INCOMPLETE' },
  );
}

function reasonOf(error: unknown, path: string): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  const failure = failureOf(error);
  if (!failure && !isOfSqlite(error)) return folderReasons[String(code)];
  return (failure?.code === cannotOpen ? pathTrouble(path) : folderTrouble(path)) ?? failure?.reason;
}

function failureOf(error: unknown): Failure | undefined {
  const { errcode, message } = (error ?? {}) as { errcode?: unknown; message?: unknown };
  if (typeof errcode === 'number') return failures.find((failure) => failure.code === (errcode & 0xff));
  return isOfSqlite(error) ? failures.find(({ says }) => says === message) : undefined;
}

function isOfSqlite(error: unknown): boolean {
  return ((error ?? {}) as { code?: unknown }).code === 'ERR_SQLITE_ERROR';
}
