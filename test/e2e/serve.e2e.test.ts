import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createWorld } from '../../src/index.ts';
import { Program } from '../support/program.ts';
import { scratchFolder } from '../support/scratch.ts';
import { buildApp } from '../fixtures/app/build.js';
import { pawl } from './support/sqlite-world.ts';

const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const index = new URL('../../dist/index.js', import.meta.url).href;
const secret = 'served-secret-0123456789';

const handlers = `
import { defineFlow, defineHandler, Result } from ${JSON.stringify(index)};
export const handlers = [defineHandler({ type: 'shout', execute: ({ input }) => Result.success(String(input.text).toUpperCase()) })];
export const flows = [defineFlow({
  id: 'shouting', version: '1.0.0', initialStepId: 'shout',
  steps: { shout: { type: 'shout', input: { type: 'full' }, outputKey: 'loud', transitions: { onSuccess: null } } },
})];
`;

describe('pawl serve', () => {
  it('works, answers and shows itself, until it is told to end', async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'handlers.mjs'), handlers);
    const { url, end } = await serve(folder, ['--import', './handlers.mjs']);
    const started = await call(`${url}/api/v1/flows/shouting/start`, { input: { text: 'hello' } });
    const { runId } = started.body as { runId: string };
    const live = await fetch(`${url}/api/v1/runs/${runId}/live`);
    // It ends with the run.
    expect(await live.text()).toMatch(/"status":"completed"/);
    expect(await call(`${url}/api/v1/runs/${runId}`)).toMatchObject({ body: { output: { json: { loud: 'HELLO' } } } });

    const page = await fetch(`${url}/runs/${runId}`);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    const html = await page.text();
    const script = /src="(?:\.?\/)?(assets\/[^"]+)"/.exec(html)?.[1];
    expect((await fetch(`${url}/${script}`)).headers.get('cache-control')).toContain('immutable');
    const read = async () => await (await fetch(`${url}/metrics`)).text();
    // The live page reads what was written; the counter moves once it is on the disk.
    await expect.poll(read, { timeout: 10_000 }).toContain('pawl_runs_total{kind="flow",outcome="completed"} 1');
    const metrics = await read();
    expect(metrics).toContain('pawl_steps_total{kind="flow",outcome="completed"} 1');
    expect(metrics).toMatch(/pawl_run_first_step_seconds_count\{kind="flow"\} 1/);
    expect(metrics).toContain('pawl_stuck_runs 0');

    // A stream that somebody still reads does not hold it up.
    const reader = await fetch(`${url}/api/v1/runs/live`);
    expect(await end()).toMatchObject({ code: 0, stderr: '' });
    await reader.text();
  });

  it('works on "use workflow" functions that a module brings, and shows them as the SDK wrote them', async () => {
    const folder = await scratchFolder();
    const routes = await buildApp();
    const names = ['flow', 'step'].map((name) => JSON.stringify(join(routes, `${name}.js`)));
    await writeFile(
      join(folder, 'workflows.mjs'),
      `import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\n${names.map((name) => `require(${name});`).join('\n')}\n`,
    );
    const env = {
      WORKFLOW_TARGET_WORLD: pawl,
      WORKFLOW_PAWL_ENCRYPTION_KEYS: 'a secret of the serve test',
      E2E_LEDGER: join(folder, 'ledger'),
    };
    const { url, end } = await serve(folder, ['--import', './workflows.mjs'], env);
    const started = await call(
      `${url}/api/v1/runs`,
      { workflow: 'workflow//./workflows/basics//addition', args: [1] },
      { 'idempotency-key': 'once' },
    );
    const { runId } = started.body as { runId: string };
    await (await fetch(`${url}/api/v1/runs/${runId}/live`)).text();
    expect(await call(`${url}/api/v1/runs/${runId}`)).toMatchObject({
      body: { status: 'completed', name: 'addition', input: { json: [1] }, output: { state: 'value', json: 10 }, counts: { steps: 3 } },
    });
    expect(await call(`${url}/api/v1/runs/${runId}/steps`)).toMatchObject({
      body: { data: [1, 2, 3].map(() => ({ name: 'add', status: 'completed', attempts: [{ outcome: 'completed' }] })) },
    });
    const replayed = await call(`${url}/api/v1/runs/${runId}/replay`, {});
    const { runId: again } = replayed.body as { runId: string };
    await (await fetch(`${url}/api/v1/runs/${again}/live`)).text();
    expect(await call(`${url}/api/v1/runs/${again}`)).toMatchObject({ body: { status: 'completed', output: { json: 10 } } });
    expect(await end()).toMatchObject({ code: 0 });
  });

  it('leaves runs of code to others where only the shell has a PORT', async () => {
    const asked: string[] = [];
    const somebodyElse = createHttpServer((request, response) => {
      asked.push(String(request.url));
      response.writeHead(404).end();
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void somebodyElse.close());
    await once(somebodyElse, 'listening');
    const { port } = somebodyElse.address() as AddressInfo;
    const folder = await scratchFolder();
    await writeFile(join(folder, 'handlers.mjs'), handlers);
    const { url, end } = await serve(folder, ['--import', './handlers.mjs'], { PORT: String(port) });
    const code = await call(`${url}/api/v1/runs`, { workflow: 'workflow//./workflows/basics//addition', args: [1] });
    // What is claimed after the run of code shows that it could have been.
    const flow = await call(`${url}/api/v1/flows/shouting/start`, { input: { text: 'hello' } });
    await (await fetch(`${url}/api/v1/runs/${(flow.body as { runId: string }).runId}/live`)).text();
    expect(await call(`${url}/api/v1/runs/${(code.body as { runId: string }).runId}`)).toMatchObject({ body: { status: 'pending' } });
    expect(await end()).toMatchObject({ code: 0 });
    expect(asked).toEqual([]);
  });

  it('gives others nothing without a token, and says so before it listens', async () => {
    const folder = await scratchFolder();
    const refused = await program(folder, ['--host', '0.0.0.0', '--port', '0']).ended();
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('WORKFLOW_PAWL_TOKENS');
    const wrong = await program(folder, ['--port', '0'], { WORKFLOW_PAWL_TOKENS: `ops:read:short` }).ended();
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).not.toContain('short');
    const missing = await program(folder, ['--port', '0', '--import', './none.mjs', '--json']).ended();
    expect(missing).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('IMPORT_FAILED') as string });

    const { url, end } = await serve(folder, ['--host', '0.0.0.0', '--no-worker'], { WORKFLOW_PAWL_TOKENS: `ops:read:${secret}` });
    expect((await call(`${url}/api/v1/runs`)).status).toBe(401);
    expect((await call(`${url}/api/v1/runs`, undefined, { authorization: `Bearer ${secret}` })).status).toBe(200);
    expect((await fetch(`${url}/runs`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const { stdout, stderr } = await end();
    expect(stdout + stderr).not.toContain(secret);
  });

  it('counts callers as the proxies say that it trusts, and trusts none without tokens where more than the public is served', async () => {
    const folder = await scratchFolder();
    const refused = await program(folder, ['--port', '0', '--trusted-proxy', '1']).ended();
    expect(refused).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/--trusted-proxy.*WORKFLOW_PAWL_TOKENS.*--public-only/) as string,
    });
    const open = await serve(folder, ['--no-worker', '--public-only', '--trusted-proxy', '1']);
    const resume = async (forwarded: string) =>
      (await call(`${open.url}/api/v1/resume`, { token: 'unknown' }, { 'x-forwarded-for': forwarded })).status;
    const resumes = (of: (nth: number) => string) => Promise.all(Array.from({ length: 300 }, (_, nth) => resume(of(nth))));
    expect(new Set(await resumes((nth) => `203.0.113.${nth}`))).toEqual(new Set([404]));
    expect(new Set(await resumes(() => '198.51.100.9'))).toEqual(new Set([404, 429]));
    await open.end();
    const { url } = await serve(folder, ['--no-worker', '--trusted-proxy', '1'], { WORKFLOW_PAWL_TOKENS: `ops:read:${secret}` });
    const guess = async (forwarded: string) =>
      (await call(`${url}/api/v1/me`, undefined, { authorization: 'Bearer a-wrong-token-0123456789', 'x-forwarded-for': forwarded }))
        .status;
    const guesses = (of: (nth: number) => string) => Promise.all(Array.from({ length: 40 }, (_, nth) => guess(of(nth))));
    expect(new Set(await guesses((nth) => `198.51.100.9, 203.0.113.${nth}`))).toEqual(new Set([401]));
    expect(new Set(await guesses((nth) => `198.51.100.${nth}, 203.0.113.99`))).toEqual(new Set([401, 429]));
  });

  it('is not cut short by a second SIGTERM while it ends, but by SIGINT', async () => {
    const folder = await scratchFolder();
    for (const [second, outcome] of [
      ['SIGTERM', { code: 0, signal: null }],
      ['SIGINT', { code: null, signal: 'SIGINT' }],
    ] as const) {
      const { url, stop, end } = await serve(folder, ['--no-worker']);
      // A request that never becomes whole holds it up for two seconds.
      const half = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
      onTestFinished(() => void half.destroy());
      half.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n');
      expect((await fetch(`${url}/livez`)).status).toBe(200);
      stop();
      await vi.waitUntil(
        () =>
          fetch(`${url}/livez`).then(
            () => false,
            () => true,
          ),
        { timeout: 2_000 },
      );
      expect(await end(second)).toMatchObject(outcome);
    }
  });

  it('lets a step of a flow end that is under way', async () => {
    const folder = await scratchFolder();
    const ledger = join(folder, 'ledger');
    const execute = `async () => {
      appendFileSync(${JSON.stringify(ledger)}, 'begun ');
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      appendFileSync(${JSON.stringify(ledger)}, 'over');
      return Result.success('done');
    }`;
    const slow = handlers.replace(/\(\{ input \}\) => [^\n]*/, `${execute} })];`);
    await writeFile(join(folder, 'slow.mjs'), `import { appendFileSync } from 'node:fs';${slow}`);
    await writeFile(ledger, '');
    const { url, end } = await serve(folder, ['--import', './slow.mjs']);
    const { runId } = (await call(`${url}/api/v1/flows/shouting/start`, { input: { text: '' } })).body as { runId: string };
    await expect.poll(() => readFile(ledger, 'utf8'), { timeout: 10_000 }).toBe('begun ');
    expect(await end()).toMatchObject({ code: 0, stderr: '' });

    expect(await readFile(ledger, 'utf8')).toBe('begun over');
    const world = createWorld({ env: { WORKFLOW_PAWL_URL: `sqlite:${join(folder, 'pawl.db')}` }, apart: true });
    onTestFinished(() => world.close());
    expect(await world.runs.get(runId)).toMatchObject({ status: 'completed' });
  });

  it('tells whose port it is that it cannot have', async () => {
    const folder = await scratchFolder();
    const { url } = await serve(folder, ['--public-only', '--no-worker']);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    expect((await call(`${url}/api/v1/runs`)).status).toBe(404);
    expect((await call(`${url}/api/v1/resume`, { token: 'unknown' })).status).toBe(404);
    const { port } = new URL(url);
    const second = await program(folder, ['--port', port]).ended();
    const told = `Cannot listen on port ${port} of 127.0.0.1: another process has it: end that one, or take another port.\n`;
    expect(second).toMatchObject({ code: 1, stdout: '', stderr: told });
    const asJson = await program(folder, ['--port', port, '--json']).ended();
    expect(JSON.parse(asJson.stderr)).toMatchObject({ error: { code: 'EADDRINUSE' } });
  });
});

function program(folder: string, args: readonly string[], env: Record<string, string> = {}): Program {
  return Program.node([cli, 'serve', ...args], { cwd: folder, env: { WORKFLOW_PAWL_URL: 'sqlite:./pawl.db', ...env } });
}

async function serve(folder: string, args: readonly string[], env: Record<string, string> = {}) {
  const running = program(folder, ['--port', '0', '--json', ...args], env);
  onTestFinished(async () => void (await running.end('SIGKILL')));
  const { url } = JSON.parse(await running.match(/^(\{.*\})\n/)) as { url: string };
  return { url, stop: () => running.stop(), end: (signal?: NodeJS.Signals) => running.end(signal) };
}

async function call(url: string, body?: unknown, headers: Record<string, string> = {}) {
  const init =
    body === undefined
      ? { headers }
      : { method: 'POST', body: JSON.stringify(body), headers: { ...headers, 'content-type': 'application/json' } };
  const response = await fetch(url, init);
  return { status: response.status, body: await response.json() };
}
