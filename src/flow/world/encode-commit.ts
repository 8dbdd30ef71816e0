import { encodeFields } from '../../base/codec.ts';
import { currentCarrier } from '../../base/tracing.ts';
import type { ChildEnd, ExecutionWrite } from '../../world/flow-port.ts';
import type { RunRow } from '../../world/rows.ts';
import { decide } from '../../world/rules/decide.ts';
import type { EventRequest } from '../../world/rules/request.ts';
import { specVersion } from '../../world/rules/spec-version.ts';
import { shardOf } from '../../world/shard.ts';
import { atCommit, type Transition } from '../../world/transition.ts';
import type { ChildResult } from '../children.ts';
import type { ExecutionCommit, SpawnedChild, SpawnedCode } from '../execution-index.ts';
import type { Execution, StepHistoryEntry } from '../types.ts';
import { allValues, changedValues, encodeState } from './encode-execution.ts';
import { flowNamespace, type FlowWorld, workflowNameOf } from './flow-world.ts';
import { frame } from './frame.ts';
import { logEntries } from './log-entries.ts';

export interface WriteContext extends Pick<FlowWorld, 'deploymentId' | 'namespace'> {
  readonly now: number;
  readonly usedHookId?: string | undefined;
  readonly leftHookId?: string | undefined;
}

/** The write of a commit: what is new in it, and nothing else. */
export function encodeCommit(commit: ExecutionCommit, context: WriteContext): ExecutionWrite {
  const { execution, previous, expectedRevision, epoch, writes, tail, facts, dueAt, join, spawn, settles, cancelChildren } = commit;
  const isNew = expectedRevision === 0;
  const log = logEntries(commit, context);
  // One literal without a spread: this is made for each step.
  return {
    shard: shardOf(execution.id),
    runId: execution.id,
    now: context.now,
    status: log.status,
    error: log.error,
    outputEvent: log.outputEvent,
    events: log.events,
    steps: log.steps,
    waits: log.waits,
    hooks: log.hooks,
    heard: log.heard,
    expectedRevision,
    epoch: epoch ?? null,
    create: isNew ? runRow(execution, context) : null,
    state: encodeState(execution),
    replace: previous === undefined,
    values: previous === undefined ? allValues(execution) : changedValues({ execution, previous, writes, facts }),
    history: encodeHistory(previous === undefined ? execution.history : tail),
    key: isNew ? keyOf(execution) : null,
    dueAt,
    join: join === null || execution.status !== 'waiting' ? null : { group: join.group, wakeWhen: join.wakeWhen, at: execution.updatedAt },
    children: spawn.flatMap(childOf),
    settles: settles ? encodeEnd(settles) : null,
    cancelChildren: cancelChildren
      ? {
          group: cancelChildren.group ?? null,
          cancellation: JSON.stringify(cancelChildren.cancellation),
          at: cancelChildren.cancellation.cancelledAt,
        }
      : null,
    consumesToken: commit.consumesToken ?? null,
  };
}

/** A child execution as it begins. */
export function encodeChild(execution: Execution, context: WriteContext): ExecutionWrite {
  const facts = [{ type: 'created', at: execution.createdAt }] as const;
  const first = { execution, expectedRevision: 0, writes: [], tail: execution.history, facts, spawn: [], join: null };
  return encodeCommit({ ...first, dueAt: execution.createdAt }, context);
}

/** The run of a "use workflow" function, born like any other. */
export function encodeCodeRun({ id, workflow, args }: SpawnedCode, { deploymentId, namespace, now }: WriteContext): Transition {
  const data = { deploymentId, workflowName: workflow };
  const request: EventRequest = {
    runId: id,
    type: 'run_created',
    correlationId: '',
    specVersion,
    data,
    meta: encodeFields(data),
    payload: frame([...args]),
    params: {},
  };
  const unneeded = { encryptionKeyId: null, runLease: null, stepLease: null, bearStepFor: null, waiveStaleness: false };
  const rules = { now, hostNow: now, namespace, ...unneeded };
  const decision = decide(request, { run: undefined }, rules);
  if (decision.kind === 'commit') return decision.transition;
  throw new TypeError(`Run ${id} cannot be created.`);
}

function encodeHistory(entries: readonly StepHistoryEntry[]): string[] {
  return entries.map((entry) => JSON.stringify(entry));
}

export function encodeEnd({ output, error, ...end }: ChildResult): ChildEnd {
  return {
    ...end,
    output: output === undefined ? null : JSON.stringify(output),
    error: error === undefined ? null : JSON.stringify(error),
  };
}

function runRow(execution: Execution, { deploymentId }: WriteContext): RunRow {
  // Whoever starts it, its deliveries are part of the same trace.
  const traceCarrier = currentCarrier();
  return {
    shard: shardOf(execution.id),
    runId: execution.id,
    namespace: flowNamespace,
    status: 'pending',
    deploymentId,
    workflowName: workflowNameOf(execution),
    specVersion,
    executionContext: traceCarrier === undefined ? null : encodeFields({ traceCarrier }),
    encryptionKeyId: null,
    error: null,
    inputSeq: null,
    outputSeq: null,
    createdAt: atCommit,
    updatedAt: atCommit,
    startedAt: null,
    completedAt: null,
    expiredAt: null,
    lastSeq: 0,
    lastMs: 0,
    markerMs: 0,
    dueAt: null,
    leaseOwner: null,
    leaseEpoch: 0,
    deliveries: 0,
  };
}

function keyOf({ tenantId, flowId, idempotencyKey, idempotencyExpiresAt }: Execution): ExecutionWrite['key'] {
  if (idempotencyKey === undefined) return null;
  return { tenantId: tenantId ?? null, flowId, key: idempotencyKey, expiresAt: idempotencyExpiresAt ?? 0 };
}

/** Children without a step of their parent, such as a compensation, are no one's to join or cancel. */
function childOf(child: SpawnedChild): ExecutionWrite['children'] {
  const place = child.kind === 'flow' ? child.execution.parentStep : child.parent;
  if (!place) return [];
  return [{ group: place.group, index: place.index, childId: child.kind === 'flow' ? child.execution.id : child.id, kind: child.kind }];
}
