import { WorkflowWorldError } from '@workflow/errors';
import { unavailable } from '../world/errors.ts';

interface Failure {
  /** Primary result code of SQLite. */
  readonly code: number;
  /** SQLite's own words for it, which never change: one of our drivers gives no code with what `all()` throws. */
  readonly says: string;
  readonly reason: string;
}

// What says "not now" or "not here" rather than "wrong".
const failures: readonly Failure[] = [
  { code: 5, says: 'database is locked', reason: 'another process holds the write lock' },
  { code: 6, says: 'database table is locked', reason: 'a table is locked' },
  { code: 8, says: 'attempt to write a readonly database', reason: 'the file or its folder is read-only' },
  { code: 10, says: 'disk I/O error', reason: 'the disk reported an I/O error' },
  {
    code: 11,
    says: 'database disk image is malformed',
    reason: 'the file is damaged: restore it from a copy and run "pragma integrity_check"',
  },
  { code: 13, says: 'database or disk is full', reason: 'the disk is full' },
  { code: 14, says: 'unable to open database file', reason: 'the file cannot be opened' },
  { code: 26, says: 'file is not a database', reason: 'the file is not a SQLite database' },
];

// What the file system says where the folder of the file is made.
const folderReasons: Readonly<Record<string, string>> = {
  EACCES: 'its folder may not be written to',
  EEXIST: 'a part of its path is a file, not a folder',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EPERM: 'its folder may not be written to',
  EROFS: 'the disk is read-only',
};

export function isBusy(error: unknown): boolean {
  return failureOf(error)?.code === 5;
}

/** What the SDK may retry becomes a 503; anything else is a defect and stays what it is. */
export function toWorldError(error: unknown, path: string): unknown {
  const { code } = (error ?? {}) as { code?: unknown };
  const reason = failureOf(error)?.reason ?? folderReasons[String(code)];
  return reason ? unavailable(`The database ${path} cannot be used: ${reason}.`, error) : error;
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

function failureOf(error: unknown): Failure | undefined {
  const { errcode, code, message } = (error ?? {}) as { errcode?: unknown; code?: unknown; message?: unknown };
  if (typeof errcode === 'number') return failures.find((failure) => failure.code === (errcode & 0xff));
  return code === 'ERR_SQLITE_ERROR' ? failures.find(({ says }) => says === message) : undefined;
}
