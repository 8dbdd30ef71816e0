import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { buildFlow } from '../flow/testing/build-flow.ts';
import { openEngine } from '../index.ts';
import { scratchFolder } from '../../test/support/scratch.ts';
import { runCli } from './run-cli.ts';

vi.mock('../operate/follow-run.ts', () => ({
  async *followRun() {
    yield { eventCount: 1, status: 'pending' };
    throw Object.assign(new Error('the connection is lost'), { code: 'ECONNRESET' });
  },
}));

it('names the run that it started, also where it cannot wait for its end', async () => {
  const env = { WORKFLOW_PAWL_URL: `sqlite:${join(await scratchFolder(), 'pawl.db')}`, WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
  const engine = await openEngine({ env, flows: [buildFlow({ a: { type: 'log' } }, { id: 'greeting' })] });
  await engine.close();
  const start = async (...more: string[]) => {
    const said = { out: '', err: '' };
    const session = {
      env,
      out: (text: string) => void (said.out += text),
      err: (text: string) => void (said.err += text),
      terminal: false,
    };
    return { code: await runCli(['flow', 'start', 'greeting', '--wait', ...more], session), ...said };
  };
  const plain = await start();
  expect(plain).toMatchObject({ code: 1, out: '' });
  expect(plain.err).toMatch(/^(Run wrun_\w+ is started\.)\n\1 Waiting for its end failed: Error: the connection is lost\n$/);
  const json = await start('--json');
  expect(json).toMatchObject({ code: 1, out: '' });
  expect(JSON.parse(json.err)).toEqual({
    error: {
      code: 'ECONNRESET',
      message: expect.stringMatching(/^Run wrun_\w+ is started\. Waiting for its end failed: Error: the connection is lost$/),
    },
  });
});
