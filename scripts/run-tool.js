import { spawn } from 'node:child_process';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
let started = 0;

/**
 * Runs the program of a development dependency (`vitest/vitest.mjs`) in the repository and resolves to its exit code and what it said.
 * Nothing is read from stdin, so that it never waits for a person. With `show`, it speaks to the terminal itself.
 *
 * @param {string} script where the program lies in `node_modules`
 * @param {readonly string[]} args
 * @param {{ show?: boolean }} options
 * @returns {Promise<{ code: number, output: string }>}
 */
export async function runTool(script, args, { show = false } = {}) {
  const command = [`${root}node_modules/${script}`, ...args];
  if (show) return { code: await run(command, 'inherit'), output: '' };
  // A file and not a pipe: linters written in Rust give up when a pipe of Node's is full for a moment.
  const file = `${root}.tmp/said-${process.pid}-${(started += 1)}`;
  await mkdir(`${root}.tmp`, { recursive: true });
  const said = await open(file, 'w');
  try {
    const code = await run(command, said.fd);
    return { code, output: (await readFile(file, 'utf8')).trim() };
  } finally {
    await said.close();
    await rm(file, { force: true });
  }
}

function run(command, output) {
  const child = spawn(process.execPath, command, { cwd: root, stdio: ['ignore', output, output] });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (signal) console.error(`${command[0]} was ended by ${signal}.`);
      resolve(code ?? 1);
    });
  });
}
