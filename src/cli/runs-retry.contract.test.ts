import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { WorldEngine } from '../connect/open-engine.ts';
import { buildFlow } from '../flow/testing/build-flow.ts';
import { createWorld } from '../index.ts';
import { scratchFolder } from '../../test/support/scratch.ts';
import { pendingRun } from '../testing/arrange.ts';
import { runCli } from './run-cli.ts';

it('tries again only what has ended: an open run keeps its place', async () => {
  const { env, engine, retry } = await open();
  const code = await pendingRun(engine.world);
  const flow = (await engine.create('greeting')).execution.id;
  const runs = async () => (await engine.world.runs.list({})).data.length;
  for (const args of [[code], [flow], [flow, '--anew'], [flow, '--from-step', 'a']]) {
    expect(await retry(env, ...args), args.join(' ')).toMatchObject({
      code: 3,
      error: { code: 'RUN_NOT_ENDED', message: expect.stringContaining('is pending; only one that has ended can be tried again.') },
    });
  }
  expect(await runs()).toBe(2);

  await engine.world.events.create(code, { eventType: 'run_cancelled', specVersion: 3 });
  await engine.run(flow);
  expect(await retry(env, code)).toMatchObject({ code: 0, done: { retryOf: code, how: 'replay' } });
  expect(await retry(env, flow, '--anew')).toMatchObject({ code: 0, done: { retryOf: flow, how: 'replay' } });
  expect(await retry(env, flow, '--from-step', 'a')).toMatchObject({ code: 0, done: { retryOf: flow, how: 'retry' } });
  expect(await runs()).toBe(5);
});

async function open() {
  const env = { WORKFLOW_PAWL_URL: `sqlite:${join(await scratchFolder(), 'pawl.db')}`, WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
  // Each command closes what its process shares of the database.
  const engine = new WorldEngine(createWorld({ env, apart: true }), { flows: [buildFlow({ a: { type: 'log' } }, { id: 'greeting' })] });
  await engine.flows.flush();
  onTestFinished(() => engine.close());
  const retry = async (given: typeof env, ...args: string[]) => {
    const said = { out: '', err: '' };
    const session = {
      env: given,
      out: (text: string) => void (said.out += text),
      err: (text: string) => void (said.err += text),
      terminal: false,
    };
    const code = await runCli(['runs', 'retry', ...args, '--json'], session);
    return code === 0 ? { code, done: JSON.parse(said.out) } : { code, error: JSON.parse(said.err).error };
  };
  return { env, engine, retry };
}
