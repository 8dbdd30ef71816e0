import { EntityConflictError, HookNotFoundError } from '@workflow/errors';
import { isUnavailable } from '../../src/world/errors.ts';
import { persist } from './persist.ts';
import { create, type Stage, unless, workflowName } from './replay.ts';
import type { Program } from './program.ts';

/** What somebody outside does with a run: starts it, resumes its hooks, maybe cancels it. Says whether a cancellation was acknowledged. */
export async function useRun(stage: Stage, program: Program): Promise<boolean> {
  const { time, witness } = stage;
  const { runId, startsAtMs, cancelledAtMs } = program;
  await time.sleep(startsAtMs);
  await persist(stage, () => start(stage, runId));
  const hooks = program.stages.flat().flatMap((part) => (part.kind === 'hook' ? [resume(stage, runId, part.token)] : []));
  const cancelling = cancelledAtMs === undefined ? false : cancel(stage, runId, cancelledAtMs - startsAtMs);
  await Promise.all(hooks);
  const cancelled = await cancelling;
  while (!witness.isOver(runId)) await time.sleep(100);
  return cancelled;
}

/** As `start()` of the SDK does it: both halves at the same time, either may come first, and one of them is enough. */
async function start(stage: Stage, runId: string): Promise<void> {
  const { world } = stage;
  const eventData = { deploymentId: 'dpl_pawl', workflowName, input: new Uint8Array([3]) };
  const creating = unless(create(stage, runId, { eventType: 'run_created', eventData }), EntityConflictError).catch((error: unknown) => {
    if (!isUnavailable(error)) throw error;
  });
  const queueing = world.queue(`__wkf_workflow_${workflowName}`, { runId, runInput: { ...eventData, specVersion: 3 } });
  await Promise.all([creating, queueing]);
}

async function resume(stage: Stage, runId: string, token: string): Promise<void> {
  const { world, time, witness } = stage;
  while (!witness.isOver(runId)) {
    const hook = await persist(stage, () => unless(world.hooks.getByToken(token), HookNotFoundError));
    if (hook) {
      const request = { eventType: 'hook_received', correlationId: hook.hookId, eventData: { payload: new Uint8Array([4]) } };
      // More often than anybody waits for it, so that some arrive while the run completes.
      for (let times = 0; times < 3; times += 1) {
        const taken = await persist(stage, () => unless(create(stage, runId, request), HookNotFoundError));
        if (!taken) return;
        await persist(stage, () => world.queue(`__wkf_workflow_${workflowName}`, { runId }));
        await time.sleep(times * 3);
      }
      return;
    }
    await time.sleep(200);
  }
}

async function cancel(stage: Stage, runId: string, afterMs: number): Promise<boolean> {
  await stage.time.sleep(afterMs);
  const cancelled = await persist(stage, () => unless(create(stage, runId, { eventType: 'run_cancelled' }), EntityConflictError));
  return cancelled !== undefined;
}
