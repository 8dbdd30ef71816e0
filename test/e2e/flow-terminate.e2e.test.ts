import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { defineFlow, openEngine, Result } from '../../src/index.ts';
import { inheritedEnv } from './support/host.ts';
import { openSqliteWorld } from './support/sqlite-world.ts';
import { until } from './support/until.ts';

const program = fileURLToPath(new URL('../fixtures/flows/worker.mjs', import.meta.url));
const held = defineFlow({
  id: 'held',
  version: '1.0.0',
  initialStepId: 'hold',
  steps: { hold: { type: 'stuck', input: { type: 'full' }, transitions: { onSuccess: null } } },
});

test('a worker that is asked to end gives back an attempt whose handler never returns, and ends', async () => {
  const world = await openSqliteWorld();
  const ledger = join(dirname(world.file), 'calls.jsonl');
  await writeFile(ledger, '');
  const stuck = { type: 'stuck', execute: async () => Result.success('after all') };
  const engine = await openEngine({ env: { ...world.env, WORKFLOW_PAWL_LOG_LEVEL: 'silent' }, flows: [held], handlers: [stuck] });
  const worker = spawn(process.execPath, [program], {
    env: { ...inheritedEnv(), ...world.env, LEDGER: ledger },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(worker, 'exit');
  onTestFinished(async () => {
    worker.kill('SIGKILL');
    await ended;
    await engine.close();
    await world.close();
  });
  await once(worker.stdout, 'data');

  const { execution } = await engine.create('held');
  await until('the handler to be called', async () => (await readFile(ledger, 'utf8')) || undefined);
  worker.kill('SIGTERM');
  expect(await ended).toEqual([null, 'SIGTERM']);

  // Given back, not lost: it counts as no delivery, and nobody has to wait for a lease.
  expect((await engine.get(execution.id)).attempt).toMatchObject({ stepId: 'hold', attempt: 1, deliveries: 0 });
  await engine.start();
  expect(await engine.waitFor(execution.id)).toMatchObject({ status: 'completed', history: [{ attempt: 1, output: 'after all' }] });
});
