import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { buildDashboard } from './build-dashboard.js';
import { ensureInstalled } from './setup.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const stampFile = join(root, 'node_modules', '.cache', 'pawl', 'dist-built-from');

/**
 * Compiles `src` to `dist`, puts the migrations and the programs of threads beside the code that runs them, and builds
 * the dashboard. Does nothing when nothing has changed, and touches only the files that did: other processes may be running
 * from `dist`.
 *
 * @returns {Promise<{ rebuilt: boolean }>}
 */
export async function build() {
  const stamp = await fingerprint();
  if (existsSync(join(dist, 'index.js')) && (await readIfThere(stampFile)) === stamp) return { rebuilt: false };

  const fresh = join(root, '.tmp', `dist-${process.pid}`);
  await rm(fresh, { recursive: true, force: true });
  try {
    await compile(fresh);
    await copyAsItIs(fresh);
    await buildDashboard(join(fresh, 'dashboard'));
    await mirror(fresh, dist);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  await mkdir(dirname(stampFile), { recursive: true });
  await writeFile(stampFile, stamp);
  return { rebuilt: true };
}

async function compile(outDir) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  try {
    await run(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', outDir], { cwd: root });
  } catch (error) {
    const said = `${error.stdout ?? ''}${error.stderr ?? ''}`.trim();
    throw new Error(`The sources do not compile.\n${said || error.message}`, { cause: error });
  }
}

/** Migrations, and the programs of threads. */
async function copyAsItIs(outDir) {
  for (const file of await listFiles(join(root, 'src'))) {
    if (!/^(sqlite|postgres)[\\/]migrations[\\/][^\\/]+\.sql$|\.js$/.test(file)) continue;
    await mkdir(dirname(join(outDir, file)), { recursive: true });
    await copyFile(join(root, 'src', file), join(outDir, file));
  }
}

/** Makes `to` hold what `from` holds, writing only what differs. */
async function mirror(from, to) {
  await mkdir(to, { recursive: true });
  const wanted = await listFiles(from);
  for (const file of wanted) {
    const content = await readFile(join(from, file));
    if ((await readIfThere(join(to, file))) === content.toString()) continue;
    await mkdir(dirname(join(to, file)), { recursive: true });
    await writeFile(join(to, file), content);
  }
  const keep = new Set(wanted);
  for (const file of await listFiles(to)) {
    if (!keep.has(file)) await rm(join(to, file));
  }
  await removeEmptyFolders(to);
}

async function removeEmptyFolders(folder) {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries) {
    if (entry.isDirectory()) await removeEmptyFolders(join(folder, entry.name));
  }
  if ((await readdir(folder)).length === 0) await rmdir(folder);
}

async function fingerprint() {
  const hash = createHash('sha256');
  const sources = await Promise.all(
    ['src', 'dashboard'].map(async (folder) => (await listFiles(join(root, folder))).map((file) => join(folder, file))),
  );
  const scripts = ['build.js', 'build-dashboard.js'].map((name) => join('scripts', name));
  const others = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json', ...scripts];
  for (const file of [...sources.flat(), ...others]) {
    hash
      .update(`${file}\0`)
      .update(await readFile(join(root, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

async function listFiles(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.map((file) => relative(folder, file)).toSorted();
}

async function readIfThere(file) {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await ensureInstalled();
    const { rebuilt } = await build();
    console.log(rebuilt ? 'Built dist.' : 'dist is up to date.');
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
