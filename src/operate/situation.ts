import { decodeExecution } from '../flow/world/decode-execution.ts';
import { lastEntry } from '../flow/execution-record.ts';
import type { Execution } from '../flow/types.ts';
import { flowNamespace } from '../world/flow-port.ts';
import { type Due, isStepTerminal, isTerminal } from '../world/rows.ts';
import type { Store } from '../world/port.ts';
import { hookOfWait } from './flow-wait.ts';
import type { DeliveryState, FlowSituation, RunSituation } from './explain.ts';
import { humanName } from './run-views.ts';

// A fan-out of more is explained by these: nobody reads a sentence about each.
const mostSteps = 1_000;
const mostHooks = 100;

/** What `explain` needs to know of a run, as of now; undefined: there is no such run. */
export async function readSituation(store: Store, runId: string): Promise<RunSituation | undefined> {
  const { run, openWaits = [] } = await store.loadState({ runId, openWaits: true });
  if (!run) return undefined;
  const over = isTerminal(run.status);
  const isFlow = run.namespace === flowNamespace;
  const [steps, hooks, workers, flow] = await Promise.all([
    over || isFlow ? [] : store.listSteps({ runId, after: undefined, order: 'desc', limit: mostSteps }),
    over || isFlow ? [] : store.listHooks({ runId, after: undefined, order: 'asc', limit: mostHooks }),
    over ? [] : store.listWorkers(),
    over || !isFlow ? null : readFlow(store, runId),
  ]);
  return {
    now: store.now(),
    runId,
    name: humanName(run.workflowName),
    status: run.status,
    deploymentId: run.deploymentId,
    endedAt: run.completedAt,
    error: messageOf(run.error),
    expired: run.expiredAt !== null,
    delivery: deliveryOf(run),
    steps: steps
      .filter((step) => !isStepTerminal(step.status))
      .toReversed()
      .map((step) => ({
        name: humanName(step.stepName),
        attempt: step.attempt,
        startedAt: step.startedAt,
        error: messageOf(step.error),
        delivery: deliveryOf(step),
      })),
    sleeps: isFlow ? [] : openWaits.map(({ dueAt }) => dueAt),
    hooks: hooks.filter(({ status }) => status === 'live').map(({ hookId }) => hookId),
    workers: workers.filter(({ live }) => live),
    flow,
  };
}

async function readFlow(store: Store, runId: string): Promise<FlowSituation | null> {
  const rows = await store.flows.readExecution(runId);
  if (!store.flows || !rows) return null;
  const execution = decodeExecution(rows);
  const { currentStepId, attempt, retryAt, waitMetadata, join, status } = execution;
  const tally = join ? await store.flows.tallyChildren(runId, join.group) : undefined;
  return {
    stepId: currentStepId,
    attempt: attempt?.attempt ?? 1,
    retryAt: retryAt ?? null,
    error: lastFailure(execution),
    wait:
      status === 'waiting' && waitMetadata
        ? { wakeAt: waitMetadata.wakeAt ?? null, hookId: hookOfWait(execution) ?? null, reason: waitMetadata.reason ?? null }
        : null,
    children: join && tally ? { finished: tally.finished, needed: join.wakeWhen } : null,
    cancelRequested: rows.cancelRequest !== null,
  };
}

function lastFailure(execution: Execution): string | null {
  return lastEntry(execution, ({ stepId, status }) => stepId === execution.currentStepId && status === 'failure')?.error?.message ?? null;
}

function deliveryOf({ dueAt, leaseOwner, deliveries }: Due): DeliveryState {
  return { dueAt, leaseOwner, deliveries };
}

function messageOf(error: string | null): string | null {
  if (error === null) return null;
  const { message } = JSON.parse(error) as { readonly message?: unknown };
  return typeof message === 'string' ? message : error;
}
