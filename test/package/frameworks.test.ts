import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readCodeBlocks } from '../docs/code-blocks.ts';
import { freePort } from '../../src/testing/free-port.ts';
import { Program } from '../support/program.ts';
import { networkEnvironment, packPackage } from './pack.ts';

const token = 'framework-secret-0123456789';
const long = process.env['PAWL_LONG'] === '1';

// They install hundreds of packages, so they are asked only now and then.
describe.runIf(long)('the route of docs/server.md', () => {
  it('answers in Next.js', async () => {
    const folder = await project(['next@16', 'react@19', 'react-dom@19', 'typescript@5', '@types/node@20', '@types/react@19']);
    await writeBlocks(folder, 'needs=next');
    await write(
      folder,
      'app/layout.jsx',
      `export default function Layout({ children }) { return <html><body>{children}</body></html>; }\n`,
    );
    await write(folder, 'app/page.jsx', `export default function Page() { return 'app'; }\n`);
    const next = join(folder, 'node_modules', 'next', 'dist', 'bin', 'next');
    const built = await Program.node([next, 'build'], { cwd: folder, env: quiet }).ended();
    expect(built, built.stdout + built.stderr).toMatchObject({ code: 0 });
    const port = String(await freePort());
    await answers(
      Program.node([next, 'start', '--port', port], { cwd: folder, env: { ...quiet, ...settings, PORT: port } }),
      port,
      /ready/i,
    );
  }, 900_000);

  it('answers in Nitro', async () => {
    const folder = await project(['nitro@3.0.260903-beta']);
    await writeBlocks(folder, 'needs=nitro');
    const nitro = new Program('npx', ['--no-install', 'nitro', 'build'], { cwd: folder, env: quiet });
    const built = await nitro.ended();
    expect(built, built.stdout + built.stderr).toMatchObject({ code: 0 });
    const port = String(await freePort());
    await answers(Program.node(['.output/server/index.mjs'], { cwd: folder, env: { ...settings, PORT: port } }), port, /listening/i);
  }, 900_000);
});

const settings = { WORKFLOW_PAWL_TOKENS: `ops:read+act:${token}`, WORKFLOW_PAWL_URL: 'sqlite:./pawl.db' };
const quiet = { NEXT_TELEMETRY_DISABLED: '1', CI: '1', ...networkEnvironment() };

async function answers(server: Program, port: string, ready: RegExp): Promise<void> {
  onTestFinished(async () => void (await server.end('SIGKILL')));
  await server.match(new RegExp(`(${ready.source})`, ready.flags));
  const base = `http://localhost:${port}/pawl/api/v1`;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  expect((await fetch(`${base}/me`)).status).toBe(401);
  expect(await (await fetch(`${base}/me`, { headers })).json()).toMatchObject({ name: 'ops' });
  const body = JSON.stringify({ workflow: 'workflow//./workflows/welcome//welcome', args: ['Ada'] });
  const started = await fetch(`${base}/runs`, { method: 'POST', headers, body });
  expect(started.status).toBe(201);
  const { runId } = (await started.json()) as { runId: string };
  const live = await fetch(`${base}/runs/${runId}/live`, { headers });
  const reader = (live.body as ReadableStream<Uint8Array>).getReader();
  let text = '';
  while (!text.includes('"status":"pending"')) text += Buffer.from((await reader.read()).value ?? []).toString();
  await reader.cancel();
}

async function project(dependencies: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pawl-framework-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await write(folder, 'package.json', '{ "name": "app", "private": true, "type": "module" }\n');
  const args = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', await packPackage(folder), ...dependencies];
  const installed = await new Program('npm', args, { cwd: folder, env: networkEnvironment() }).ended();
  expect(installed, installed.stderr).toMatchObject({ code: 0 });
  return folder;
}

async function writeBlocks(folder: string, tag: string): Promise<void> {
  for (const { info, text } of await readCodeBlocks('docs/server.md')) {
    const file = /^\/\/ (\S+)\n/.exec(text)?.[1];
    if (info.includes(tag) && file !== undefined) await write(folder, file, text);
  }
}

async function write(folder: string, file: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, file)), { recursive: true });
  await writeFile(join(folder, file), text);
}
