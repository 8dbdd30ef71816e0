import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { freePort } from '../../src/testing/free-port.ts';
import { UserProject } from '../e2e/support/user-project.ts';
import { dropSchema, newSchemaName } from '../support/postgres-schema.ts';
import { Program } from '../support/program.ts';
import { type CodeBlock, readCodeBlocks } from './code-blocks.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const guides = (await readdir(join(root, 'docs', 'guides'))).map((name) => `docs/guides/${name}`);
const pages = await Promise.all(
  ['docs/get-started.md', 'docs/server.md', 'docs/agents.md', ...guides]
    .filter((page) => page.endsWith('.md') && existsSync(join(root, page)))
    .map(async (page) => ({ page, blocks: (await readCodeBlocks(page)).filter(({ info }) => !info.includes('needs=')) })),
);
const runnable = pages.filter(({ blocks }) => blocks.some(({ info }) => info === 'sh'));

// The same workflows are built once, whatever page has them.
const builds = await mkdtemp(join(tmpdir(), 'pawl-builds-'));
afterAll(() => rm(builds, { recursive: true, force: true }));

/** What a page says that its commands print. */
const printed: Readonly<Record<string, readonly RegExp[]>> = {
  'docs/get-started.md': [/^Welcome, Ada!$/m, /^"Hello, Ada!"$/m],
  'docs/server.md': [/ada\n/, /404\n/, /(?:"name":"ops"[^]*){5}/],
  'docs/guides/hono.md': [/\{"runId":"wrun_/],
  'docs/guides/express.md': [/\{"runId":"wrun_/],
};
// Never the time it takes; only how long a machine may stand still meanwhile.
vi.setConfig({ testTimeout: 300_000 });
// What the documentation names as the database of somebody.
const documentedUrl = 'postgres://pawl:secret@db.example.com:5432/pawl';

beforeAll(() => {
  if (!existsSync(join(root, 'dist', 'cli', 'main.js'))) throw new Error('dist is missing: run `npm run build` first.');
});

describe('the commands of', () => {
  it.each(runnable)('$page do what it says', async ({ page, blocks }) => {
    const project = await UserProject.create({});
    onTestFinished(() => project.remove());
    for (const name of ['hono', '@hono', 'express', 'fastify']) {
      await symlink(join(root, 'node_modules', name), join(project.directory, 'node_modules', name));
    }
    for (const block of blocks) await writeBlock(project.directory, block);
    const schema = newSchemaName();
    const script = blocks.flatMap(({ info, text }) => (info === 'sh' ? [text] : [])).join('\n');
    if (script.includes(documentedUrl)) onTestFinished(() => dropSchema(inject('postgresUrl'), schema));
    const env = {
      WORKFLOW_PAWL_SCHEMA: schema,
      WORKFLOW_NO_UPDATE_CHECK: '1',
      HOME: project.directory,
      BUILT: join(builds, hashOf(blocks)),
    };
    const commands = prelude + (await withFreePorts(script.replaceAll(documentedUrl, inject('postgresUrl'))));
    const shell = new Program('bash', ['-c', commands], { cwd: project.directory, env });
    onTestFinished(() => shell.stop());
    const ended = await shell.ended();
    expect(ended, `${ended.stdout}\n${ended.stderr}`).toMatchObject({ code: 0 });
    for (const text of printed[page] ?? []) expect(ended.stdout).toMatch(text);
  });

  it('each guide are tagged with what they need, or executed', () => {
    const untold = pages.flatMap(({ page, blocks }) =>
      blocks.filter(({ info, file }) => info !== 'sh' && file === undefined).map(({ info }) => `${page}: ${info}`),
    );
    expect(untold).toEqual([]);
  });
});

// What is installed is there already, and the tools are started without npx: both are what test/package is about. What was started in the
// background ends with the page.
const prelude = `
set -euo pipefail
end() { for job in $(jobs -p); do pkill -P "$job" || kill "$job" || true; done 2> /dev/null; wait; }
trap end EXIT
trap 'exit 143' TERM
npm() { if [ "$1" != install ]; then command npm "$@"; fi; }
build() {
  if [ -d "$BUILT" ]; then cp -R "$BUILT" .well-known; return; fi
  node node_modules/workflow/bin/run.js build
  cp -R .well-known "$BUILT"
}
npx() {
  local tool="$1"; shift
  case "$tool" in
    # In the background it is the process itself that is ended, not a shell around it.
    pawl)
      if ((BASH_SUBSHELL > 0)); then exec node node_modules/pawl/dist/cli/main.js "$@"; fi
      node node_modules/pawl/dist/cli/main.js "$@"
      ;;
    workflow) if [ "$1" = build ]; then build; else node node_modules/workflow/bin/run.js "$@"; fi ;;
    *) echo "npx $tool is not known to this test" >&2; return 1 ;;
  esac
}
`;

function hashOf(blocks: readonly CodeBlock[]): string {
  const workflows = blocks.filter(({ file }) => file?.startsWith('workflows/')).map(({ text }) => text);
  return createHash('sha256').update(workflows.join('\0')).digest('hex');
}

async function writeBlock(folder: string, { file, text }: CodeBlock): Promise<void> {
  if (file === undefined) return;
  await mkdir(dirname(join(folder, file)), { recursive: true });
  await writeFile(join(folder, file), text);
}

/** The ports that pages use are only examples; two tests must not meet on one. */
async function withFreePorts(script: string): Promise<string> {
  let text = script;
  for (const port of new Set(script.match(/\b3[1-9]\d\d\b/g))) text = text.replaceAll(port, String(await freePort()));
  return text;
}
