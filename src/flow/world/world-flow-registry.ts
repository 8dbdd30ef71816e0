import { describeError } from '../../base/logger.ts';
import type { FlowStore } from '../../world/flow-port.ts';
import { canonicalJson } from '../canonical-json.ts';
import { invalidFlow } from '../errors.ts';
import { createFlowRegistry, createStoredFlows, type FlowRegistryOptions } from '../flow-registry.ts';
import type { FlowRegistry } from '../ports.ts';
import { compareSemver } from '../semver.ts';
import type { Flow } from '../types.ts';
import { flowStore, type FlowWorld } from './flow-world.ts';

/**
 * Flows in the World behind a cache: `register` validates at once, `flush` makes durable, `load` fetches what another process registered
 * (decisions C7).
 */
export class WorldFlowRegistry implements FlowRegistry {
  readonly #world: FlowWorld;
  readonly #cache: FlowRegistry;
  readonly #unsaved = new Map<string, Flow>();
  /** Definitions that came from the World: they were checked when they were registered, by a process that has their handlers. */
  readonly #loaded = createStoredFlows();
  /** By flow: the stored versions that are not to be used here. Neither they nor this release change. */
  readonly #refused = new Map<string, Set<string>>();
  /** By flow: the question under way, and the one that follows it. */
  readonly #asking = new Map<string, { now: Promise<void>; next?: Promise<void> | undefined }>();

  constructor(world: FlowWorld, flows: Iterable<Flow> = [], options: FlowRegistryOptions = {}) {
    this.#world = world;
    this.#cache = createFlowRegistry([], options);
    for (const flow of flows) this.register(flow);
  }

  register(definition: Flow): void {
    this.#cache.register(definition);
    const flow = this.#cache.get(definition.id, definition.version);
    if (flow) this.#unsaved.set(`${flow.id}@${flow.version}`, flow);
  }

  get(id: string, version?: string): Flow | undefined {
    if (version !== undefined) return this.#cache.get(id, version) ?? this.#loaded.get(id, version);
    const [own, other] = [this.#cache.get(id), this.#loaded.get(id)];
    if (!own || !other) return own ?? other;
    return compareSemver(own.version, other.version) >= 0 ? own : other;
  }

  has(id: string): boolean {
    return this.#cache.has(id) || this.#loaded.has(id);
  }

  list(): Flow[] {
    const own = this.#cache.list();
    const known = new Set(own.map(({ id, version }) => `${id}@${version}`));
    return [...own, ...this.#loaded.list().filter(({ id, version }) => !known.has(`${id}@${version}`))];
  }

  async load(id: string, version?: string): Promise<Flow | undefined> {
    if (version === undefined) return this.#newest(id);
    const definition = await (await flowStore(this.#world)).getFlow(id, version);
    if (definition !== undefined) this.#keep({ flowId: id, version, definition });
    return this.get(id, version);
  }

  /** Those who ask while the store is being asked share the next answer: an older one may be older than what they know of. */
  async #newest(id: string): Promise<Flow | undefined> {
    const asked = this.#asking.get(id) ?? { now: Promise.resolve() };
    this.#asking.set(id, asked);
    asked.next ??= asked.now.then(() => {
      asked.next = undefined;
      const listed = this.#loadVersions(id);
      asked.now = listed
        .catch(() => undefined)
        .finally(() => {
          if (asked.next === undefined) this.#asking.delete(id);
        });
      return listed;
    });
    await asked.next;
    return this.get(id);
  }

  async #loadVersions(id?: string): Promise<void> {
    const known = this.list().flatMap((flow) => (flow.id === id ? [flow.version] : []));
    const refused = id === undefined ? [] : (this.#refused.get(id) ?? []);
    for (const stored of await (await flowStore(this.#world)).listFlows(id, [...known, ...refused])) this.#keepIfValid(stored);
  }

  /** One version that cannot be used must not keep the others from being started. */
  #keepIfValid(stored: StoredFlow): void {
    try {
      this.#keep(stored);
    } catch (error) {
      this.#refuse(stored, error);
    }
  }

  #refuse({ flowId, version }: StoredFlow, error: unknown): void {
    const refused = this.#refused.get(flowId) ?? new Set();
    if (refused.has(version)) return;
    this.#refused.set(flowId, refused.add(version));
    this.#world.logger.warn(`Flow ${flowId}@${version} cannot be used here: ${describeError(error)}`, { flowId, version });
  }

  /** Parsed once: a version never changes. */
  #keep({ flowId, version, definition }: StoredFlow): void {
    if (!this.get(flowId, version)) this.#loaded.register(JSON.parse(definition) as Flow);
  }

  /** Everything that is stored, so that `list` shows it. */
  async loadAll(): Promise<void> {
    await this.#loadVersions();
  }

  async flush(): Promise<void> {
    if (this.#unsaved.size === 0) return;
    const saving = [...this.#unsaved];
    const flows = await flowStore(this.#world);
    const rows = saving.map(([, flow]) => ({ flowId: flow.id, version: flow.version, definition: canonicalJson(flow) }));
    const { existing } = await flows.commit({ kind: 'saveFlows', flows: rows, now: this.#world.clock.now() });
    for (const [key, flow] of saving) {
      const stored = existing.find(({ flowId, version }) => flowId === flow.id && version === flow.version);
      expectSameContent(flow, stored?.definition);
      this.#unsaved.delete(key);
    }
  }
}

type StoredFlow = Awaited<ReturnType<FlowStore['listFlows']>>[number];

/** Throws INVALID_FLOW where this version is stored otherwise; `stored` is its definition there, if it has one. */
export function expectSameContent(flow: Flow, stored: string | undefined): void {
  if (stored === undefined || stored === canonicalJson(flow)) return;
  const message = `${flow.id}@${flow.version} is stored in this database with other content; give the change a new version`;
  throw invalidFlow(flow.id, [{ pointer: '/version', message }]);
}
