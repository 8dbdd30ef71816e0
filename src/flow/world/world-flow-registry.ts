import { describeError } from '../../base/logger.ts';
import type { FlowStore } from '../../world/flow-port.ts';
import { canonicalJson } from '../canonical-json.ts';
import { invalidFlow, type FlowError } from '../errors.ts';
import { createOpenRegistry, createStoredFlows, type FlowRegistryOptions, type OpenRegistry } from '../flow-registry.ts';
import type { FlowRegistry } from '../ports.ts';
import { compareSemver } from '../semver.ts';
import type { Flow } from '../types.ts';
import { flowStore, type FlowWorld } from './flow-world.ts';

/**
 * Flows in the World behind a cache: `register` validates at once, `flush` makes durable, `load` fetches what another process registered
 * (decisions C7). What the World has under an id and version is that version: other content that was registered here gives way to it.
 */
export class WorldFlowRegistry implements FlowRegistry {
  readonly #world: FlowWorld;
  readonly #cache: OpenRegistry;
  readonly #unsaved = new Map<string, Flow>();
  /** What was registered here of versions that are stored with other content. */
  readonly #edited = new Map<string, Flow>();
  /** Definitions that came from the World: they were checked when they were registered, by a process that has their handlers. */
  readonly #loaded = createStoredFlows();
  /** By flow: the stored versions that are not to be used here. Neither they nor this release change. */
  readonly #refused = new Map<string, Set<string>>();
  /** By flow: the question under way, and the one that follows it. */
  readonly #asking = new Map<string, { now: Promise<void>; next?: Promise<void> | undefined }>();

  constructor(world: FlowWorld, flows: Iterable<Flow> = [], options: FlowRegistryOptions = {}) {
    this.#world = world;
    this.#cache = createOpenRegistry(options);
    for (const flow of flows) this.register(flow);
  }

  register(definition: Flow): void {
    this.#cache.register(definition);
    const flow = this.#cache.get(definition.id, definition.version);
    if (flow) this.#unsaved.set(nameOf(flow), flow);
  }

  get(id: string, version?: string): Flow | undefined {
    if (version !== undefined) return this.#loaded.get(id, version) ?? this.#cache.get(id, version);
    const [own, other] = [this.#cache.get(id), this.#loaded.get(id)];
    if (!own || !other) return own ?? other;
    return compareSemver(own.version, other.version) > 0 ? own : other;
  }

  has(id: string): boolean {
    return this.#cache.has(id) || this.#loaded.has(id);
  }

  list(): Flow[] {
    const own = this.#cache.list();
    const known = new Set(own.map(nameOf));
    return [...own, ...this.#loaded.list().filter((flow) => !known.has(nameOf(flow)))];
  }

  async load(id: string, version?: string): Promise<Flow | undefined> {
    if (version === undefined) return this.#newest(id);
    const definition = await (await flowStore(this.#world)).getFlow(id, version);
    if (definition !== undefined) this.#keep({ flowId: id, version, definition });
    return this.get(id, version);
  }

  async stored(id: string, version: string): Promise<Flow | undefined> {
    // Again: it may be registered while this is asked.
    while (this.#unsaved.has(nameOf({ id, version }))) await this.#settle();
    return this.get(id, version) ?? this.load(id, version);
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
    while (this.#hasUnsaved(id)) await this.#settle();
    return this.get(id);
  }

  #hasUnsaved(id: string): boolean {
    return this.#unsaved.size > 0 && [...this.#unsaved.values()].some((flow) => flow.id === id);
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

  /** Parsed once: a version never changes. What was only registered here may be another one. */
  #keep({ flowId, version, definition }: StoredFlow): void {
    const isKnown = this.get(flowId, version) && !this.#unsaved.has(nameOf({ id: flowId, version }));
    if (!isKnown) this.#loaded.register(JSON.parse(definition) as Flow);
  }

  /** Everything that is stored, so that `list` shows it. */
  async loadAll(): Promise<void> {
    await this.#loadVersions();
  }

  async flush(flow?: FlowName): Promise<void> {
    if (this.#unsaved.size > 0) await this.#save();
    const [edited] = flow ? [this.#edited.get(nameOf(flow))] : this.#edited.values();
    if (edited) throw otherContent(edited);
  }

  /** For whoever goes on with what is stored, so that the log says it. */
  async #settle(): Promise<void> {
    for (const { id, version } of await this.#save()) {
      const message = `Flow ${id}@${version} is stored with other content than was registered here, and used as it is stored: give the change a new version.`;
      this.#world.logger.warn(message, { flowId: id, version });
    }
  }

  /** The versions that are stored with other content. */
  async #save(): Promise<readonly Flow[]> {
    const edited: Flow[] = [];
    const saving = [...this.#unsaved];
    const flows = await flowStore(this.#world);
    const rows = saving.map(([, flow]) => ({ flowId: flow.id, version: flow.version, definition: canonicalJson(flow) }));
    const { existing } = await flows.commit({ kind: 'saveFlows', flows: rows, now: this.#world.clock.now() });
    for (const [key, flow] of saving) {
      // Whoever saved it at the same time was here before.
      if (this.#unsaved.get(key) !== flow) continue;
      this.#unsaved.delete(key);
      this.#edited.delete(key);
      const stored = existing.find(({ flowId, version }) => flowId === flow.id && version === flow.version);
      if (!stored || !hasOtherContent(flow, stored.definition)) continue;
      this.#giveWay(flow, stored);
      edited.push(flow);
    }
    return edited;
  }

  /** It is not used here, where executions of this version may be under way; nobody starts one of it, and everything else goes on. */
  #giveWay(flow: Flow, stored: StoredFlow): void {
    this.#edited.set(nameOf(flow), flow);
    this.#cache.remove(flow);
    this.#keepIfValid(stored);
  }
}

type FlowName = Pick<Flow, 'id' | 'version'>;
type StoredFlow = Awaited<ReturnType<FlowStore['listFlows']>>[number];

/** Throws INVALID_FLOW where this version is stored otherwise; `stored` is its definition there, if it has one. */
export function expectSameContent(flow: Flow, stored: string | undefined): void {
  if (stored !== undefined && hasOtherContent(flow, stored)) throw otherContent(flow);
}

function hasOtherContent(flow: Flow, stored: string): boolean {
  return stored !== canonicalJson(flow);
}

function otherContent({ id, version }: FlowName): FlowError {
  const message = `${id}@${version} is stored in this database with other content; give the change a new version`;
  return invalidFlow(id, [{ pointer: '/version', message }]);
}

function nameOf({ id, version }: FlowName): string {
  return `${id}@${version}`;
}
