import { describe, expect, it } from 'vitest';
import { silentLogger } from '../base/logger.ts';
import { currentDelivery } from '../world/delivery.ts';
import { leaseLost, unavailable } from '../world/errors.ts';
import type { Outcomes, Store } from '../world/port.ts';
import { callHandler, type DeliveryRequest, isReal, retryResult, settleResult } from './deliver.ts';
import type { QueueHandler } from './handlers.ts';

const now = 1_000_000;
const store = { now: () => now } as Store;
const request: DeliveryRequest = {
  of: 'step',
  shard: 5,
  runId: 'run_1',
  id: 'step_1',
  name: 'step//w//work',
  namespace: '',
  deploymentId: '',
  lease: { owner: 'wkr_1', epoch: 2 },
  attempt: 3,
  message: { payload: { stepId: 'step_1' }, headers: {}, messageId: 'msg_1' },
  inbox: [],
  run: undefined,
  step: undefined,
  waitsDue: false,
  birth: null,
};
const call = (handler: QueueHandler) => callHandler(request, { prefix: '__wkf_step_', handler }, store, silentLogger);

describe('what becomes of a delivery', () => {
  it.each([undefined, null, {}, { timeoutSeconds: '3' }, { timeoutSeconds: Number.NaN }, 'done'])(
    'is done where the handler answers %j',
    (answer) => {
      expect(settleResult(answer, now, { clockAhead: false })).toEqual({ kind: 'done' });
    },
  );

  it.each([
    [0, now],
    [0.2, now + 200],
    [1.2345, now + 1_235],
    [31_536_000, now + 31_536_000_000],
    [-5, now],
  ])('comes again after timeoutSeconds %d, which is no attempt', (timeoutSeconds, dueAt) => {
    expect(settleResult({ timeoutSeconds }, now, { clockAhead: false })).toEqual({ kind: 'again', dueAt });
  });

  it('is done where a host whose clock is ahead thinks that its timers are over, and asks to look again every second', () => {
    expect(settleResult({ timeoutSeconds: 1 }, now, { clockAhead: true })).toEqual({ kind: 'done' });
    expect(settleResult({ timeoutSeconds: 0 }, now, { clockAhead: true })).toEqual({ kind: 'again', dueAt: now });
  });

  it('comes again within a second after a first failure, and within a quarter of an hour after the last', () => {
    for (const [attempt, most] of [
      [1, 1_000],
      [5, 16_000],
      [48, 900_000],
    ] as const) {
      const { dueAt } = retryResult(attempt, now) as { dueAt: number };
      expect(dueAt - now).toBeLessThanOrEqual(most);
      expect(dueAt - now).toBeGreaterThanOrEqual(0.75 * most);
    }
  });
});

describe('a handler', () => {
  it('is given the message, its attempt and the name of its queue', async () => {
    const seen: unknown[] = [];
    const { result } = await call(async (...args) => void seen.push(...args));
    expect(seen).toEqual([{ stepId: 'step_1' }, { attempt: 3, queueName: '__wkf_step_step//w//work', messageId: 'msg_1' }]);
    expect(result).toEqual({ kind: 'done' });
  });

  it('writes under the lease of its delivery, and nobody else does', async () => {
    await call(async () => {
      await Promise.resolve();
      expect(currentDelivery()).toMatchObject({ of: 'step', runId: 'run_1', stepId: 'step_1', lease: request.lease });
    });
    expect(currentDelivery()).toBeUndefined();
  });

  it('is called again where it throws, at once or later', async () => {
    const thrown = new Error('boom');
    const atOnce: QueueHandler = () => {
      throw thrown;
    };
    for (const handler of [atOnce, async () => Promise.reject(thrown)]) {
      expect((await call(handler)).result).toMatchObject({ kind: 'retry' });
    }
  });

  it('is called again within half a second where the database was away, and that is no attempt', async () => {
    const { result } = await call(async () => Promise.reject(unavailable('The database is away.')));
    expect(result).toMatchObject({ kind: 'release' });
    const { dueAt } = result as { dueAt: number };
    expect(dueAt - now).toBeLessThanOrEqual(500);
    expect(dueAt - now).toBeGreaterThanOrEqual(250);
  });

  it('is called again as after any failure where its lease was lost', async () => {
    expect((await call(async () => Promise.reject(leaseLost('run "run_1"')))).result).toMatchObject({ kind: 'retry' });
  });

  it('has nothing left to settle where a write of it ended its lease', async () => {
    const end = () => {
      const delivery = currentDelivery();
      if (delivery) delivery.leaseEnded = true;
    };
    expect((await call(async () => end())).result).toBeUndefined();
    const failing: QueueHandler = async () => {
      end();
      throw new Error('too late to matter');
    };
    expect((await call(failing)).result).toBeUndefined();
  });
});

describe('a delivery that was only foreseen', () => {
  const born = (durable: Promise<Outcomes['write']>, isWritten = false) => ({
    ...request,
    birth: { startedSeq: 2, input: null, durable, isWritten },
  });
  const refused = () => Promise.reject<Outcomes['write']>(unavailable('The database is away.'));

  it('has nothing to end where its step was never written, or its run was not taken', async () => {
    expect(await isReal(born(refused()))).toBe(false);
    expect(await isReal(born(Promise.resolve({ kind: 'lost' })))).toBe(false);
    expect(await isReal({ ...request, certain: Promise.resolve(false) })).toBe(false);
  });

  it('counts where its step was written, although the disk did not keep it', async () => {
    expect(await isReal(born(refused(), true))).toBe(true);
  });

  it('counts like any other where it came true', async () => {
    expect(await isReal(request)).toBe(true);
    expect(await isReal({ ...request, certain: Promise.resolve(true) })).toBe(true);
    expect(await isReal(born(Promise.resolve({ kind: 'written', firstSeq: 1, at: now, taken: undefined })))).toBe(true);
  });

  it('ends without a result where the handler of a step that was never written throws', async () => {
    const unborn = born(refused());
    const handler: QueueHandler = async () => void (await unborn.birth.durable);
    expect((await callHandler(unborn, { prefix: '__wkf_step_', handler }, store, silentLogger)).result).toBeUndefined();
  });
});
