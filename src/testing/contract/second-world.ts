import { describe, expect } from 'vitest';
import * as build from '../event-builders.ts';
import { pendingRun, runningRun } from '../arrange.ts';
import { forRun, recordDeliveries } from '../delivery-recorder.ts';
import { newHookId, newRunId, newStepId, newStreamName, newToken } from '../ids.ts';
import { countingBytes, payload } from '../payload.ts';
import { wakeRun } from '../queueing.ts';
import { readLog } from '../read-log.ts';
import { readChunks, texts } from '../stream-reading.ts';
import type { Contract } from './contract.ts';

export function secondWorld({ sharedPolicy }: Contract): void {
  describe('a second World on the same data', () => {
    sharedPolicy('sees at once what the first has written', async ({ world, another }) => {
      const other = await another();
      const [runId, stepId, token] = [await runningRun(world), newStepId(), newToken()];
      await world.events.create(runId, build.stepCreated(stepId));
      await world.events.create(runId, build.hookCreated(newHookId(), { token }));
      expect(await other.runs.get(runId)).toEqual(await world.runs.get(runId));
      expect(await other.steps.get(runId, stepId)).toEqual(await world.steps.get(runId, stepId));
      expect(await other.hooks.getByToken(token)).toEqual(await world.hooks.getByToken(token));
      expect(await readLog(other, runId)).toEqual(await readLog(world, runId));
    });

    sharedPolicy('hands over a whole log that the first has written since', async ({ world, another }) => {
      const other = await another();
      const runId = await runningRun(world);
      for (let round = 0; round < 3; round += 1) {
        await world.events.create(runId, build.stepCreated(newStepId()));
        const { events } = await other.events.create(runId, build.runStarted());
        expect(events).toEqual(await readLog(world, runId));
      }
    });

    sharedPolicy('continues from a cursor of the first', async ({ world, another }) => {
      const other = await another();
      const runId = await runningRun(world);
      const { cursor } = await world.events.list({ runId });
      const { event } = await world.events.create(runId, build.stepCreated(newStepId()));
      const later = await other.events.list({ runId, pagination: { cursor: String(cursor) } });
      expect(later.data).toEqual([event]);
    });

    sharedPolicy('keeps what the first wrote, after the first was closed', async ({ world, another }) => {
      const other = await another();
      const runId = await pendingRun(world, { input: payload('kept') });
      await world.close?.();
      expect((await other.runs.get(runId)).input).toEqual(payload('kept'));
    });

    sharedPolicy('reads a stream live that the first writes', async ({ world, another }) => {
      const other = await another();
      const [name, runId] = [newStreamName(), newRunId()];
      const reader = readChunks(await other.readFromStream(name));
      await world.writeToStream(name, runId, 'one');
      expect(texts(await reader.take(1))).toEqual(['one']);
      await world.writeToStream(name, runId, 'two');
      await world.writeToStream(name, runId, 'three');
      expect(texts(await reader.take(2))).toEqual(['two', 'three']);
      await world.closeStream(name, runId);
      expect(await reader.rest()).toEqual([]);
    });

    sharedPolicy('writes with the first to one stream, and each reader sees the same order', async ({ world, another }) => {
      const other = await another();
      const [name, runId] = [newStreamName(), newRunId()];
      const readers = [readChunks(await world.readFromStream(name)), readChunks(await other.readFromStream(name))];
      const write = (index: number) => (index % 2 === 0 ? world : other).writeToStream(name, runId, countingBytes(8, index));
      await Promise.all(Array.from({ length: 100 }, (_, index) => write(index)));
      await other.closeStream(name, runId);
      const [first, second] = await Promise.all(readers.map((reader) => reader.rest()));
      expect(first).toHaveLength(100);
      expect(second).toEqual(first);
      const stored = await world.getStreamChunks(name, runId, { limit: 1_000 });
      expect(stored.data.map((chunk) => chunk.data)).toEqual(first);
    });

    sharedPolicy('delivers what the first has queued', async ({ world, another }) => {
      const worker = await another();
      const runId = await pendingRun(world);
      const recorder = recordDeliveries(worker, '__wkf_workflow_');
      await worker.start?.();
      await wakeRun(world, runId);
      expect((await recorder.arrival(forRun(runId))).message).toMatchObject({ runId });
    });

    sharedPolicy('delivers what the first had queued before it was closed', async ({ world, another }) => {
      const worker = await another();
      const runId = newRunId();
      await wakeRun(world, runId);
      await world.close?.();
      const recorder = recordDeliveries(worker, '__wkf_workflow_');
      await worker.start?.();
      expect((await recorder.arrival(forRun(runId))).attempt).toBe(1);
    });

    // The SDK takes handlers from one instance and queues through another, both in one process.
    sharedPolicy('that is started delivers to handlers that the first was given', async ({ world, another }) => {
      const runId = newRunId();
      const recorder = recordDeliveries(world, '__wkf_workflow_');
      const worker = await another('same process');
      await worker.start?.();
      await wakeRun(worker, runId);
      expect((await recorder.arrival(forRun(runId))).message).toMatchObject({ runId });
    });

    sharedPolicy('may be closed without stopping the worker', async ({ world, another }) => {
      const recorder = recordDeliveries(world, '__wkf_workflow_');
      await world.start?.();
      const other = await another('same process');
      await other.runs.list({});
      await other.close?.();
      const runId = newRunId();
      await wakeRun(world, runId);
      expect((await recorder.arrival(forRun(runId))).message).toMatchObject({ runId });
    });

    sharedPolicy('tells its own readers when it is closed, and not those of the first', async ({ world, another }) => {
      const other = await another('same process');
      const [name, runId] = [newStreamName(), newRunId()];
      const [staying, leaving] = [readChunks(await world.readFromStream(name)), readChunks(await other.readFromStream(name))];
      const left = leaving.take(1).catch((error: unknown) => error);
      await other.close?.();
      expect(await left).toMatchObject({ status: 503 });
      await world.writeToStream(name, runId, 'goes on');
      expect(texts(await staying.take(1))).toEqual(['goes on']);
      await staying.cancel();
    });

    sharedPolicy('does not deliver again what the first has acknowledged', async ({ world, another }) => {
      const [done, next] = [newRunId(), newRunId()];
      const recorder = recordDeliveries(world, '__wkf_workflow_');
      await world.start?.();
      await wakeRun(world, done);
      await recorder.arrival(forRun(done));
      const worker = await another();
      await world.close?.();
      const later = recordDeliveries(worker, '__wkf_workflow_');
      await worker.start?.();
      await wakeRun(worker, next);
      await later.arrival(forRun(next));
      expect([...recorder.deliveries, ...later.deliveries].filter(forRun(done))).toHaveLength(1);
    });
  });
}
