import { describe, expect, vi } from 'vitest';
import { deferred } from '../deferred.ts';
import * as build from '../event-builders.ts';
import { runningRun } from '../arrange.ts';
import { forRun, recordDeliveries } from '../delivery-recorder.ts';
import { newRunId, newStreamName } from '../ids.ts';
import { nextTurn } from '../next-turn.ts';
import { wakeRun } from '../queueing.ts';
import { readChunks } from '../stream-reading.ts';
import type { Contract } from './contract.ts';

export function lifecycle({ policy }: Contract): void {
  describe('lifecycle', () => {
    policy('a World speaks the third version', async ({ world }) => {
      expect(world.specVersion).toBe(3);
    });

    policy('a deployment has an id that stays the same', async ({ world }) => {
      const id = await world.getDeploymentId();
      expect(id).toMatch(/./);
      expect(await world.getDeploymentId()).toBe(id);
    });

    policy('chunks of streams are not held back', async ({ world }) => {
      expect(world.streamFlushIntervalMs).toBe(0);
    });

    policy('a World that was never used can be closed, twice', async ({ world }) => {
      await world.close?.();
      await world.close?.();
    });

    policy('a World can be closed by two at once', async ({ world }) => {
      await world.runs.list({});
      await Promise.all([world.close?.(), world.close?.()]);
    });

    policy('starting twice, even at once, makes one worker', async ({ world }) => {
      const runId = newRunId();
      const recorder = recordDeliveries(world, '__wkf_workflow_');
      await Promise.all([world.start?.(), world.start?.()]);
      await world.start?.();
      await wakeRun(world, runId);
      await recorder.arrival(forRun(runId));
      await world.close?.();
      expect(recorder.deliveries.filter(forRun(runId))).toHaveLength(1);
    });

    policy('a World can be used without being started', async ({ world }) => {
      const runId = await runningRun(world);
      await world.events.create(runId, build.runCompleted());
      await world.writeToStream(newStreamName(), runId, 'x');
      expect((await world.runs.get(runId)).status).toBe('completed');
    });

    policy('closing waits for deliveries under way', async ({ world }) => {
      const [runId, entered, leave] = [newRunId(), deferred(), deferred()];
      const order: string[] = [];
      recordDeliveries(world, '__wkf_workflow_', async () => {
        entered.resolve();
        await leave.promise;
        order.push('delivered');
      });
      await world.start?.();
      await wakeRun(world, runId);
      await entered.promise;
      const closing = world.close?.().then(() => order.push('closed'));
      for (let turn = 0; turn < 50; turn += 1) await nextTurn();
      expect(order).toEqual([]);
      leave.resolve();
      await closing;
      expect(order).toEqual(['delivered', 'closed']);
    });

    policy('a delivery may still write while the World is closing', async ({ world }) => {
      const [runId, entered, leave, wrote] = [await runningRun(world), deferred(), deferred(), deferred<string | undefined>()];
      recordDeliveries(world, '__wkf_workflow_', async ({ message }) => {
        if (message['runId'] !== runId) return;
        entered.resolve();
        await leave.promise;
        await world.events.create(runId, build.runCompleted()).then(
          ({ run }) => wrote.resolve(run?.status),
          (error: unknown) => wrote.reject(error),
        );
      });
      await world.start?.();
      await wakeRun(world, runId);
      await entered.promise;
      const closing = world.close?.();
      leave.resolve();
      expect(await wrote.promise).toBe('completed');
      await closing;
    });

    policy('closing ends open readers of streams with an error', async ({ world }) => {
      const reader = readChunks(await world.readFromStream(newStreamName()));
      const reading = reader.take(1).then(
        () => 'ended',
        () => 'failed',
      );
      await world.close?.();
      expect(await reading).toBe('failed');
    });

    policy('nothing but the program itself writes to stdout', async ({ world }) => {
      const written = [vi.spyOn(console, 'log'), vi.spyOn(console, 'info'), vi.spyOn(process.stdout, 'write')];
      for (const spy of written) spy.mockClear();
      const runId = newRunId();
      const recorder = recordDeliveries(world, '__wkf_workflow_');
      await world.start?.();
      await wakeRun(world, runId);
      await recorder.arrival(forRun(runId));
      await runningRun(world);
      await world.close?.();
      const lines = written.flatMap((spy) => spy.mock.calls.map(([first]) => String(first)));
      for (const spy of written) spy.mockRestore();
      expect(lines).toEqual([]);
    });
  });
}
