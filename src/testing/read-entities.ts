import type { World } from '@workflow/world';
import type { ProjectedRun } from './project-log.ts';
import { readAllPages } from './read-log.ts';

/** The entities of a run as the World shows them, in the form in which `projectLog` says what they should be. */
export async function readEntities(world: World, runId: string): Promise<ProjectedRun> {
  const run = await world.runs.get(runId);
  const steps = await readAllPages((pagination) => world.steps.list({ runId, pagination }));
  const hooks = await readAllPages((pagination) => world.hooks.list({ runId, pagination }));
  return {
    status: run.status,
    steps: Object.fromEntries(steps.map(({ stepId, status, attempt }) => [stepId, { status, attempt }])),
    hooks: Object.fromEntries(hooks.map(({ hookId, token }) => [hookId, token])),
  };
}
