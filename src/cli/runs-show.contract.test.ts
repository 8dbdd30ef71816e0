import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { scratchFolder } from '../../test/support/scratch.ts';
import { systemClock } from '../base/clock.ts';
import { createWorld } from '../index.ts';
import { runningRun } from '../testing/arrange.ts';
import { stepCreated } from '../testing/event-builders.ts';
import { runCli } from './run-cli.ts';

it('says how far it is where it takes long to read all of a run', async () => {
  const env = { WORKFLOW_PAWL_URL: `sqlite:${join(await scratchFolder(), 'pawl.db')}`, WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
  const world = createWorld({ env, apart: true });
  onTestFinished(() => world.close());
  const runId = await runningRun(world);
  for (const id of [1, 2, 3]) await world.events.create(runId, stepCreated(`step_${id}`));
  const monotonic = vi.spyOn(systemClock, 'monotonic');
  onTestFinished(() => monotonic.mockRestore());
  let now = systemClock.monotonic();
  monotonic.mockImplementation(() => (now += 1_000));
  const said = { out: '', err: '' };
  const session = {
    env,
    out: (text: string) => void (said.out += text),
    err: (text: string) => void (said.err += text),
    terminal: true,
  };
  expect(await runCli(['runs', 'show', runId], session)).toBe(0);
  expect(said.out).toContain('step_3');
  // Three steps and five events.
  expect(said.err).toMatch(/\] 3 of 8 entries read.*\] 8 of 8 entries read\n$/s);
});
