import { groupOf, type ChildSpec } from '../children.ts';
import { createContext } from '../context.ts';
import { attemptOf } from '../decide/begin.ts';
import { newExecution } from '../decide/create.ts';
import { FlowError } from '../errors.ts';
import type { SpawnedChild } from '../execution-index.ts';
import { seal } from '../seal.ts';
import { triggersBehind } from '../triggers/trigger-ids.ts';
import type { Execution, Flow, ParentStep } from '../types.ts';
import type { EngineCore } from './core.ts';
import { expectPublished } from './create.ts';
import { expectInput } from './expect-input.ts';
import { stepOf } from './flow-source.ts';
import { askStore } from './store-failure.ts';

/**
 * The children that a wait asks for, ready to be committed with it. Throws FLOW_NOT_FOUND, INVALID_INPUT, or
 * MAX_STEPS when a flow calls itself without end.
 */
export async function prepareChildren(
  core: EngineCore,
  execution: Execution,
  specs: readonly ChildSpec[],
): Promise<readonly SpawnedChild[]> {
  const attempt = attemptOf(execution);
  const group = groupOf(attempt);
  const created = execution.join?.created ?? 0;
  if (specs.length > 0) expectDepth(core, execution);
  const children: SpawnedChild[] = [];
  const flows = askedOnce(core);
  for (const [offset, spec] of specs.entries()) {
    const place = Object.freeze({ stepId: attempt.stepId, group, index: created + offset });
    children.push(await prepareChild(core, execution, spec, { place, flows }));
  }
  return children;
}

type AskFlow = (flowId: string, version: string | undefined) => Promise<Flow>;

/** Children that are started together are of one version, and the registry is asked for it once. */
function askedOnce(core: EngineCore): AskFlow {
  const asked = new Map<string, Promise<Flow>>();
  return (flowId, version) => {
    const key = `${flowId}@${version ?? ''}`;
    const flow = asked.get(key) ?? askStore(core.flows.get(flowId, version));
    asked.set(key, flow);
    return flow;
  };
}

interface Place {
  readonly place: ParentStep;
  readonly flows: AskFlow;
}

async function prepareChild(core: EngineCore, parent: Execution, spec: ChildSpec, { place: step, flows }: Place): Promise<SpawnedChild> {
  const now = core.clock.now();
  const id = core.ids.child(parent.id, now);
  if (spec.kind === 'code') {
    if (!core.code && !core.index.startsCode) {
      throw new FlowError('HANDLER_ERROR', 'A code step needs an engine that was opened on a World.', {
        retryable: false,
      });
    }
    return { ...spec, args: seal(spec.args, { what: 'arguments' }), id, parent: { ...step, executionId: parent.id } };
  }
  const flow = spec.startStepId === undefined ? await flows(spec.flowId, spec.version) : await core.flows.of(parent);
  const context = createContext(spec.context, core.limits);
  if (spec.startStepId === undefined) {
    expectPublished(flow);
    await expectInput(core, flow, context);
  } else stepOf(flow, spec.startStepId);
  const execution = newExecution({
    id,
    flow,
    context,
    now,
    tenantId: parent.tenantId,
    startStepId: spec.startStepId,
    parent: { execution: parent, step },
    metadata: seal(triggersBehind(parent), { what: 'metadata' }),
  });
  return { kind: 'flow', execution };
}

function expectDepth(core: EngineCore, { depth = 0, flowId }: Execution): void {
  if (depth < core.maxDepth) return;
  const message = `Flow "${flowId}" is nested ${depth} executions deep, which is the limit; does it call itself?`;
  throw new FlowError('MAX_STEPS', message, { retryable: false, details: { maxDepth: core.maxDepth } });
}
