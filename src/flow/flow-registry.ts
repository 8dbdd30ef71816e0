import { canonicalJson } from './canonical-json.ts';
import { invalidFlow } from './errors.ts';
import type { FlowRegistry, HandlerRegistry } from './ports.ts';
import { compareSemver } from './semver.ts';
import type { Flow } from './types.ts';
import { parseFlow } from './validate.ts';

export interface FlowRegistryOptions {
  /** If given, steps are checked against the handlers too. */
  readonly handlers?: HandlerRegistry;
}

/**
 * Flow definitions in memory. `register` throws one INVALID_FLOW with every problem; the same id and version with
 * the same content is a no-op, with other content INVALID_FLOW. `get` without a version gives the newest published
 * one in semver order (decisions C7).
 */
export function createFlowRegistry(flows: Iterable<Flow> = [], options: FlowRegistryOptions = {}): FlowRegistry {
  const registry = createOpenRegistry(options);
  for (const flow of flows) registry.register(flow);
  return registry;
}

/** The same, from which a version can be taken back. */
export function createOpenRegistry(options: FlowRegistryOptions): OpenRegistry {
  return registryOf((definition) => parseFlow(definition, options));
}

export interface OpenRegistry extends FlowRegistry {
  remove(flow: Pick<Flow, 'id' | 'version'>): void;
}

/** Of flows that were registered once, maybe by an older release: refuses only what cannot be run. */
export function createStoredFlows(): FlowRegistry {
  return registryOf((definition) => parseFlow(definition, { stored: true }));
}

function registryOf(parse: (definition: Flow) => Flow): OpenRegistry {
  const versions = new Map<string, Map<string, Flow>>();
  return {
    register(definition) {
      const flow = parse(definition);
      const known = versions.get(flow.id) ?? new Map<string, Flow>();
      const existing = known.get(flow.version);
      if (existing) return expectSame(existing, flow);
      known.set(flow.version, flow);
      versions.set(flow.id, known);
    },
    get: (id, version) => (version === undefined ? newestPublished(versions.get(id)) : versions.get(id)?.get(version)),
    remove({ id, version }) {
      versions.get(id)?.delete(version);
      if (versions.get(id)?.size === 0) versions.delete(id);
    },
    has: (id) => versions.has(id),
    list: () => [...versions.values()].flatMap((known) => [...known.values()]),
  };
}

function newestPublished(known: ReadonlyMap<string, Flow> = new Map()): Flow | undefined {
  let newest: Flow | undefined;
  for (const flow of known.values()) {
    if ((flow.status ?? 'published') !== 'published') continue;
    if (!newest || compareSemver(flow.version, newest.version) > 0) newest = flow;
  }
  return newest;
}

function expectSame(existing: Flow, flow: Flow): void {
  if (canonicalJson(existing) === canonicalJson(flow)) return;
  const message = `${flow.id}@${flow.version} is already registered with other content; give the change a new version`;
  throw invalidFlow(flow.id, [{ pointer: '/version', message }]);
}
