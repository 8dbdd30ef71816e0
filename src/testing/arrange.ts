import type { CreateEventRequest, RunCreatedEventRequest, World } from '@workflow/world';
import * as build from './event-builders.ts';
import { newRunId, newStepId, newStepName } from './ids.ts';
import { registerStepName } from './registered-steps.ts';

/** The three ways in which a run ends. */
export const endings = ['completed', 'failed', 'cancelled'] as const;
export type Ending = (typeof endings)[number];

export function endingEvent(ending: Ending): CreateEventRequest {
  if (ending === 'completed') return build.runCompleted();
  return ending === 'failed' ? build.runFailed() : build.runCancelled();
}

/** Creates a run and returns its id. */
export async function pendingRun(
  world: World,
  eventData?: Partial<RunCreatedEventRequest['eventData']>,
  runId: string = newRunId(),
): Promise<string> {
  await world.events.create(runId, build.runCreated(eventData));
  return runId;
}

/** Creates and starts a run and returns its id. */
export async function runningRun(world: World, eventData?: Partial<RunCreatedEventRequest['eventData']>, runId?: string): Promise<string> {
  const id = await pendingRun(world, eventData, runId);
  await world.events.create(id, build.runStarted());
  return id;
}

/** Creates, starts and ends a run and returns its id. */
export async function finishedRun(world: World, ending: Ending): Promise<string> {
  const runId = await runningRun(world);
  await world.events.create(runId, endingEvent(ending));
  return runId;
}

/** Adds a step to a run and returns its id. */
export async function pendingStep(world: World, runId: string, stepName?: string): Promise<string> {
  const stepId = newStepId();
  await world.events.create(runId, build.stepCreated(stepId, stepName === undefined ? {} : { stepName }));
  return stepId;
}

/** Adds a step to a run, starts it once and returns its id. */
/** A step that workers of this process can deliver, of a run of its own. */
export async function deliverableStep(world: World): Promise<{ runId: string; stepName: string; stepId: string }> {
  const runId = await runningRun(world);
  const stepName = registerStepName(newStepName());
  return { runId, stepName, stepId: await pendingStep(world, runId, stepName) };
}

export async function runningStep(world: World, runId: string): Promise<string> {
  const stepId = await pendingStep(world, runId);
  await world.events.create(runId, build.stepStarted(stepId));
  return stepId;
}
