import { describe, expect, it } from 'vitest';
import { Result } from '../result.ts';
import type { Flow } from '../types.ts';
import { TestHarness } from './harness.ts';

const day = 86_400_000;

const onboarding: Flow = {
  id: 'onboarding',
  version: '1.0.0',
  initialStepId: 'cool-off',
  steps: {
    'cool-off': {
      id: 'cool-off',
      type: 'delay',
      config: { duration: '60d' },
      input: { type: 'full' },
      transitions: { onSuccess: 'charge' },
    },
    charge: {
      id: 'charge',
      type: 'charge',
      input: { type: 'key', key: 'amount' },
      outputKey: 'receipt',
      retries: { maxAttempts: 3, backoff: 'exponential', initialDelay: 60_000 },
      transitions: { onSuccess: 'approval' },
    },
    approval: {
      id: 'approval',
      type: 'wait',
      config: { timeout: '3d' },
      input: { type: 'static', value: null },
      transitions: { onSuccess: null, onResume: 'ship', onTimeout: 'refund' },
    },
    ship: { id: 'ship', type: 'ship', input: { type: 'full' }, outputKey: 'shipped', transitions: { onSuccess: null } },
    refund: { id: 'refund', type: 'refund', input: { type: 'full' }, transitions: { onSuccess: null } },
  },
};

function harnessWithFlakyCharge(failures: number): TestHarness {
  const harness = new TestHarness({ flows: [onboarding] });
  harness.mock('charge', ({ attempt }) =>
    attempt <= failures ? Result.failure({ code: 'CARD_BUSY', message: 'later' }) : Result.success({ paid: true }),
  );
  harness.mock('ship', Result.success(true));
  harness.mock('refund', Result.success());
  return harness;
}

describe('the test harness', () => {
  it('runs 60 days, three retries and an approval without sleeping', async () => {
    const harness = harnessWithFlakyCharge(3);
    const { id } = await harness.runUntil('onboarding', 'waiting', { amount: 5 });
    await harness.simulateTime(60 * day - 1);
    expect(harness.calls('charge')).toHaveLength(0);
    await harness.simulateTime(1 + 3_600_000);
    expect(harness.calls('charge').map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
    expect((await harness.getExecution(id)).status).toBe('waiting');
    const done = await harness.resume(id, { by: 'ada' });
    expect(done).toMatchObject({
      status: 'completed',
      context: { receipt: { paid: true }, resumeData: { by: 'ada' }, resumedBy: 'resume', shipped: true },
    });
    expect(done.history.map(({ stepId, status }) => `${stepId} ${status}`)).toEqual([
      'cool-off wait',
      'cool-off success',
      'charge failure',
      'charge failure',
      'charge failure',
      'charge success',
      'approval wait',
      'ship success',
    ]);
  });

  it('takes the way of the time limit when nobody approves', async () => {
    const harness = harnessWithFlakyCharge(0);
    const { id } = await harness.run('onboarding', { amount: 5 });
    await harness.simulateTime(63 * day);
    expect(await harness.getExecution(id)).toMatchObject({ status: 'completed', context: { resumedBy: 'timer' } });
    expect(harness.calls('refund')).toHaveLength(1);
  });

  it('skips to the next retry within run', async () => {
    const flow = { ...onboarding, id: 'pay', initialStepId: 'charge' };
    const { 'cool-off': _, ...steps } = onboarding.steps;
    const harness = new TestHarness({ flows: [{ ...flow, steps }] });
    const start = harness.clock.now();
    harness.mock('charge', ({ attempt }) =>
      attempt < 3 ? Result.failure({ code: 'CARD_BUSY', message: 'later' }) : Result.success({ paid: true }),
    );
    expect((await harness.run('pay', { amount: 1 })).status).toBe('waiting');
    expect(harness.clock.now() - start).toBe(180_000);
  });

  it('ends a handler that never answers by its time-out', async () => {
    const step = {
      id: 'slow',
      type: 'slow',
      input: { type: 'full' } as const,
      timeout: 5_000,
      transitions: { onSuccess: null },
    };
    const harness = new TestHarness({
      flows: [{ id: 'slow', version: '1.0.0', initialStepId: 'slow', steps: { slow: step } }],
    });
    harness.mockNever('slow');
    const { id } = await harness.run('slow');
    await harness.simulateTime(5_000);
    expect(await harness.getExecution(id)).toMatchObject({
      status: 'failed',
      error: { code: 'TIMEOUT', stepId: 'slow' },
    });
    expect(harness.calls('slow')[0]?.signal.aborted).toBe(true);
  });
});
