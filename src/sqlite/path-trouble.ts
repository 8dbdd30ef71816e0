import { accessSync, constants, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Why no database can be opened at a path, and what to do, as far as the file system tells; undefined: it sees nothing wrong. */
export function pathTrouble(path: string): string | undefined {
  if (isFolder(path)) return folderTrouble(path);
  const folder = dirname(path);
  if (!isFolder(folder)) return `its folder ${folder} is not there, or may not be looked into: make it, or give this process the right to`;
  if (isDenied(path, constants.R_OK | constants.W_OK))
    return 'this process may not read and write it: give it the right to, or name another file';
  if (isDenied(folder, constants.W_OK | constants.X_OK)) {
    return `this process may not write to its folder ${folder}: give it the right to, or name a file in another one`;
  }
  return undefined;
}

/** Undefined where the path is no folder. SQLite has many words for one that is, and none of them says so. */
export function folderTrouble(path: string): string | undefined {
  return isFolder(path) ? `it is a directory, not a file: name a file in it, such as ${join(path, 'pawl.db')}` : undefined;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Asked, not tried: closing a file would drop the locks that this process has on it. */
function isDenied(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return false;
  } catch (error) {
    return ['EACCES', 'EPERM', 'EROFS'].includes(String((error as { code?: unknown }).code));
  }
}
