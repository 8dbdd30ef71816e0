import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Installs the dependencies when `node_modules` is not what `package-lock.json` says, and does
 * nothing otherwise. Needs only Node's own modules: it is what makes a fresh clone work.
 */
export async function ensureInstalled() {
  requireNode();
  const reason = whyInstall();
  if (!reason) return;

  const seconds = showSeconds(`Installing dependencies (${reason})`);
  let { code, output } = await npm('ci');
  // A lock file made on one platform may lack the optional binaries of another, which `npm ci`
  // refuses; `npm install` adds them, and takes everything else as the lock file says.
  if (code !== 0) ({ code, output } = await npm('install', '--no-save'));
  seconds.end(code === 0 ? 'done' : 'failed');
  if (code === 0) return;
  throw new Error(`npm install ended with exit code ${code}. Run it yourself to see more.\n${output.trim()}`);
}

/** A line that counts the seconds on a terminal, and is written once anywhere else. */
function showSeconds(title) {
  const { stdout } = process;
  const startedAt = Date.now();
  const passed = () => `${Math.round((Date.now() - startedAt) / 1000)} s`;
  stdout.write(`${title} … `);
  const timer = stdout.isTTY ? setInterval(() => stdout.write(`\r${title} … ${passed()} `), 1000) : undefined;
  return {
    end(outcome) {
      clearInterval(timer);
      stdout.write(`${stdout.isTTY ? `\r${title} … ` : ''}${outcome} in ${passed()}\n`);
    },
  };
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new Error(`Pawl needs Node 20.19 or newer; this is ${process.version}.`);
}

/**
 * npm keeps a copy of the lock file with what it really installed. Comparing the two by content
 * holds where times do not: a checkout or a copy of the folder changes every one of them.
 */
function whyInstall() {
  const wanted = readPackages('package-lock.json');
  const present = readPackages('node_modules/.package-lock.json');
  if (!present) return 'first start';
  for (const [path, entry] of Object.entries(wanted ?? {})) {
    if (path === '' || entry.optional || entry.peer) continue;
    if (present[path]?.version !== entry.version) return 'package-lock.json has changed';
  }
  return undefined;
}

function readPackages(name) {
  try {
    return JSON.parse(readFileSync(`${root}${name}`, 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function npm(...command) {
  // Under `npm start` npm says where it lives; a plain `node scripts/…` finds it on the path.
  const program = process.env.npm_execpath;
  const args = [...command, '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const child = program?.endsWith('.js')
    ? spawn(process.execPath, [program, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    : spawn(['npm', ...args].join(' '), { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], shell: true });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}
