import { expect, it, onTestFinished, vi } from 'vitest';
import { silentLogger } from '../../src/base/logger.ts';
import { createWorld } from '../../src/index.ts';
import { pendingStep, runningRun } from '../../src/testing/arrange.ts';
import { forRun, forStep, recordDeliveries } from '../../src/testing/delivery-recorder.ts';
import { newStepName } from '../../src/testing/ids.ts';
import { flowAfter, sendStep, wakeRun } from '../../src/testing/queueing.ts';
import { registerStepName } from '../../src/testing/registered-steps.ts';
import { keyIdOf } from '../../src/world/encryption.ts';
import { scratchDatabase, storeNames } from '../support/any-store.ts';

const [older, newer] = ['the secret of before', 'the secret of by now'];

it.each(storeNames)('leaves a run on %s to a worker that has its key, and says which key that is', async (name) => {
  const env = await scratchDatabase(name);
  const open = (keys: string) => {
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
    const world = createWorld({ env: { ...env, WORKFLOW_PAWL_ENCRYPTION_KEYS: keys }, apart: true, logger });
    onTestFinished(() => world.close());
    return { world, warnings, runs: recordDeliveries(world, '__wkf_workflow_'), steps: recordDeliveries(world, '__wkf_step_') };
  };
  const [producer, without, has] = [open(older), open(newer), open(`${newer},${older}`)];
  const stepName = registerStepName(newStepName());
  const runId = await runningRun(producer.world);
  const stepId = await pendingStep(producer.world, runId, stepName);
  await sendStep(producer.world, { runId, stepId, stepName });

  await without.world.start();
  await flowAfter(without.world, without.runs);
  await vi.waitUntil(() => without.warnings.length > 0);
  // Neither what is claimed nor what could be taken in the act that wakes it.
  await wakeRun(without.world, runId);
  await flowAfter(without.world, without.runs);
  expect(without.runs.deliveries.filter(forRun(runId))).toEqual([]);
  expect(without.steps.deliveries).toEqual([]);

  await has.world.start();
  expect((await has.runs.answer(forRun(runId))).attempt).toBe(1);
  expect((await has.steps.answer(forStep(runId, stepId))).attempt).toBe(1);
  expect(without.warnings).toEqual([expect.stringContaining(`encrypted with key ${keyIdOf(older)}`)]);
  await expect(without.world.getEncryptionKeyForRun(runId)).rejects.toMatchObject({ code: 'ENCRYPTION_KEY_MISSING', status: 503 });
});
