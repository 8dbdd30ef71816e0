import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { scratchFolder } from '../../test/support/scratch.ts';
import { createWorld } from '../index.ts';
import { runningRun } from '../testing/arrange.ts';
import { runCancelled } from '../testing/event-builders.ts';
import { runCli } from './run-cli.ts';

it('follows a stream that is left open no longer than its run', async () => {
  const env = { WORKFLOW_PAWL_URL: `sqlite:${join(await scratchFolder(), 'pawl.db')}`, WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
  const world = createWorld({ env, apart: true });
  onTestFinished(() => world.close());
  const runId = await runningRun(world);
  const name = `strm_${runId.slice(5)}_log`;
  await world.writeToStream(name, runId, 'one');
  await world.events.create(runId, runCancelled());
  const said = { out: '', err: '' };
  const tail = (...args: string[]) =>
    runCli(['runs', 'tail', runId, '--json', ...args], {
      env,
      out: (text: string) => void (said.out += text),
      err: (text: string) => void (said.err += text),
      terminal: false,
    });
  expect(await tail('--stream', name)).toBe(0);
  expect(said).toEqual({ out: '{"index":0,"text":"one"}', err: '' });

  expect(await tail('--stream', 'none')).toBe(4);
  expect(JSON.parse(said.err)).toMatchObject({ error: { code: 'STREAM_NOT_FOUND' } });
});
