import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../src/testing/free-port.ts';
import { UserProject } from '../e2e/support/user-project.ts';
import { Program } from '../support/program.ts';
import { type CodeBlock, readCodeBlocks } from './code-blocks.ts';

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));
const readme = await readCodeBlocks('README.md');
const guide = await readCodeBlocks('docs/world.md');
const settings = { WORKFLOW_TARGET_WORLD: 'pawl' };

describe('the code in README.md and docs/world.md', () => {
  let project: UserProject;
  const run = (file: string, env: Record<string, string> = {}) =>
    Program.node([file], { cwd: project.directory, env: { ...settings, ...env } });

  beforeAll(async () => {
    project = await UserProject.create(settings);
    for (const name of ['hono', '@hono']) await symlink(join(modules, name), join(project.directory, 'node_modules', name));
    for (const block of [...readme, ...guide]) await writeBlock(project.directory, block);
    const built = await project.workflow('build');
    expect(built, built.stderr).toMatchObject({ exitCode: 0 });
  });

  afterAll(() => project?.remove());

  it('is short enough for one look: 15 lines, and one line to install', () => {
    const [program, install] = readme;
    const lines = program?.text.split('\n').filter((line) => line !== '' && !line.startsWith('//'));
    expect(lines?.length).toBeLessThanOrEqual(15);
    expect(install?.text).toMatch(/^npm install pawl workflow$/m);
  });

  it('is a file of the project, a command, or says which service it needs', () => {
    const loose = [...readme, ...guide].filter(({ info, file }) => file === undefined && info !== 'sh' && !info.includes('needs='));
    expect(loose).toEqual([]);
  });

  it('runs the program of the README in the worker of the guide', async () => {
    const worker = run('worker.mjs');
    try {
      await worker.says('working');
      expect(await run('start.mjs').ended()).toMatchObject({ code: 0, stdout: 'Welcome, Ada!\n', stderr: '' });
      expect(await run('look.mjs').ended()).toMatchObject({ code: 0, stdout: '1 completed\n', stderr: '' });
    } finally {
      expect(await worker.end()).toMatchObject({ stderr: '' });
    }
  });

  it('runs the flow of the README', async () => {
    expect(await run('welcome.mjs', { WORKFLOW_PAWL_URL: 'sqlite:flows.db' }).ended()).toMatchObject({
      code: 0,
      stdout: 'Welcome, Ada!\n',
      stderr: '',
    });
  });

  it('delivers over HTTP from a worker without the routes to an app that has them', async () => {
    const port = String(await freePort());
    const http = {
      WORKFLOW_PAWL_DELIVERY: 'http',
      WORKFLOW_PAWL_BASE_URL: `http://localhost:${port}`,
      WORKFLOW_PAWL_URL: 'sqlite:http.db',
    };
    const app = run('app.mjs', { ...http, PORT: port });
    const sender = run('sender.mjs', http);
    try {
      await app.says('listening');
      await sender.says('working');
      expect(await run('start.mjs', http).ended()).toMatchObject({ code: 0, stdout: 'Welcome, Ada!\n', stderr: '' });
    } finally {
      await Promise.all([sender.end(), app.end()]);
    }
  });

  it('shows commands that the official command line has', async () => {
    const worker = run('worker.mjs');
    let runId = '';
    try {
      await worker.says('working');
      for (const command of commandsIn(guide)) {
        const args = command.map((word) => (word === '<run>' ? runId : word));
        const { exitCode, stdout, stderr } = await project.workflow(...args);
        // The run that is to be cancelled has ended by then, and the command line says so.
        if (args[0] !== 'cancel') expect({ args, exitCode, stderr }).toMatchObject({ exitCode: 0 });
        runId ||= /wrun_[0-9A-Z]{26}/.exec(stdout)?.[0] ?? '';
      }
    } finally {
      await worker.end();
    }
    expect(runId).not.toBe('');
  });
});

async function writeBlock(folder: string, { file, text }: CodeBlock): Promise<void> {
  if (file === undefined) return;
  await mkdir(dirname(join(folder, file)), { recursive: true });
  await writeFile(join(folder, file), text);
}

/** The words of every `npx workflow …`, but of those that build, or go on until they are ended. */
function commandsIn(blocks: readonly CodeBlock[]): string[][] {
  const lines = blocks.filter(({ info }) => info === 'sh').flatMap(({ text }) => text.split('\n'));
  return lines.flatMap((line) => {
    const command = /^npx workflow (.+)$/.exec(line)?.[1];
    const words = command?.match(/'[^']*'|\S+/g)?.map((word) => word.replaceAll("'", ''));
    return words && !['build', 'web'].includes(String(words[0])) ? [words] : [];
  });
}
