import { describe, expect, it, onTestFinished } from 'vitest';
import { databases } from '../../test/support/databases.ts';
import { systemClock } from '../base/clock.ts';
import { createWorld, insidesOf, type PawlWorld } from '../connect/create-world.ts';
import { readSettings } from '../connect/settings.ts';
import { deferred } from '../testing/deferred.ts';
import { recordDeliveries } from '../testing/delivery-recorder.ts';
import { askHealth } from './ask-health.ts';

describe.each(Object.entries(databases))('a health check of the doctor on %s', (_, database) => {
  it('is taken back when nobody has taken it', async () => {
    const { asking, ask } = await doctor(database);
    expect(await ask(20)).toBeUndefined();
    expect(await queuedMessages(asking)).toBe(0);
  });

  it('is left to the worker that has taken it by then', async () => {
    const { asking, worker, ask } = await doctor(database);
    const [taken, silent] = [deferred(), deferred()];
    const recorder = recordDeliveries(worker, '__wkf_workflow_', ({ index }) => {
      taken.resolve();
      return index === 0 ? silent.promise : undefined;
    });
    await worker.start();
    const asked = ask(10_000, taken.promise);
    await recorder.arrival(() => true);
    expect(await asked).toBeUndefined();
    expect(await queuedMessages(asking)).toBe(1);
    silent.resolve();
    // Whatever the worker does after it shows that it has ended that one.
    await asking.queue('__wkf_workflow_health_check', { __healthCheck: true, correlationId: 'another' });
    await recorder.answer(({ message }) => message['correlationId'] === 'another');
  });

  it('is answered through the stream that it names', async () => {
    const { worker, ask } = await doctor(database);
    recordDeliveries(worker, '__wkf_workflow_', async ({ message }) => {
      await worker.writeToStream(`__health_check__${String(message['correlationId'])}`, 'health', '{}');
    });
    await worker.start();
    expect(await ask(20_000)).toBeGreaterThanOrEqual(0);
  });
});

async function doctor(database: () => Promise<Record<string, string>>) {
  const env = { ...(await database()), WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
  const [asking, worker] = [createWorld({ env, apart: true }), createWorld({ env, apart: true })];
  for (const world of [asking, worker]) onTestFinished(() => world.close());
  const settings = readSettings(env);
  /** It is out of patience when `until` is, if not before. */
  const ask = (timeoutMs: number, until: Promise<void> = new Promise(() => {})) => {
    const after: typeof systemClock.after = (ms, call, options) => {
      const cancel = systemClock.after(ms, call, options);
      void until.then(call);
      return cancel;
    };
    return askHealth(asking, { kind: 'workflow', settings, timeoutMs, clock: { ...systemClock, after } });
  };
  return { asking, worker, ask };
}

async function queuedMessages(world: PawlWorld): Promise<number> {
  const store = await insidesOf(world).flows.open();
  const depths = await store.operator.listQueueDepths(store.now());
  const messages = depths.find(({ kind }) => kind === 'message');
  return messages ? messages.ready + messages.leased + messages.delayed : 0;
}
