import type { z } from 'zod';
import { createFlowRegistry } from '../flow/flow-registry.ts';
import { expectSameContent, WorldFlowRegistry } from '../flow/world/world-flow-registry.ts';
import { targetsInConfig } from '../flow/reachability.ts';
import { compareSemver } from '../flow/semver.ts';
import type { Flow, Step, StepTransitions } from '../flow/types.ts';
import { claimedName, validateFlow } from '../flow/validate.ts';
import { audited } from './audit.ts';
import { expectScope } from './caller.ts';
import { OperateError } from './errors.ts';
import type { Operator } from './operator.ts';
import { type PageOf, type PageQuery, pageOfAll } from './pages.ts';
import type { flowCheckSchema, flowDetailSchema, flowSummarySchema, flowVersionSchema, graphSchema } from './schemas/flows.ts';

export type FlowSummary = z.infer<typeof flowSummarySchema>;
export type FlowVersion = z.infer<typeof flowVersionSchema>;
export type FlowDetail = z.infer<typeof flowDetailSchema>;
export type FlowGraph = z.infer<typeof graphSchema>;
export type FlowCheck = z.infer<typeof flowCheckSchema>;

/** The flows of this database by id, each as its newest version says it is. Flows belong to no tenant. */
export async function listFlows(operator: Operator, query: PageQuery = {}): Promise<PageOf<FlowSummary>> {
  expectScope(operator.caller, 'read');
  const byId = new Map<string, [Flow, ...Flow[]]>();
  for (const flow of (await readFlows(operator)).toSorted(newestFirst)) {
    const newer = byId.get(flow.id);
    if (newer) newer.push(flow);
    else byId.set(flow.id, [flow]);
  }
  const summaries = [...byId.values()].map((versions): FlowSummary => {
    return { ...viewVersion(versions[0]), versions: versions.map(({ version }) => version) };
  });
  return pageOfAll(
    'flows',
    summaries.toSorted((a, b) => (a.flowId < b.flowId ? -1 : 1)),
    query,
  );
}

/** The versions of a flow, the newest first; throws FLOW_NOT_FOUND. */
export async function listFlowVersions(operator: Operator, flowId: string, query: PageQuery = {}): Promise<PageOf<FlowVersion>> {
  expectScope(operator.caller, 'read');
  const versions = await readFlows(operator, flowId);
  if (versions.length === 0) throw flowNotFound(flowId);
  return pageOfAll('versions of a flow', versions.toSorted(newestFirst).map(viewVersion), query);
}

/** One version of a flow with its definition and its graph; `latest` is the newest one. Throws FLOW_NOT_FOUND. */
export async function getFlowVersion(operator: Operator, flowId: string, version: string): Promise<FlowDetail> {
  expectScope(operator.caller, 'read');
  const flow =
    version === 'latest'
      ? (await readFlows(operator, flowId)).toSorted(newestFirst)[0]
      : parseDefinition(await (await operator.store()).flows.getFlow(flowId, version));
  if (!flow) throw flowNotFound(`${flowId}@${version}`);
  const definition = flow as unknown as Record<string, unknown>;
  return { ...viewVersion(flow), definition, graph: graphOf(flow), inputSchema: flow.inputSchema ?? null };
}

export interface FlowChecks {
  /** `allow`: the handlers are known to workers elsewhere, not here; default refuse. */
  readonly unknownHandlers?: 'refuse' | 'allow' | undefined;
}

/** Everything that is wrong with a flow; it is not kept. */
export async function checkFlow(
  operator: Operator,
  definition: unknown,
  { unknownHandlers = 'refuse' }: FlowChecks = {},
): Promise<FlowCheck> {
  expectScope(operator.caller, 'read');
  const problems = validateFlow(definition, unknownHandlers === 'allow' ? {} : { handlers: operator.engine().handlers });
  return { valid: problems.length === 0, problems: problems.map(({ pointer, message }) => ({ pointer, message })) };
}

/** What a flow that may not be valid calls itself: `id@version`. */
export function claimedTitle(definition: unknown): string {
  const { id, version } = claimedName(definition);
  return `${id}@${version}`;
}

/** Keeps a version of a flow; the same once more changes nothing, other content under the same version is INVALID_FLOW. */
export function registerFlow(
  operator: Operator,
  definition: Record<string, unknown>,
  { unknownHandlers = 'refuse' }: FlowChecks = {},
): Promise<FlowDetail> {
  return audited(operator, { action: 'flow.register', target: claimedTitle(definition), scope: 'admin' }, async () => {
    if (operator.caller.tenantId !== null)
      throw new OperateError('forbidden', 'FORBIDDEN', 'Flows belong to no tenant, so a token that is bound to one cannot register them.');
    const given = structuredClone(definition) as unknown as Flow;
    // A registry of its own: one that is refused at the database must not stay in that of the engine.
    const registry = new WorldFlowRegistry(
      operator.flowWorld,
      [given],
      unknownHandlers === 'allow' ? {} : { handlers: operator.engine().handlers },
    );
    await registry.flush();
    return getFlowVersion(operator, given.id, given.version);
  });
}

/** Throws INVALID_FLOW if one of them could not be kept because of other content under its version: of another one, or of what is kept. */
export async function expectNoOtherContent(operator: Operator, definitions: readonly Record<string, unknown>[]): Promise<void> {
  const registry = createFlowRegistry(structuredClone(definitions) as unknown as Flow[]);
  const { flows } = await operator.store();
  for (const flow of registry.list()) expectSameContent(flow, await flows.getFlow(flow.id, flow.version));
}

async function readFlows(operator: Operator, flowId?: string): Promise<Flow[]> {
  const rows = await (await operator.store()).flows.listFlows(flowId);
  return rows.flatMap(({ definition }) => parseDefinition(definition) ?? []);
}

function parseDefinition(text: string | undefined): Flow | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as Flow);
}

function newestFirst(a: Flow, b: Flow): number {
  return compareSemver(b.version, a.version);
}

function viewVersion({ id, version, name, description, status = 'published', steps }: Flow): FlowVersion {
  return { flowId: id, version, name: name ?? null, description: description ?? null, status, steps: Object.keys(steps).length };
}

const edgeNames = { onSuccess: 'success', onFailure: 'failure', onResume: 'resume', onTimeout: 'timeout' } as const satisfies Record<
  keyof StepTransitions,
  string
>;

/**
 * Steps and the ways between them, beginning with the initial step: transitions, and `next` for those that a handler such as a switch
 * chooses by its config.
 */
export function graphOf({ initialStepId, steps }: Flow): FlowGraph {
  const ways = new Map(Object.values(steps).map((step) => [step.id, waysFrom(step, steps)]));
  const order = new Set([initialStepId]);
  // What is added while it is walked is walked too.
  for (const id of order) for (const { to } of ways.get(id) ?? []) if (to !== null) order.add(to);
  const ids = [...order, ...[...ways.keys()].filter((id) => !order.has(id))];
  const nodes = ids.flatMap((id) => {
    const step = steps[id];
    return step ? [{ id, handler: step.type, label: step.name ?? id }] : [];
  });
  return { initial: initialStepId, nodes, edges: ids.flatMap((id) => ways.get(id) ?? []) };
}

function waysFrom({ id, transitions, config }: Step, steps: Flow['steps']): FlowGraph['edges'][number][] {
  const named = Object.entries(edgeNames).flatMap(([key, on]) => {
    const to = transitions[key as keyof StepTransitions];
    return to === undefined ? [] : [{ from: id, to, on }];
  });
  const chosen = targetsInConfig(config, steps).filter((to) => to !== id && !named.some((edge) => edge.to === to));
  return [...named, ...chosen.map((to) => ({ from: id, to, on: 'next' as const }))];
}

function flowNotFound(what: string): OperateError {
  return new OperateError('not-found', 'FLOW_NOT_FOUND', `There is no flow "${what}".`);
}
