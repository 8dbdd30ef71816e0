import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runCli } from '../../src/cli/run-cli.ts';
import { openEngine, Result, type WorldEngine } from '../../src/index.ts';
import { buildFlow } from '../../src/flow/testing/build-flow.ts';
import { scratchFolder } from '../support/scratch.ts';

describe('pawl flow', () => {
  it('checks flows without a database, and says where what is wrong', async () => {
    const { pawl, write, cwd } = await project();
    await write('good.json', buildFlow({ a: { type: 'log', config: { message: 'hello' } } }));
    await write('bad.json', { ...buildFlow({ a: { type: 'delay', config: { forever: true } } }), initialStepId: 'b' });
    await write('own.json', buildFlow({ a: { type: 'greet' } }));
    await write('handlers.mjs', `export const greet = { type: 'greet', execute: async () => ({ type: 'success' }) };`);
    await write('broken.json', '{');

    expect(await pawl('flow', 'check', 'good.json')).toMatchObject({ code: 0, stderr: '' });
    const bad = await pawl('flow', 'check', 'good.json', 'bad.json', '--json');
    expect(bad).toMatchObject({ code: 3, stderr: '' });
    const { valid, flows } = JSON.parse(bad.stdout) as { valid: boolean; flows: { problems: { pointer: string }[] }[] };
    expect([valid, flows[0]?.problems]).toEqual([false, []]);
    expect(flows[1]?.problems.map(({ pointer }) => pointer)).toEqual(expect.arrayContaining(['/initialStepId', '/steps/a/config']));
    expect((await pawl('flow', 'check', 'good.json')).stdout).toMatch(/good\.json +ok$/m);
    expect((await pawl('flow', 'check', 'bad.json')).stdout).toMatch(/\/initialStepId +there is no step "b"/);

    const own = await pawl('flow', 'check', 'own.json');
    expect(own.code).toBe(0);
    expect(own.stdout).toMatch(/type "greet" +no built-in handler: a worker must have it/);
    expect(await pawl('flow', 'check', 'own.json', '--handlers', 'handlers.mjs')).toMatchObject({ code: 0, stderr: '' });
    const unreadable = await pawl('flow', 'check', 'broken.json', '--json');
    expect(unreadable).toMatchObject({ code: 2, stdout: '' });
    expect(JSON.parse(unreadable.stderr)).toMatchObject({ error: { code: 'UNREADABLE_FILE' } });
    expect(existsSync(join(cwd, 'pawl.db'))).toBe(false);
  });

  it('registers a flow once, and refuses other content under the same version', async () => {
    const { pawl, json, write, env } = await project();
    await write('own.json', buildFlow({ a: { type: 'greet' } }, { id: 'own' }));
    expect(await json('flow', 'register', 'own.json')).toEqual({ flows: [{ flowId: 'own', version: '1.0.0' }] });
    expect((await pawl('flow', 'register', 'own.json')).stdout).toBe('Flow own@1.0.0 is registered.\n');
    await write('own.json', buildFlow({ a: { type: 'log' } }, { id: 'own' }));
    const changed = await pawl('flow', 'register', 'own.json');
    expect(changed).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('give the change a new version') });
    await write('bad.json', { id: 'bad' });
    expect(await pawl('flow', 'register', 'own.json', 'bad.json')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/bad\.json is no valid flow/),
    });
    const engine = await openEngine({ env });
    onTestFinished(() => engine.close());
    expect((await engine.flows.load('own'))?.steps).toMatchObject({ a: { type: 'greet' } });
  });

  it('registers none of several flows if one is kept with other content, and says so once', async () => {
    const { pawl, write, env } = await project();
    await write('kept.json', buildFlow({ a: { type: 'log' } }, { id: 'kept' }));
    expect((await pawl('flow', 'register', 'kept.json')).code).toBe(0);
    await write('kept.json', buildFlow({ a: { type: 'delay' } }, { id: 'kept' }));
    await write('fresh.json', buildFlow({ a: { type: 'log' } }, { id: 'fresh' }));
    await write('again.json', buildFlow({ b: { type: 'log' } }, { id: 'fresh' }));
    for (const files of [
      ['fresh.json', 'kept.json'],
      ['fresh.json', 'again.json'],
    ]) {
      const { code, stdout, stderr } = await pawl('flow', 'register', ...files);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr.match(/give the change a new version/g)).toHaveLength(1);
    }
    const engine = await openEngine({ env });
    onTestFinished(() => engine.close());
    expect(await engine.flows.load('fresh')).toBeUndefined();
  });

  it('starts a flow, waits for its end, and prints what it gives', async () => {
    const { pawl, json, work } = await project();
    await work();
    const waited = await pawl('flow', 'start', 'greeting', '--input', '{"name":"Ada"}', '--wait');
    // Who waits in vain knows the run all the same.
    expect(waited).toMatchObject({ code: 0, stderr: expect.stringMatching(/^Run wrun_\w+ is started\.\n$/), stdout: '"Hello, Ada!"\n' });
    const started = await json('flow', 'start', 'greeting@1.0.0', '--key', 'k1');
    expect(started).toMatchObject({ created: true });
    expect(await json('flow', 'start', 'greeting', '--key', 'k1')).toMatchObject({ runId: started['runId'], created: false });
    const failed = await pawl('flow', 'start', 'failing', '--wait', '--json');
    expect(failed.code).toBe(3);
    expect(JSON.parse(failed.stdout)).toMatchObject({ status: 'failed', error: { message: 'no funds' } });
    expect(await pawl('flow', 'start', 'nowhere')).toMatchObject({ code: 4, stdout: '' });
    expect(await pawl('flow', 'start', 'greeting', '--input', '[]')).toMatchObject({ code: 2, stdout: '' });
  });

  it('is resumed by the id of a run or by a token, tailed, and retried', async () => {
    const { pawl, json, work } = await project();
    await work();
    const { runId } = await json('flow', 'start', 'asking', '--key', 'one');
    const asked = String(runId);
    await work.untilWaiting(asked);
    expect((await pawl('explain', asked)).stdout).toMatch(/is running\. It waits for somebody outside .*"approval"/);
    expect(await pawl('resume')).toMatchObject({ code: 2, stdout: '' });
    expect(await json('resume', asked, '--data', '{"approved":true}')).toEqual({ runId: asked });
    expect(await pawl('resume', asked)).toMatchObject({ code: 3, stdout: '' });
    const tailed = await pawl('runs', 'tail', asked, '--json');
    expect(tailed).toMatchObject({ code: 0, stderr: '' });
    const types = tailed.stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { eventType: string }).eventType);
    expect([types[0], types.at(-1)]).toEqual(['run_created', 'run_completed']);

    await work.write(asked, 'progress', ['one\n', 'two\n']);
    expect((await pawl('runs', 'tail', asked, '--stream', 'progress')).stdout).toBe('one\ntwo\n');
    expect(await pawl('runs', 'tail', asked, '--stream', 'nowhere')).toMatchObject({ code: 4, stdout: '' });

    const byToken = String((await json('flow', 'start', 'asking'))['runId']);
    const token = await work.tokenOf(byToken);
    expect(await json('resume', '--token', token)).toEqual({ runId: byToken });
    expect(await pawl('resume', '--token', token)).toMatchObject({ code: 4, stdout: '' });

    const failing = String((await json('flow', 'start', 'failing'))['runId']);
    expect((await pawl('runs', 'tail', failing)).code).toBe(3);
    expect(await json('runs', 'retry', failing)).toMatchObject({ retryOf: failing, how: 'retry' });
    expect(await json('runs', 'retry', failing, '--anew')).toMatchObject({ retryOf: failing, how: 'replay' });
    expect(await pawl('runs', 'retry', failing, '--from-step', 'nowhere')).toMatchObject({ code: 3, stdout: '' });
  });
});

async function project() {
  const cwd = await scratchFolder();
  const env = { WORKFLOW_PAWL_URL: `sqlite:${join(cwd, 'pawl.db')}`, WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
  // The command line itself; that the program passes on what it says is asked in test/e2e/pawl-cli.
  const pawl = async (...args: readonly string[]) => {
    const said = { out: '', err: '' };
    const session = {
      env,
      out: (text: string) => void (said.out += `${text}\n`),
      err: (text: string) => void (said.err += text),
      terminal: false,
    };
    const here = args.map((word) => (/^[\w-]+\.(?:json|mjs)$/.test(word) ? join(cwd, word) : word));
    return { code: await runCli(here, session), stdout: said.out, stderr: said.err };
  };
  const tokens = new Map<string, string>();
  let engine: WorldEngine | undefined;
  const work = Object.assign(
    async () => {
      engine = await openEngine({ env, flows: theFlows(), handlers: theHandlers(tokens) });
      onTestFinished(async () => engine?.close());
      await engine.start();
    },
    {
      untilWaiting: async (id: string) => engine?.waitFor(id, { until: ['waiting'] }),
      async write(id: string, name: string, chunks: string[]): Promise<void> {
        for (const chunk of chunks) await engine?.world.writeToStream(name, id, chunk);
        await engine?.world.closeStream(name, id);
      },
      async tokenOf(id: string): Promise<string> {
        await engine?.waitFor(id, { until: ['waiting'] });
        return String(tokens.get(id));
      },
    },
  );
  return {
    cwd,
    env,
    pawl,
    work,
    async json(...args: readonly string[]): Promise<Record<string, unknown>> {
      const { code, stdout, stderr } = await pawl(...args, '--json');
      expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
      return JSON.parse(stdout) as Record<string, unknown>;
    },
    write: (name: string, content: unknown) =>
      writeFile(join(cwd, name), typeof content === 'string' ? content : JSON.stringify(content, null, 2)),
  };
}

function theFlows() {
  const greeting = { greet: { type: 'transform', config: { expression: "'Hello, ' & name & '!'" }, outputKey: 'text' } };
  return [
    buildFlow(greeting, { id: 'greeting', output: { type: 'key', key: 'text' } }),
    buildFlow({ ask: { onResume: 'done' }, done: { type: 'log' } }, { id: 'asking' }),
    buildFlow({ fail: {} }, { id: 'failing' }),
  ];
}

function theHandlers(tokens: Map<string, string>): NonNullable<NonNullable<Parameters<typeof openEngine>[0]>['handlers']> {
  return [
    {
      type: 'ask',
      async execute({ tokens: issued, execution }) {
        const token = await issued.create(execution.id);
        tokens.set(execution.id, token);
        return Result.wait({ reason: 'approval', token });
      },
    },
    { type: 'fail', execute: async () => Result.failure({ code: 'NO', message: 'no funds', retryable: false }) },
  ];
}
