import { FlowError } from '../errors.ts';
import type { FlowRegistry } from '../ports.ts';
import { isSealed } from '../seal.ts';
import type { Execution, Flow, Step } from '../types.ts';
import { parseFlow } from '../validate.ts';

/** Flows as the Engine runs them: valid and frozen, whoever keeps them. */
export interface FlowSource {
  /** The newest published version, or the named one. Throws FLOW_NOT_FOUND. */
  get(id: string, version?: string): Promise<Flow>;
  /** The version an execution is pinned to. */
  of(execution: Pick<Execution, 'flowId' | 'flowVersion'>): Promise<Flow>;
}

export function createFlowSource(registry: FlowRegistry): FlowSource {
  // A registry of the user's may hand out flows that nobody checked and that still can change.
  const checked = new WeakMap<Flow, Flow>();

  async function find(id: string, version: string | undefined): Promise<Flow | undefined> {
    // A version stays what it is; which one is the newest may have changed since anybody here asked.
    if (version === undefined) return (await registry.load?.(id)) ?? registry.get(id);
    if (registry.stored) return registry.stored(id, version);
    return registry.get(id, version) ?? (await registry.load?.(id, version));
  }

  async function get(id: string, version?: string): Promise<Flow> {
    const flow = await find(id, version);
    if (!flow) throw notFound(id, version);
    if (isSealed(flow)) return flow;
    const known = checked.get(flow) ?? parseFlow(flow);
    checked.set(flow, known);
    return known;
  }

  return { get, of: ({ flowId, flowVersion }) => get(flowId, flowVersion) };
}

/** A step that a pinned version is known to have. */
export function stepOf(flow: Flow, stepId: string): Step {
  const step = Object.hasOwn(flow.steps, stepId) ? flow.steps[stepId] : undefined;
  if (step) return step;
  throw new FlowError('INVALID_TRANSITION', `Flow ${flow.id}@${flow.version} has no step "${stepId}".`);
}

function notFound(id: string, version: string | undefined): FlowError {
  const what = version === undefined ? `There is no published flow "${id}"` : `There is no flow ${id}@${version}`;
  return new FlowError('FLOW_NOT_FOUND', `${what}; register it first.`, {
    details: { flowId: id, ...(version ? { version } : {}) },
  });
}
