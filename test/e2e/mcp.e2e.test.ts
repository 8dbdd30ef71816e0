import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createWorld } from '../../src/index.ts';
import { pendingRun } from '../../src/testing/arrange.ts';
import { Program } from '../support/program.ts';
import { scratchFolder } from '../support/scratch.ts';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const tokens = 'reader:read:reader-secret-0123456789,agent:read+act:agent-secret-0123456789';

beforeAll(() => {
  if (!existsSync(main)) throw new Error('dist is missing: run `npm run build` first.');
});

describe('pawl mcp', () => {
  it('over stdio reads, and acts only if it was told that it may', async () => {
    const { env, runId } = await database();
    const reader = await overStdio(env);
    expect(await toolsOf(reader)).not.toContain('cancel_run');
    expect(await call(reader, 'get_run', { runId })).toMatchObject({ runId, status: 'pending', actions: [] });
    const actor = await overStdio(env, '--scopes', 'read+act');
    expect(await toolsOf(actor)).not.toContain('register_flow');
    expect(await call(actor, 'cancel_run', { runId })).toMatchObject({ status: 'cancelled' });
    expect(await call(reader, 'get_run', { runId })).toMatchObject({ status: 'cancelled' });
  });

  it('over stdio has the scopes of the token that is named', async () => {
    const { env } = await database();
    const client = await overStdio({ ...env, WORKFLOW_PAWL_TOKENS: tokens }, '--token', 'agent');
    expect(await toolsOf(client)).toEqual(expect.arrayContaining(['list_runs', 'cancel_run']));
    const nobody = await Program.node([main, 'mcp', '--token', 'nobody'], {
      cwd: env.cwd,
      env: { ...env, WORKFLOW_PAWL_TOKENS: tokens },
    }).ended();
    expect(nobody).toMatchObject({ code: 2, stdout: '' });
  });

  it('over HTTP acts in the name of the token of each request', async () => {
    const { env, runId } = await database();
    const { url } = await serve({ ...env, WORKFLOW_PAWL_TOKENS: tokens });
    const reader = await overHttp(url, 'reader-secret-0123456789');
    expect(await toolsOf(reader)).not.toContain('cancel_run');
    const agent = await overHttp(url, 'agent-secret-0123456789');
    expect(await call(agent, 'explain_run', { runId })).toMatchObject({ text: expect.stringContaining('no worker is alive') });
    expect(await call(agent, 'cancel_run', { runId })).toMatchObject({ status: 'cancelled' });
    await expect(overHttp(url, 'a-guess-that-is-no-token')).rejects.toThrow(/401|Unauthorized/);
  });

  it('over HTTP lets only this machine in without tokens, and no page of another site', async () => {
    const { env } = await database();
    const { url } = await serve(env);
    expect(await toolsOf(await overHttp(url))).toContain('register_flow');
    const post = (headers: Record<string, string>) =>
      fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: '{}' });
    expect(await (await post({ origin: 'https://evil.example' })).json()).toMatchObject({ status: 403, code: 'CROSS_ORIGIN' });
    expect((await fetch(url)).status).toBe(405);
    const everywhere = await Program.node([main, 'mcp', '--port', '0', '--host', '0.0.0.0'], { cwd: env.cwd, env }).ended();
    expect(everywhere).toMatchObject({ code: 2, stderr: expect.stringContaining('WORKFLOW_PAWL_TOKENS must be set') });
  });
});

async function database() {
  const cwd = await scratchFolder();
  const env = { cwd, WORKFLOW_PAWL_URL: `sqlite:${join(cwd, 'pawl.db')}`, WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
  const world = createWorld({ env, apart: true });
  const runId = await pendingRun(world);
  await world.close();
  return { env, runId };
}

async function overStdio(env: Record<string, string>, ...args: readonly string[]): Promise<Client> {
  const { PATH = '', HOME = '' } = process.env;
  const transport = new StdioClientTransport({ command: process.execPath, args: [main, 'mcp', ...args], env: { PATH, HOME, ...env } });
  return connected(transport);
}

async function serve(env: Record<string, string>): Promise<{ readonly url: string }> {
  const program = Program.node([main, 'mcp', '--port', '0'], { cwd: env['cwd'] ?? '', env });
  onTestFinished(async () => {
    expect(await program.end()).toMatchObject({ code: 0 });
  });
  return { url: await program.match(/Speaking MCP at (\S+)/) };
}

async function overHttp(url: string, token?: string): Promise<Client> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return connected(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
}

async function connected(transport: StdioClientTransport | StreamableHTTPClientTransport): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' });
  await client.connect(transport);
  onTestFinished(() => client.close());
  return client;
}

async function toolsOf(client: Client): Promise<string[]> {
  return (await client.listTools()).tools.map(({ name }) => name);
}

async function call(client: Client, name: string, input: Record<string, unknown>): Promise<unknown> {
  const { isError, structuredContent, content } = await client.callTool({ name, arguments: input });
  expect({ isError, content }).not.toMatchObject({ isError: true });
  return structuredContent;
}
