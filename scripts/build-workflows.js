import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SDK = fileURLToPath(new URL('../node_modules/workflow/', import.meta.url));

/** Where the compiled routes are, inside `outDir`. */
const ROUTES = join('.well-known', 'workflow', 'v1');
const STAMP = 'built-from.json';

/**
 * Compiles the `workflows/` folder of an app with the SDK's own standalone builder and gives back
 * the paths of the two routes a worker loads. Does nothing when `outDir` was built from the same
 * sources by the same SDK. Safe to call from several processes at once.
 *
 * @param {string} dir the app: a folder that holds `workflows/`
 * @param {string} outDir where to put the routes; inside the repository, so that `workflow` resolves
 * @returns {Promise<{ flow: string, step: string, manifest: string, rebuilt: boolean }>}
 */
export async function buildWorkflows(dir, outDir) {
  const source = resolve(dir, 'workflows');
  const target = resolve(outDir);
  const stamp = await fingerprint(source);
  const routes = {
    flow: join(target, ROUTES, 'flow.js'),
    step: join(target, ROUTES, 'step.js'),
    manifest: join(target, ROUTES, 'manifest.json'),
  };
  if (await isBuiltFrom(target, stamp)) return { ...routes, rebuilt: false };

  // Built aside and moved into place, so that nobody ever loads half a build. The builder also
  // writes a .gitignore and a cache where it works, which is a reason not to work in the sources.
  const staging = `${target}.${process.pid}`;
  await rm(staging, { recursive: true, force: true });
  try {
    await cp(source, join(staging, 'workflows'), { recursive: true });
    await compile(staging);
    await writeFile(join(staging, '.well-known', 'package.json'), '{"type":"commonjs"}\n');
    await writeFile(join(staging, STAMP), JSON.stringify(stamp));
    await moveIntoPlace(staging, target, stamp);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return { ...routes, rebuilt: true };
}

/** `workflow build`, as a user would run it; its words are shown only when it fails. */
async function compile(cwd) {
  const env = { ...process.env, WORKFLOW_OBSERVABILITY_CWD: cwd };
  try {
    await run(process.execPath, [join(SDK, 'bin', 'run.js'), 'build'], { cwd, env });
  } catch (error) {
    const said = `${error.stdout ?? ''}${error.stderr ?? ''}`.trim();
    throw new Error(`The workflows in ${cwd} do not compile.\n${said || error.message}`, {
      cause: error,
    });
  }
}

async function moveIntoPlace(staging, target, stamp) {
  const old = `${target}.${process.pid}.old`;
  try {
    if (existsSync(target)) await rename(target, old);
    await mkdir(resolve(target, '..'), { recursive: true });
    await rename(staging, target);
  } catch (error) {
    // Another process built the same sources a moment earlier: theirs is as good as ours.
    if (!(await isBuiltFrom(target, stamp))) throw error;
  } finally {
    await rm(old, { recursive: true, force: true });
  }
}

async function isBuiltFrom(target, stamp) {
  try {
    return (await readFile(join(target, STAMP), 'utf8')) === JSON.stringify(stamp);
  } catch {
    return false;
  }
}

/** What a build depends on: the sources, the SDK that compiles them, and this file. */
async function fingerprint(source) {
  const hash = createHash('sha256');
  const entries = await readdir(source, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.toSorted()) {
    hash
      .update(`${relative(source, file)}\0`)
      .update(await readFile(file))
      .update('\0');
  }
  hash.update(await readFile(new URL(import.meta.url)));
  const { version } = JSON.parse(await readFile(join(SDK, 'package.json'), 'utf8'));
  return { sources: hash.digest('hex'), workflow: version };
}
