import { describe, expect } from 'vitest';
import * as build from '../event-builders.ts';
import { finishedRun, runningRun, runningStep } from '../arrange.ts';
import { entityConflict, expectError, preconditionFailed } from '../expect-error.ts';
import { newHookId, newWaitId } from '../ids.ts';
import { eventIdMs } from '../log-rules.ts';
import { readLog } from '../read-log.ts';
import type { Contract } from './contract.ts';

// A replay says how new the log was that it worked on. What came from outside after that must not be overlooked.
export function precondition({ policy, timedPolicy }: Contract): void {
  describe('the 412 guard on run_completed', () => {
    for (const [label, fromOutside] of [
      ['a hook received', 'hook_received'],
      ['a step completed', 'step_completed'],
    ] as const) {
      policy(`a result computed before ${label} is refused, and changes nothing`, async ({ world }) => {
        const runId = await runningRun(world);
        const [hookId, stepId] = [newHookId(), await runningStep(world, runId)];
        await world.events.create(runId, build.hookCreated(hookId));
        const external = fromOutside === 'hook_received' ? build.hookReceived(hookId) : build.stepCompleted(stepId);
        const { event } = await world.events.create(runId, external);
        const log = await readLog(world, runId);
        const stale = { stateUpdatedAt: eventIdMs(event) - 1 };
        await expectError(world.events.create(runId, build.runCompleted(), stale), preconditionFailed);
        expect((await world.runs.get(runId)).status).toBe('running');
        expect(await readLog(world, runId)).toEqual(log);
        expect((await world.hooks.get(hookId)).hookId).toBe(hookId);
      });

      policy(`a result computed with ${label} is accepted`, async ({ world }) => {
        const runId = await runningRun(world);
        const [hookId, stepId] = [newHookId(), await runningStep(world, runId)];
        await world.events.create(runId, build.hookCreated(hookId));
        const external = fromOutside === 'hook_received' ? build.hookReceived(hookId) : build.stepCompleted(stepId);
        const { event } = await world.events.create(runId, external);
        const { run } = await world.events.create(runId, build.runCompleted(), { stateUpdatedAt: eventIdMs(event) });
        expect(run?.status).toBe('completed');
      });
    }

    timedPolicy('an event from outside is newer than all that a replay can have seen, even in the same millisecond', async ({ world }) => {
      const runId = await runningRun(world);
      const hookId = newHookId();
      await world.events.create(runId, build.hookCreated(hookId));
      for (let round = 0; round < 3; round += 1) {
        const seen = eventIdMs((await readLog(world, runId)).at(-1));
        await world.events.create(runId, build.hookReceived(hookId));
        await expectError(world.events.create(runId, build.runCompleted(), { stateUpdatedAt: seen }), preconditionFailed);
      }
      const seen = eventIdMs((await readLog(world, runId)).at(-1));
      const { run } = await world.events.create(runId, build.runCompleted(), { stateUpdatedAt: seen });
      expect(run?.status).toBe('completed');
    });

    policy('what a replay wrote itself does not stand in the way of its result', async ({ world }) => {
      const runId = await runningRun(world);
      const stepId = await runningStep(world, runId);
      const { event } = await world.events.create(runId, build.stepCompleted(stepId));
      const seen = { stateUpdatedAt: eventIdMs(event) };
      const [hookId, waitId] = [newHookId(), newWaitId()];
      await world.events.create(runId, build.hookCreated(hookId), seen);
      await world.events.create(runId, build.waitCreated(waitId, new Date(Date.now() + 1e7)), seen);
      await world.events.create(runId, build.waitCompleted(waitId), seen);
      await world.events.create(runId, build.hookDisposed(hookId), seen);
      const { run } = await world.events.create(runId, build.runCompleted(), seen);
      expect(run?.status).toBe('completed');
    });

    policy('a run without events from outside accepts any snapshot', async ({ world }) => {
      const { run } = await world.events.create(await runningRun(world), build.runCompleted(), { stateUpdatedAt: 0 });
      expect(run?.status).toBe('completed');
    });

    policy('a snapshot may have a fraction of a millisecond', async ({ world }) => {
      const runId = await runningRun(world);
      const { event } = await world.events.create(runId, build.stepCompleted(await runningStep(world, runId)));
      const { run } = await world.events.create(runId, build.runCompleted(), { stateUpdatedAt: eventIdMs(event) + 0.5 });
      expect(run?.status).toBe('completed');
    });

    policy('a result without a snapshot is not guarded', async ({ world }) => {
      const runId = await runningRun(world);
      await world.events.create(runId, build.stepCompleted(await runningStep(world, runId)));
      const { run } = await world.events.create(runId, build.runCompleted());
      expect(run?.status).toBe('completed');
    });

    policy('failing and cancelling are not guarded', async ({ world }) => {
      for (const end of [build.runFailed(), build.runCancelled()]) {
        const runId = await runningRun(world);
        await world.events.create(runId, build.stepCompleted(await runningStep(world, runId)));
        await world.events.create(runId, end);
        expect((await world.runs.get(runId)).status).not.toBe('running');
      }
    });

    policy('a finished run answers with a conflict, however old the snapshot', async ({ world }) => {
      const runId = await finishedRun(world, 'completed');
      await expectError(world.events.create(runId, build.runCompleted(), { stateUpdatedAt: 0 }), entityConflict(/terminal state/i));
    });

    policy(
      'a run that is refused twenty times in a row ends all the same, for hooks may arrive faster than it is replayed',
      async ({ world }) => {
        const runId = await runningRun(world);
        const hookId = newHookId();
        await world.events.create(runId, build.hookCreated(hookId));
        const replay = async () => {
          await world.events.create(runId, build.runStarted());
          const seen = { stateUpdatedAt: eventIdMs((await readLog(world, runId)).at(-1)) };
          await world.events.create(runId, build.hookReceived(hookId));
          return world.events.create(runId, build.runCompleted(), seen);
        };
        for (let round = 0; round < 20; round += 1) await expectError(replay(), preconditionFailed);
        expect((await replay()).run?.status).toBe('completed');
      },
    );

    policy('a result may be tried again with a newer snapshot', async ({ world }) => {
      const runId = await runningRun(world);
      const { event } = await world.events.create(runId, build.stepCompleted(await runningStep(world, runId)));
      const stateUpdatedAt = eventIdMs(event);
      await expectError(world.events.create(runId, build.runCompleted(), { stateUpdatedAt: stateUpdatedAt - 1 }), preconditionFailed);
      const { run } = await world.events.create(runId, build.runCompleted(), { stateUpdatedAt });
      expect(run?.status).toBe('completed');
    });
  });
}
