import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Program } from '../support/program.ts';
import { networkEnvironment, packPackage, repository } from './pack.ts';

// What an import leaves behind: nothing may be open, waiting or printed, and createWorld() changes nothing about that.
const look = `
  const { readdirSync, readlinkSync } = require('node:fs');
  const target = (fd) => { try { return readlinkSync('/proc/self/fd/' + fd); } catch { return ''; } };
  const look = () => ({
    resources: process.getActiveResourcesInfo().filter((name) => !/^(TTY|Pipe|CloseReq|Immediate)/.test(name)),
    files: process.platform === 'linux' ? readdirSync('/proc/self/fd').map(target).filter((path) => /^\\/(?!dev|proc)|^socket/.test(path)) : [],
    signals: process.eventNames().filter((name) => /^SIG|Exit$/.test(String(name))),
    here: readdirSync('.'),
  });`;

describe('the package', () => {
  let folder: string;
  let project: string;
  const node = (code: string, ...flags: string[]) => Program.node([...flags, '--eval', code], { cwd: project }).ended();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pawl-package-'));
    project = join(folder, 'project');
    await mkdir(project);
    await writeFile(join(project, 'package.json'), '{ "name": "project", "private": true }\n');
    const tarball = await packPackage(folder);
    // Whatever is in the cache already need not be asked for again.
    const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
    const installed = await new Program('npm', ['install', ...quiet, tarball], { cwd: project, env: networkEnvironment() }).ended();
    expect(installed, installed.stderr).toMatchObject({ code: 0 });
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('answers require() with a World', async () => {
    const answer = await node(`console.log(typeof require('pawl').createWorld().events.create)`);
    expect(answer).toMatchObject({ code: 0, stdout: 'function\n', stderr: '' });
  });

  it('answers import with a World', async () => {
    const answer = await node(`import { createWorld } from 'pawl'; console.log(typeof createWorld().events.create)`, '--input-type=module');
    expect(answer).toMatchObject({ code: 0, stdout: 'function\n', stderr: '' });
  });

  it('brings its command along', async () => {
    const { version } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')) as { version: string };
    const answer = await new Program(join(project, 'node_modules', '.bin', 'pawl'), ['--version'], { cwd: project }).ended();
    expect(answer).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('works: a run that was stored is there in the next process', async () => {
    const create = `
      const world = require('pawl').createWorld();
      const data = { eventType: 'run_created', specVersion: 3, eventData: { deploymentId: 'd', workflowName: 'w', input: new Uint8Array(2) } };
      world.events.create(null, data).then(() => world.close());`;
    const list = `
      const world = require('pawl').createWorld();
      world.runs.list().then(({ data }) => { console.log(data.length, data[0].status, data[0].input.length); return world.close(); });`;
    expect(await node(create)).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(await node(list)).toMatchObject({ code: 0, stdout: '1 pending 2\n', stderr: '' });
    await rm(join(project, '.pawl'), { recursive: true });
  });

  it.each([
    ['require', `${look} const before = look(); const { createWorld } = require('pawl');`],
    ['import', `${look} const before = look(); const { createWorld } = await import('pawl');`],
  ])('opens nothing, waits for nothing and prints nothing on %s', async (way, code) => {
    const compare = `createWorld(); const after = look(); console.log(JSON.stringify({ before, after }));`;
    const script = way === 'require' ? `${code} ${compare}` : `(async () => { ${code} ${compare} })()`;
    const { code: exitCode, stdout, stderr } = await node(script);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const { before, after } = JSON.parse(stdout) as { before: unknown; after: unknown };
    expect(after).toEqual(before);
  });

  it('has types that a strict consumer compiles against', async () => {
    await mkdir(join(project, 'node_modules', '@types'), { recursive: true });
    await symlink(join(repository, 'node_modules', '@types', 'node'), join(project, 'node_modules', '@types', 'node'));
    await writeFile(join(project, 'consumer.mts'), consumer);
    await writeFile(join(project, 'consumer.cts'), consumer);
    const tsc = join(repository, 'node_modules', 'typescript', 'bin', 'tsc');
    const flags = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2023', '--module', 'nodenext', '--types', 'node'];
    const compiled = await Program.node([tsc, ...flags, 'consumer.mts', 'consumer.cts'], { cwd: project }).ended();
    expect(compiled.stdout).toBe('');
    expect(compiled.code).toBe(0);
  });

  it('holds what it needs and nothing else', async () => {
    const installed = join(project, 'node_modules', 'pawl');
    const files = (await readdir(installed, { recursive: true })).filter((name) => /\.\w+$/.test(name));
    const needed = [
      'LICENSE',
      'README.md',
      'CHANGELOG.md',
      join('dist', 'index.d.ts'),
      join('dist', 'sqlite', 'migrations', '0001_world.sql'),
    ];
    expect(await readdir(installed)).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'dist']));
    expect(files).toEqual(expect.arrayContaining(needed.filter((name) => name !== 'LICENSE')));
    expect(files.filter((name) => /(?:\.test\.|^src|^test|\.map$|\.tsbuildinfo$)/.test(name))).toEqual([]);
    for (const name of files.filter((file) => /\.(?:js|d\.ts|md|json|sql)$/.test(file))) {
      expect({ name, text: await readFile(join(installed, name), 'utf8') }).not.toMatchObject({
        text: expect.stringContaining(repository),
      });
    }
  });
});

const consumer = `
import { createWorld, systemClock, type Clock, type CreateWorldOptions, type Logger, type PawlWorld } from 'pawl';
import type { World } from '@workflow/world';
import { createServer, type PawlServer, type RunSummary } from 'pawl/server';

const clock: Clock = systemClock;
const options: CreateWorldOptions = { env: { WORKFLOW_PAWL_URL: 'sqlite::memory:' }, clock };
export const world: World = createWorld(options);
export const close: Promise<void> = (world as PawlWorld).close();
export const server: PawlServer = createServer({ world: world as PawlWorld, tokens: 'ci:read:a-secret-of-sixteen' });
export const nameOf = ({ name }: RunSummary): string => name;
export const log = (logger: Logger): void => logger.info('closed');
// @ts-expect-error a World has no such method, so its type is not \`any\`
world.reopen();
`;
