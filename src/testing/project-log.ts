import type { Event } from '@workflow/world';
import { dataOf } from './read-log.ts';

export interface ProjectedStep {
  readonly status: string;
  readonly attempt: number;
}

export interface ProjectedRun {
  readonly status: string;
  readonly steps: Readonly<Record<string, ProjectedStep>>;
  /** Live hooks: hook id to token. */
  readonly hooks: Readonly<Record<string, string>>;
}

/** What the entities of a run must look like if its log is the source of truth. */
export function projectLog(log: readonly Event[]): ProjectedRun {
  let status = 'absent';
  const steps: Record<string, ProjectedStep> = {};
  let hooks: Record<string, string> = {};
  for (const event of log) {
    status = runStatusAfter(event, status);
    if (['completed', 'failed', 'cancelled'].includes(status)) hooks = {};
    const id = event.correlationId ?? '';
    const step = stepAfter(event, steps[id]);
    if (step) steps[id] = step;
    if (event.eventType === 'hook_created') hooks[id] = String(dataOf(event)?.['token']);
    if (event.eventType === 'hook_disposed') delete hooks[id];
  }
  return { status, steps, hooks };
}

function runStatusAfter({ eventType }: Event, status: string): string {
  if (!eventType.startsWith('run_')) return status;
  const next = eventType.slice('run_'.length);
  if (next === 'created') return 'pending';
  return next === 'started' ? 'running' : next;
}

function stepAfter({ eventType }: Event, step: ProjectedStep = { status: 'absent', attempt: 0 }): ProjectedStep | undefined {
  switch (eventType) {
    case 'step_created':
      return { status: 'pending', attempt: 0 };
    case 'step_started':
      return { status: 'running', attempt: step.attempt + 1 };
    case 'step_retrying':
      return { ...step, status: 'pending' };
    case 'step_completed':
    case 'step_failed':
      return { ...step, status: eventType.slice('step_'.length) };
    default:
      return undefined;
  }
}
