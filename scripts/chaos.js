import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './setup.js';

const root = fileURLToPath(new URL('..', import.meta.url));

try {
  await ensureInstalled();
  // Imported late: before the installation there is nothing to build with.
  const { build } = await import('./build.js');
  await build();
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

function run(args) {
  const command = ['--no-warnings', '--import', `${root}scripts/load-typescript.js`, `${root}chaos/main.ts`, ...args];
  const child = spawn(process.execPath, command, { cwd: root, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}
