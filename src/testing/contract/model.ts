import type { CreateEventRequest, RunCreatedEventRequest } from '@workflow/world';
import * as build from '../event-builders.ts';

/** One call of a random program; ids are small numbers, so that calls get in each other's way. */
export interface Operation {
  readonly type: CreateEventRequest['eventType'] | 'run_created';
  readonly run: number;
  readonly id: number;
  /** Chooses between forms of one event: with or without data, now or later. */
  readonly form: number;
}

/** What may come of an operation. `log` are the lines it appends if it succeeds; without it, it has to fail. */
export interface Verdict {
  readonly log?: readonly string[];
  /** Names of the errors it may fail with instead. */
  readonly errors: readonly string[];
  /** Brings the model up to date after success. */
  apply(): void;
}

interface RunModel {
  status: 'absent' | 'pending' | 'running' | 'completed' | 'failed' | 'cancelled';
  readonly steps: Map<string, { status: string; gated: boolean }>;
  readonly hooks: Map<string, 'live' | 'gone' | 'conflict'>;
  readonly waits: Map<string, 'waiting' | 'completed'>;
  readonly log: string[];
}

const notFound = ['WorkflowRunNotFoundError', 'WorkflowWorldError', 'HookNotFoundError'];
const conflict = ['EntityConflictError'];

/** The rules of a World's log, written down a second time and without a store: what a random program is held against. */
export function createModel(runIds: readonly string[], tokens: readonly string[]) {
  const runs = runIds.map((): RunModel => ({ status: 'absent', steps: new Map(), hooks: new Map(), waits: new Map(), log: [] }));
  const holders = new Map<string, { run: number; hookId: string }>();
  const tokenOf = (id: number) => tokens[id % tokens.length] as string;

  function judge(operation: Operation): Verdict {
    const run = runs[operation.run] as RunModel;
    const [kind] = operation.type.split('_');
    if (kind === 'run') return judgeRun(run, operation);
    if (run.status === 'absent') return fails(notFound);
    if (kind === 'step') return judgeStep(run, operation);
    return kind === 'hook' ? judgeHook(run, operation) : judgeWait(run, operation);
  }

  function judgeRun(run: RunModel, { type, run: index, form }: Operation): Verdict {
    const status = type.slice('run_'.length) as RunModel['status'] & ('completed' | 'failed' | 'cancelled');
    if (type === 'run_created') return run.status === 'absent' ? appends(run, [type], () => (run.status = 'pending')) : fails(conflict);
    if (type === 'run_started') {
      if (run.status === 'absent') {
        return form % 2 === 0 ? fails(['WorkflowRunNotFoundError']) : appends(run, ['run_created', type], () => (run.status = 'running'));
      }
      if (run.status === 'running') return appends(run, [], () => {});
      return run.status === 'pending' ? appends(run, [type], () => (run.status = 'running')) : fails(['RunExpiredError']);
    }
    if (run.status === 'absent') return fails(['WorkflowRunNotFoundError']);
    if (type === 'run_cancelled' && run.status === 'cancelled') return appends(run, [type], () => {});
    if (isOver(run)) return fails(conflict);
    return appends(run, [type], () => {
      run.status = status;
      for (const hookId of run.hooks.keys()) release(run, index, hookId);
    });
  }

  function judgeStep(run: RunModel, { type, id, form }: Operation): Verdict {
    const stepId = stepIds[id] as string;
    const [step, line] = [run.steps.get(stepId), [`${type}:${stepId}`]];
    if (type === 'step_created') {
      const add = () => run.steps.set(stepId, { status: 'pending', gated: false });
      return isOver(run) || step ? fails(conflict) : appends(run, line, add);
    }
    if (!step) return fails(isOver(run) ? [...notFound, 'RunExpiredError'] : notFound);
    const ended = step.status === 'completed' || step.status === 'failed';
    if (ended) return fails(isOver(run) && type === 'step_started' ? [...conflict, 'RunExpiredError'] : conflict);
    if (type === 'step_started') {
      if (isOver(run)) return fails(['RunExpiredError']);
      return step.gated ? fails(['TooEarlyError']) : appends(run, line, () => (step.status = 'running'));
    }
    const waits = step.status === 'pending' && isOver(run);
    if (waits && type === 'step_failed') return fails(conflict);
    const succeed = appends(run, line, () => {
      step.status = type === 'step_retrying' ? 'pending' : type.slice('step_'.length);
      step.gated = type === 'step_retrying' && form % 2 === 1;
    });
    // What a step that waits for its start may still report after the end of its run is left to the World.
    return waits ? { ...succeed, errors: conflict } : succeed;
  }

  function judgeHook(run: RunModel, { type, run: index, id }: Operation): Verdict {
    const [hookId, token] = [hookIds[id] as string, tokenOf(id)];
    const [state, line] = [run.hooks.get(hookId), [`${type}:${hookId}`]];
    if (type === 'hook_received') return state === 'live' ? appends(run, line, () => {}) : fails(['HookNotFoundError']);
    if (type === 'hook_disposed') {
      return state === 'live' ? appends(run, line, () => release(run, index, hookId)) : fails(['HookNotFoundError', ...conflict]);
    }
    if (isOver(run)) return fails(conflict);
    if (state === 'conflict') return appends(run, [], () => {});
    if (state) return fails(conflict);
    if (holders.has(token)) return appends(run, [`hook_conflict:${hookId}`], () => run.hooks.set(hookId, 'conflict'));
    return appends(run, line, () => {
      run.hooks.set(hookId, 'live');
      holders.set(token, { run: index, hookId });
    });
  }

  function judgeWait(run: RunModel, { type, id }: Operation): Verdict {
    const waitId = waitIds[id] as string;
    const [state, line] = [run.waits.get(waitId), [`${type}:${waitId}`]];
    if (isOver(run)) return fails(conflict);
    if (type === 'wait_created') return state ? fails(conflict) : appends(run, line, () => run.waits.set(waitId, 'waiting'));
    if (!state) return fails(['WorkflowWorldError']);
    return state === 'completed' ? fails(conflict) : appends(run, line, () => run.waits.set(waitId, 'completed'));
  }

  function release(run: RunModel, index: number, hookId: string): void {
    if (run.hooks.get(hookId) !== 'live') return;
    run.hooks.set(hookId, 'gone');
    for (const [token, holder] of holders) {
      if (holder.run === index && holder.hookId === hookId) holders.delete(token);
    }
  }

  return { judge, runs, tokenOf };
}

export type Model = ReturnType<typeof createModel>;

/** The call that an operation stands for. */
export function requestOf({ type, id, form }: Operation, model: Model): CreateEventRequest | RunCreatedEventRequest {
  const [stepId, hookId, waitId] = [stepIds[id], hookIds[id], waitIds[id]] as [string, string, string];
  const later = new Date(Date.now() + 3_600_000);
  const requests: Record<Operation['type'], () => CreateEventRequest | RunCreatedEventRequest> = {
    run_created: () => build.runCreated(),
    run_started: () => build.runStarted(form % 2 === 0 ? undefined : { deploymentId: 'd', workflowName: 'w', input: form }),
    run_completed: () => build.runCompleted(form),
    run_failed: () => build.runFailed(),
    run_cancelled: () => build.runCancelled(),
    step_created: () => build.stepCreated(stepId),
    step_started: () => build.stepStarted(stepId),
    step_completed: () => build.stepCompleted(stepId, form),
    step_failed: () => build.stepFailed(stepId),
    step_retrying: () => build.stepRetrying(stepId, form % 2 === 1 ? { retryAfter: later } : {}),
    hook_created: () => build.hookCreated(hookId, { token: model.tokenOf(id) }),
    hook_received: () => build.hookReceived(hookId, form),
    hook_disposed: () => build.hookDisposed(hookId),
    wait_created: () => build.waitCreated(waitId, later),
    wait_completed: () => build.waitCompleted(waitId),
  };
  return requests[type]();
}

const stepIds = ['step_a', 'step_b', 'step_c'];
const hookIds = ['hook_a', 'hook_b', 'hook_c'];
const waitIds = ['wait_a', 'wait_b', 'wait_c'];

function appends(run: RunModel, log: readonly string[], change: () => unknown): Verdict {
  const apply = () => {
    run.log.push(...log);
    change();
  };
  return { log, errors: [], apply };
}

function fails(errors: readonly string[]): Verdict {
  return { errors, apply: () => {} };
}

function isOver(run: RunModel): boolean {
  return ['completed', 'failed', 'cancelled'].includes(run.status);
}
