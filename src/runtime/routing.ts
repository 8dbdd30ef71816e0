import { keyIdOf } from '../world/encryption.ts';
import { flowNamespace } from '../world/flow-port.ts';
import type { ClaimFilter } from '../world/port.ts';
import { deliverableStepNames, type Handlers, type RegisteredHandler } from './handlers.ts';
import type { HttpSender } from './http-sender.ts';
import { messageNamespace, type QueueKind } from './queue-name.ts';
import type { RuntimeSettings } from './settings.ts';

export type Route =
  | { readonly kind: 'inprocess'; readonly handler: RegisteredHandler }
  | { readonly kind: 'http'; readonly path: 'flow' | 'step' }
  | { readonly kind: 'none' };

export interface Subject {
  readonly kind: QueueKind;
  readonly namespace: string;
  readonly deploymentId: string;
  readonly encryptionKeyId?: string | null | undefined;
  readonly stepName?: string;
}

/** Where a delivery can go from here: a handler of this process, the app's own route over HTTP, or nowhere (spec/world.md D8). */
export class Routing {
  readonly http: HttpSender;
  readonly #handlers: Handlers;
  readonly #settingsNow: () => RuntimeSettings;
  readonly #inNext = process.env['NEXT_RUNTIME'] !== undefined;
  #keys: { readonly of: RuntimeSettings; readonly ids: ReadonlySet<string> } | undefined;

  /** `settings`: as they are now, for Worlds come and go. */
  constructor(handlers: Handlers, settings: () => RuntimeSettings, http: HttpSender) {
    this.#handlers = handlers;
    this.#settingsNow = settings;
    this.http = http;
  }

  route(kind: QueueKind, namespace: string, stepName?: string): Route {
    const { delivery, baseUrl } = this.#settings;
    // Under Next.js a step may use `cookies()` and the like, which exist only in the course of a real request.
    const needsRequest = this.#inNext && delivery === 'auto';
    const handler = this.#handlers.find(namespace, kind);
    // Flows are delivered where their Engine is: the app's routes are those of the SDK.
    if (namespace === flowNamespace) return handler ? { kind: 'inprocess', handler } : { kind: 'none' };
    const here = handler && (kind === 'workflow' || this.#hasStep(stepName));
    if (here && delivery !== 'http' && !needsRequest) return { kind: 'inprocess', handler };
    if (baseUrl !== undefined && delivery !== 'inprocess') return { kind: 'http', path: kind === 'workflow' ? 'flow' : 'step' };
    return here && delivery !== 'http' ? { kind: 'inprocess', handler } : { kind: 'none' };
  }

  /** The same for a run that may be encrypted: without its key, a handler of this process could do no more than burn its attempts. */
  routeOf({ kind, namespace, encryptionKeyId, stepName }: Omit<Subject, 'deploymentId'>): Route {
    const route = this.route(kind, namespace, stepName);
    return route.kind === 'inprocess' && !this.hasKey(encryptionKeyId) ? { kind: 'none' } : route;
  }

  hasKey(encryptionKeyId: string | null | undefined): boolean {
    return encryptionKeyId == null || this.#keyIds.has(encryptionKeyId);
  }

  admits(subject: Subject): boolean {
    const { deploymentPolicy, deploymentId: own } = this.#settings;
    if (deploymentPolicy === 'pinned' && subject.deploymentId !== own) return false;
    return this.routeOf(subject).kind !== 'none';
  }

  /** What a worker looks for: of each kind only what can be delivered from here. */
  claimFilter(): ClaimFilter {
    const { deploymentId, deploymentPolicy } = this.#settings;
    const run = this.#namespacesOf('workflow');
    const step = this.#namespacesOf('step');
    const ofCode = run.filter((name) => name !== flowNamespace);
    const messages = (kind: QueueKind, names: readonly string[]) => names.map((namespace) => messageNamespace({ namespace, kind }));
    const names = this.#sendsOn ? undefined : deliverableStepNames();
    return {
      namespaces: { run, step, message: [...messages('workflow', ofCode), ...messages('step', step)] },
      stepNames: names ? [...names] : null,
      deploymentId: deploymentPolicy === 'pinned' ? deploymentId : null,
      keyIds: this.#needsKeys([...ofCode, ...step]) ? [...this.#keyIds] : null,
    };
  }

  /** How code is delivered, and for whom. */
  get #settings(): RuntimeSettings {
    return this.#settingsNow();
  }

  get #keyIds(): ReadonlySet<string> {
    const settings = this.#settings;
    if (this.#keys?.of !== settings) this.#keys = { of: settings, ids: new Set(settings.encryptionKeys.map(keyIdOf)) };
    return this.#keys.ids;
  }

  get #sendsOn(): boolean {
    const { delivery, baseUrl } = this.#settings;
    return baseUrl !== undefined && delivery !== 'inprocess';
  }

  #namespacesOf(kind: QueueKind): string[] {
    const handled = (['workflow', 'step'] as const).flatMap((each) => this.#handlers.namespaces(each));
    // Steps of a namespaced app are queued under the plain prefix by the SDK; so are health checks of either.
    const names = new Set([...handled, this.#settings.namespace, '']);
    return [...names].filter((name) => this.route(kind, name).kind !== 'none');
  }

  /** What is sent on is decrypted by whoever receives it; flows are not encrypted. */
  #needsKeys(ofCode: readonly string[]): boolean {
    const replaysHere = ofCode.some((name) => this.route('workflow', name).kind === 'inprocess');
    return ofCode.length > 0 && (replaysHere || !this.#sendsOn);
  }

  #hasStep(stepName: string | undefined): boolean {
    if (stepName === undefined) return true;
    return deliverableStepNames()?.has(stepName) ?? true;
  }
}
