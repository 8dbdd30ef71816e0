import { execFile } from 'node:child_process';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { StoreName } from '../load/places.ts';

const execute = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Version {
  /** A tag, or the first characters of a commit. */
  readonly name: string;
  /** What WORKFLOW_TARGET_WORLD has to be. */
  readonly entry: string;
}

/**
 * The version before this one, built into a folder of its own. Which one that is: what was asked for, else the newest release, else, while
 * there is none, the oldest commit that has the schema of now. Undefined where the sources have no history, as in a shallow clone.
 */
export async function previousVersion(store: StoreName, asked: string | undefined): Promise<Version | undefined> {
  const commit = await find(store, asked);
  if (commit === undefined) return undefined;
  const folder = join(root, '.tmp', 'previous', commit);
  const version = { name: asked ?? commit.slice(0, 7), entry: join(folder, 'dist', 'index.js') };
  if ((await git('rev-parse', 'HEAD')) === commit) return undefined;
  const built = await execute('test', ['-f', version.entry]).then(
    () => true,
    () => false,
  );
  if (!built) await build(commit, folder);
  return version;
}

async function find(store: StoreName, asked: string | undefined): Promise<string | undefined> {
  if (asked !== undefined) return await git('rev-parse', `${asked}^{commit}`);
  try {
    const release = await git('describe', '--tags', '--abbrev=0', 'HEAD^').catch(() => undefined);
    if (release !== undefined) return await git('rev-parse', `${release}^{commit}`);
    const sinceSchema = await git('log', '-1', '--format=%H', '--', `src/${store}/migrations`);
    return sinceSchema === '' ? undefined : sinceSchema;
  } catch {
    return undefined;
  }
}

/** What of the build a worker needs; its dependencies are those of this version. */
async function build(commit: string, folder: string): Promise<void> {
  const staging = `${folder}.${process.pid}`;
  await mkdir(staging, { recursive: true });
  try {
    await execute('bash', ['-c', 'git archive "$0" package.json src tsconfig.json tsconfig.build.json | tar -x -C "$1"', commit, staging], {
      cwd: root,
    });
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    await execute(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--outDir', 'dist'], { cwd: staging });
    for (const dialect of ['sqlite', 'postgres'])
      await cp(join(staging, 'src', dialect, 'migrations'), join(staging, 'dist', dialect, 'migrations'), { recursive: true });
    await rm(folder, { recursive: true, force: true });
    await rename(staging, folder);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function git(...args: readonly string[]): Promise<string> {
  return (await execute('git', [...args], { cwd: root })).stdout.trim();
}
