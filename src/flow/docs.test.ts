import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { flowErrorCodes } from './errors.ts';
import { createHandlerRegistry } from './handler-registry.ts';
import { builtinHandlers } from './handlers/builtin-handlers.ts';
import { httpHandler } from './handlers/http.ts';
import type { SpawnedCode } from './execution-index.ts';
import { TestHarness } from './testing/harness.ts';
import { parseTrigger } from './triggers/validate-trigger.ts';
import type { Flow } from './types.ts';
import { validateFlow } from './validate.ts';

// Never the time it takes; only how long a machine may stand still meanwhile.
vi.setConfig({ testTimeout: 60_000 });

const root = fileURLToPath(new URL('../..', import.meta.url));
const docs = join(root, 'docs', 'flows');
const pages = await readPages();
const year = 365 * 86_400_000;

describe.each(pages)('docs/flows/$name', ({ name, blocks }) => {
  const flows = blocks.filter(({ info }) => info === 'json flow').map(({ text }) => JSON.parse(text) as Flow);
  const find = (info: string) => blocks.find((block) => block.info === info);
  const result = find('json result');

  it.runIf(flows.length > 0)('shows flows that are valid', () => {
    const handlers = createHandlerRegistry(builtinHandlers());
    for (const flow of flows) expect(validateFlow(flow, { handlers })).toEqual([]);
  });

  it.runIf(result)('shows a flow that does what the page says', async () => {
    const [first] = flows as [Flow];
    const harness = openHarness(flows);
    const context = JSON.parse(find('json context')?.text ?? '{}') as Record<string, unknown>;
    const { id, status, waitMetadata, join: waitsForChild } = await harness.run(first.id, context);
    const resume = find('json resume');
    if (resume) await harness.resume(id, JSON.parse(resume.text));
    else if (status === 'waiting' && (waitMetadata?.wakeAt !== undefined || waitsForChild)) await harness.simulateTime(year);
    expect(await harness.getExecution(id)).toMatchObject(JSON.parse(result?.text ?? '') as object);
  });

  it.each(blocks.filter(({ info }) => info === 'json trigger'))('shows triggers that are valid', ({ text }) => {
    expect(() => parseTrigger(JSON.parse(text))).not.toThrow();
  });

  it.each(blocks.filter(({ info }) => info === 'ts'))('shows code that runs', async ({ text }) => {
    const file = join(folder, `${name.replaceAll('/', '-')}-${blocks.findIndex((block) => block.text === text)}.ts`);
    const here = relative(folder, join(root, 'src', 'flow')).replaceAll('\\', '/');
    const code = text.replace("'pawl'", `'${here}/../index.ts'`).replace("'pawl/testing'", `'${here}/testing/index.ts'`);
    await writeFile(file, code);
    await import(/* @vite-ignore */ pathToFileURL(file).href);
  });
});

describe('the pages as a whole', () => {
  it('have one for each built-in handler, with an example that runs', () => {
    const documented = pages.filter(({ blocks }) => blocks.some(({ info }) => info === 'json result')).map(({ name }) => name);
    expect(documented).toEqual(expect.arrayContaining(builtinHandlers().map(({ type }) => `handlers/${type}.md`)));
  });

  it('name every error code', async () => {
    const page = await readFile(join(docs, 'errors.md'), 'utf8');
    for (const code of flowErrorCodes) expect(page).toContain(`\`${code}\``);
  });
});

const folder = join(root, '.tmp', `docs-${process.pid}`);
let api = '';
const server = createServer((request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ path: request.url }));
});
beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

/** The world outside that the pages speak of: an API, and a workflow function that adds numbers. */
function openHarness(flows: readonly Flow[]): TestHarness {
  const local = JSON.parse(JSON.stringify(flows).replaceAll('https://api.example.com', api)) as Flow[];
  const harness: TestHarness = new TestHarness({
    flows: local,
    handlers: [httpHandler({ allowPrivateAddresses: true })],
    code: {
      async start({ id: childId, args, parent: { executionId: parentId, group, index } }: SpawnedCode) {
        const output = (args[0] as number[]).reduce((sum, n) => sum + n, 0);
        await harness.engine.settleChild({ parentId, group, index, childId, status: 'completed', output });
      },
    },
  });
  return harness;
}

async function readPages() {
  const names = (await readdir(docs, { recursive: true })).filter((name) => name.endsWith('.md')).map((name) => name.replaceAll('\\', '/'));
  return Promise.all(
    names.toSorted().map(async (name) => {
      const text = await readFile(join(docs, name), 'utf8');
      const blocks = [...text.matchAll(/^```([^\n]*)\n(.*?)^```$/gms)].map(([, info = '', code = '']) => ({
        info: info.trim(),
        text: code,
      }));
      return { name, blocks };
    }),
  );
}
