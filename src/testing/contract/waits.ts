import { describe, expect } from 'vitest';
import * as build from '../event-builders.ts';
import { endings, endingEvent, finishedRun, runningRun } from '../arrange.ts';
import { entityConflict, expectError, expectThrown, notFound } from '../expect-error.ts';
import { newWaitId } from '../ids.ts';
import { brokenLogRules } from '../log-rules.ts';
import { dataOf, logOf, readLog } from '../read-log.ts';
import type { Contract } from './contract.ts';

const hourMs = 3_600_000;

export function waits({ policy, timedPolicy }: Contract): void {
  describe('waits', () => {
    policy('creates a wait that knows when to resume, to the millisecond', async ({ world }) => {
      const [runId, waitId, resumeAt] = [await runningRun(world), newWaitId(), inAnHour()];
      const { wait, event } = await world.events.create(runId, build.waitCreated(waitId, resumeAt));
      expect(wait).toMatchObject({ runId, waitId: `${runId}-${waitId}`, status: 'waiting', resumeAt, specVersion: 3 });
      expect(wait?.completedAt).toBeUndefined();
      expect(event).toMatchObject({ eventType: 'wait_created', correlationId: waitId, eventData: { resumeAt } });
      expect(dataOf((await readLog(world, runId)).at(-1))?.['resumeAt']).toEqual(resumeAt);
    });

    policy('a wait may lie a century ahead', async ({ world }) => {
      const [runId, resumeAt] = [await runningRun(world), new Date(Date.now() + 100 * 365 * 24 * hourMs)];
      const { wait } = await world.events.create(runId, build.waitCreated(newWaitId(), resumeAt));
      expect(wait?.resumeAt).toEqual(resumeAt);
    });

    policy('creating a wait twice is a conflict, and the first resumeAt stays', async ({ world }) => {
      const [runId, waitId, resumeAt] = [await runningRun(world), newWaitId(), inAnHour()];
      await world.events.create(runId, build.waitCreated(waitId, resumeAt));
      const later = new Date(resumeAt.getTime() + hourMs);
      await expectError(world.events.create(runId, build.waitCreated(waitId, later)), entityConflict());
      const log = await readLog(world, runId);
      expect(log).toHaveLength(3);
      expect(dataOf(log[2])?.['resumeAt']).toEqual(resumeAt);
    });

    policy('a completed wait is not created again', async ({ world }) => {
      const [runId, waitId] = [await runningRun(world), newWaitId()];
      await world.events.create(runId, build.waitCreated(waitId, inAnHour()));
      await world.events.create(runId, build.waitCompleted(waitId));
      await expectError(world.events.create(runId, build.waitCreated(waitId, inAnHour())), entityConflict());
      expect((await logOf(world, runId)).at(-1)).toBe(`wait_completed:${waitId}`);
    });

    policy('completes a wait, also before its time if somebody asks', async ({ world }) => {
      const [runId, waitId, resumeAt] = [await runningRun(world), newWaitId(), inAnHour()];
      await world.events.create(runId, build.waitCreated(waitId, resumeAt));
      const { wait, event } = await world.events.create(runId, build.waitCompleted(waitId, resumeAt));
      expect(wait).toMatchObject({ waitId: `${runId}-${waitId}`, status: 'completed', resumeAt });
      expect(wait?.completedAt?.getTime()).toBe(event?.createdAt.getTime());
      expect(dataOf(event)?.['resumeAt']).toEqual(resumeAt);
    });

    policy('completing a wait needs no data', async ({ world }) => {
      const [runId, waitId] = [await runningRun(world), newWaitId()];
      await world.events.create(runId, build.waitCreated(waitId, inAnHour()));
      const { wait } = await world.events.create(runId, build.waitCompleted(waitId));
      expect(wait?.status).toBe('completed');
    });

    policy('completing a wait twice is a conflict without a second event', async ({ world }) => {
      const [runId, waitId] = [await runningRun(world), newWaitId()];
      await world.events.create(runId, build.waitCreated(waitId, inAnHour()));
      await world.events.create(runId, build.waitCompleted(waitId));
      const log = await readLog(world, runId);
      await expectError(world.events.create(runId, build.waitCompleted(waitId)), entityConflict());
      expect(await readLog(world, runId)).toEqual(log);
    });

    policy('a wait that does not exist cannot be completed', async ({ world }) => {
      const runId = await runningRun(world);
      await expectError(world.events.create(runId, build.waitCompleted(newWaitId())), notFound);
      expect(await logOf(world, runId)).toEqual(['run_created', 'run_started']);
    });

    policy('the same wait id in two runs means two waits', async ({ world }) => {
      const [first, second, waitId] = [await runningRun(world), await runningRun(world), newWaitId()];
      await world.events.create(first, build.waitCreated(waitId, inAnHour()));
      await world.events.create(second, build.waitCreated(waitId, inAnHour()));
      await world.events.create(first, build.waitCompleted(waitId));
      const { wait } = await world.events.create(second, build.waitCompleted(waitId));
      expect(wait?.runId).toBe(second);
    });

    for (const ending of endings) {
      policy(`no wait is created on a run that is ${ending}`, async ({ world }) => {
        const runId = await finishedRun(world, ending);
        const log = await readLog(world, runId);
        const create = world.events.create(runId, build.waitCreated(newWaitId(), inAnHour()));
        await expectError(create, entityConflict(/terminal run|terminal state/i));
        expect(await readLog(world, runId)).toEqual(log);
      });

      // Its waits are gone with the run, yet "not found" would make the SDK try again and again.
      policy(`completing a wait of a run that is ${ending} is a conflict`, async ({ world }) => {
        const [runId, waitId] = [await runningRun(world), newWaitId()];
        await world.events.create(runId, build.waitCreated(waitId, inAnHour()));
        await world.events.create(runId, endingEvent(ending));
        const log = await readLog(world, runId);
        await expectError(world.events.create(runId, build.waitCompleted(waitId)), entityConflict());
        await expectError(world.events.create(runId, build.waitCompleted(newWaitId())), entityConflict());
        expect(await readLog(world, runId)).toEqual(log);
      });
    }

    timedPolicy(
      'whoever completes an elapsed wait, it is completed once and with the instant it was created for',
      async ({ world, clock }) => {
        const [runId, waitId] = [await runningRun(world), newWaitId()];
        const resumeAt = new Date(clock.now() + 1_500);
        await world.events.create(runId, build.waitCreated(waitId, resumeAt));
        await world.events.create(runId, build.runStarted());
        expect(await logOf(world, runId)).not.toContain(`wait_completed:${waitId}`);
        clock.advance(1_500);
        // A World may complete it here, on the way to a replay, or leave it to the replay.
        await world.events.create(runId, build.runStarted());
        await world.events.create(runId, build.waitCompleted(waitId, resumeAt)).catch(async (error: unknown) => {
          expectThrown(error, entityConflict());
        });
        const log = await readLog(world, runId);
        expect(brokenLogRules(log)).toEqual([]);
        expect(log.filter((event) => event.eventType === 'wait_completed')).toHaveLength(1);
        expect(dataOf(log.at(-1))?.['resumeAt']).toEqual(resumeAt);
      },
    );
  });
}

function inAnHour(): Date {
  return new Date(Date.now() + hourMs + 7);
}
