import { keyIdOf } from '../world/encryption.ts';
import { flowNamespace } from '../world/flow-port.ts';
import type { ClaimFilter, DeliveryKind } from '../world/port.ts';
import { deliverableStepNames, type Handlers, type RegisteredHandler } from './handlers.ts';
import type { HttpSender } from './http-sender.ts';
import type { QueueKind } from './queue-name.ts';
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
  readonly #settings: RuntimeSettings;
  readonly #keyIds: ReadonlySet<string>;
  /** Under Next.js a step may use `cookies()` and the like, which exist only in the course of a real request. */
  readonly #needsRequest: boolean;

  constructor(handlers: Handlers, settings: RuntimeSettings, http: HttpSender) {
    this.#handlers = handlers;
    this.#settings = settings;
    this.http = http;
    this.#keyIds = new Set(settings.encryptionKeys.map(keyIdOf));
    this.#needsRequest = settings.delivery === 'auto' && process.env['NEXT_RUNTIME'] !== undefined;
  }

  route(kind: QueueKind, namespace: string, stepName?: string): Route {
    const { delivery, baseUrl } = this.#settings;
    const handler = this.#handlers.find(namespace, kind);
    // Flows are delivered where their Engine is: the app's routes are those of the SDK.
    if (namespace === flowNamespace) return handler ? { kind: 'inprocess', handler } : { kind: 'none' };
    const here = handler && (kind === 'workflow' || this.#hasStep(stepName));
    if (here && delivery !== 'http' && !this.#needsRequest) return { kind: 'inprocess', handler };
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

  claimFilter(): ClaimFilter {
    const { namespace, deploymentId, deploymentPolicy, delivery, baseUrl } = this.#settings;
    const overHttp = baseUrl !== undefined && delivery !== 'inprocess';
    const namespaces = new Set([...this.#handlers.namespaces('workflow'), ...this.#handlers.namespaces('step')]);
    if (overHttp) namespaces.add(namespace);
    // Steps of a namespaced app are queued under the plain prefix by the SDK; so are health checks of either.
    const ofTheSdk = [...namespaces].some((name) => name !== flowNamespace);
    if (ofTheSdk) namespaces.add('');
    const has = (kind: QueueKind) => overHttp || this.#handlers.namespaces(kind).length > 0;
    const kinds: DeliveryKind[] = [
      ...(has('workflow') ? (['run'] as const) : []),
      ...(has('step') ? (['step'] as const) : []),
      ...(ofTheSdk ? (['message'] as const) : []),
    ];
    const names = overHttp ? undefined : deliverableStepNames();
    return {
      namespaces: [...namespaces],
      kinds,
      stepNames: names ? [...names] : null,
      deploymentId: deploymentPolicy === 'pinned' ? deploymentId : null,
      // What is sent on is decrypted by whoever receives it; flows are not encrypted.
      keyIds: ofTheSdk && (this.#replaysHere() || !overHttp) ? [...this.#keyIds] : null,
    };
  }

  #replaysHere(): boolean {
    return this.#handlers
      .namespaces('workflow')
      .some((name) => name !== flowNamespace && this.route('workflow', name).kind === 'inprocess');
  }

  #hasStep(stepName: string | undefined): boolean {
    if (stepName === undefined) return true;
    return deliverableStepNames()?.has(stepName) ?? true;
  }
}
