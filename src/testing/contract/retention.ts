import { WorkflowRunNotFoundError } from '@workflow/errors';
import { describe, expect, vi } from 'vitest';
import { endings, finishedRun, pendingRun, pendingStep, runningRun } from '../arrange.ts';
import * as build from '../event-builders.ts';
import { newHookId, newStreamName } from '../ids.ts';
import { readLog } from '../read-log.ts';
import type { Contract, TimedScene } from './contract.ts';

const dayMs = 86_400_000;

export function retention({ timedPolicy }: Contract): void {
  describe('retention', () => {
    timedPolicy(
      'deletes a run with its log, steps and streams when its time is over',
      async ({ world, clock }) => {
        const runId = await runningRun(world);
        await pendingStep(world, runId);
        const stream = newStreamName();
        await world.events.create(runId, build.hookCreated(newHookId()));
        await world.writeToStream(stream, runId, 'chunk');
        await world.closeStream(stream, runId);
        await world.events.create(runId, build.runCompleted());
        await world.start?.();
        clock.advance(30 * dayMs);
        await untilGone({ world, clock }, runId);
        expect(await readLog(world, runId)).toEqual([]);
        expect((await world.steps.list({ runId })).data).toEqual([]);
        expect(await world.listStreamsByRunId(runId)).toEqual([]);
      },
      { env: { WORKFLOW_PAWL_RETENTION: '30d' } },
    );

    timedPolicy(
      'leaves alone what is not over, and what ended more recently',
      async ({ world, clock }) => {
        const open = [await pendingRun(world), await runningRun(world)];
        const old = await finishedRun(world, 'completed');
        clock.advance(6 * dayMs);
        // Its id has no time in it: the World's clock is far from this process's by now.
        const recent = await runningRun(world, {}, 'ended-recently');
        await world.events.create(recent, build.runCompleted());
        await world.start?.();
        clock.advance(dayMs);
        await untilGone({ world, clock }, old);
        for (const runId of [...open, recent]) expect(await readLog(world, runId)).not.toEqual([]);
      },
      { env: { WORKFLOW_PAWL_RETENTION: '7d' } },
    );

    timedPolicy(
      'keeps runs as long as the way they ended says',
      async ({ world, clock }) => {
        const runs = { completed: '', failed: '', cancelled: '' };
        for (const ending of endings) runs[ending] = await finishedRun(world, ending);
        await world.start?.();
        clock.advance(2 * dayMs);
        await untilGone({ world, clock }, runs.cancelled);
        expect((await world.runs.get(runs.failed)).status).toBe('failed');
        clock.advance(10 * dayMs);
        await untilGone({ world, clock }, runs.failed);
        expect((await world.runs.get(runs.completed)).status).toBe('completed');
      },
      { env: { WORKFLOW_PAWL_RETENTION: 'completed=never,failed=10d,cancelled=2d' } },
    );

    timedPolicy(
      'deletes a run of any size by and by',
      async ({ world, clock }) => {
        const [runId, stream] = [await runningRun(world), newStreamName()];
        for (let part = 0; part < 3; part += 1) {
          await world.writeToStreamMulti?.(
            stream,
            runId,
            Array.from({ length: 1_500 }, () => 'chunk'),
          );
        }
        await world.events.create(runId, build.runCompleted());
        await world.start?.();
        clock.advance(dayMs);
        await untilGone({ world, clock }, runId);
        expect(await world.listStreamsByRunId(runId)).toEqual([]);
      },
      { env: { WORKFLOW_PAWL_RETENTION: '12h' } },
    );
  });
}

/** Lets time pass, minute by minute, for a worker to look what is kept no longer. */
async function untilGone({ world, clock }: TimedScene, runId: string): Promise<void> {
  await vi.waitUntil(
    async () => {
      clock.advance(60_000);
      return await world.runs.get(runId, { resolveData: 'none' }).then(() => false, WorkflowRunNotFoundError.is);
    },
    { timeout: 30_000, interval: 10 },
  );
}
