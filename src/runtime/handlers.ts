import type { World } from '@workflow/world';
import type { Delivery } from '../world/delivery.ts';
import { flowNamespace } from '../world/flow-port.ts';
import { parseQueuePrefix, type QueueKind } from './queue-name.ts';

export type QueueHandler = Parameters<World['createQueueHandler']>[1];

/** A handler of our own, which is given the delivery itself instead of a message. */
export type DeliveryHandler = (delivery: Delivery) => ReturnType<QueueHandler>;

export interface SdkHandler {
  readonly prefix: string;
  readonly handler: QueueHandler;
  readonly own?: undefined;
}

export type RegisteredHandler = SdkHandler | { readonly prefix: string; readonly handler?: undefined; readonly own: DeliveryHandler };

/**
 * The handlers that were captured in this process, by namespace and kind. A newer one replaces an older: a dev server reloads its routes.
 */
export class Handlers {
  readonly #handlers = new Map<string, RegisteredHandler>();
  readonly #listeners = new Set<() => void>();

  register(prefix: string, handler: QueueHandler): void {
    this.#add({ prefix, handler });
  }

  registerOwn(prefix: string, own: DeliveryHandler): void {
    this.#add({ prefix, own });
  }

  unregisterOwn(prefix: string, own: DeliveryHandler): void {
    const { namespace, kind } = parseQueuePrefix(prefix);
    if (this.#handlers.get(`${namespace}|${kind}`)?.own === own) this.#handlers.delete(`${namespace}|${kind}`);
  }

  /**
   * The handler of a namespace. The SDK queues the steps of a namespaced app under the plain prefix (spec/world.md D1), so the plain
   * namespace falls back to any that is the SDK's.
   */
  find(namespace: string, kind: QueueKind): RegisteredHandler | undefined {
    const exact = this.#handlers.get(`${namespace}|${kind}`);
    if (exact || namespace !== '') return exact;
    return [...this.#handlers].find(([key]) => key.endsWith(`|${kind}`) && !key.startsWith(`${flowNamespace}|`))?.[1];
  }

  namespaces(kind: QueueKind): string[] {
    return [...this.#handlers.keys()].filter((key) => key.endsWith(`|${kind}`)).map((key) => key.split('|')[0] as string);
  }

  #add(registered: RegisteredHandler): void {
    const { namespace, kind } = parseQueuePrefix(registered.prefix);
    this.#handlers.set(`${namespace}|${kind}`, registered);
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

// The SDK keeps its step functions here; a handler for steps exists in every process that imports it, its functions do not (D8).
const registeredSteps = Symbol.for('@workflow/core//registeredSteps');

/**
 * The names of the steps that this process can run, in all the spellings that the SDK accepts for them; undefined where it was never
 * loaded. A step that is not here belongs to another app or build: delivering it would fail it for good.
 */
export function deliverableStepNames(): ReadonlySet<string> | undefined {
  const steps = (globalThis as Record<symbol, unknown>)[registeredSteps];
  if (!(steps instanceof Map)) return undefined;
  // Asked for with every step: functions are added while modules load, and never taken away.
  if (known?.size !== steps.size) known = { size: steps.size, names: new Set(([...steps.keys()] as string[]).flatMap(spellings)) };
  return known.names;
}

let known: { readonly size: number; readonly names: ReadonlySet<string> } | undefined;

const workflowFolders = ['./workflows/', './example/workflows/', './src/workflows/', './example/', './src/'];

function spellings(stepName: string): string[] {
  const builtin = /\/\/(__builtin_[a-z_]+)$/.exec(stepName)?.[1];
  if (builtin) return [stepName, builtin];
  const folder = workflowFolders.find((name) => stepName.startsWith(`step//${name}`));
  if (!folder) return [stepName];
  const rest = stepName.slice(`step//${folder}`.length);
  return workflowFolders.map((name) => `step//${name}${rest}`);
}
