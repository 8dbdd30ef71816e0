import { describeError, type Logger } from '../base/logger.ts';
import { shownUrl } from '../base/shown-url.ts';
import { currentCarrier } from '../base/tracing.ts';
import type { SettleResult } from '../world/port.ts';
import { type DeliveryRequest, retryResult } from './deliver.ts';
import { sign } from './signature.ts';
import { encodeBody, encodeLease, encodeName, headers } from './wire.ts';

export interface HttpSenderOptions {
  readonly baseUrl: string | undefined;
  /** See `RuntimeSettings`. */
  readonly belowBasePath: boolean;
  readonly secret: () => Promise<string>;
  /** By the clock of the store, which all hosts share. */
  readonly now: () => number;
  readonly logger: Logger;
}

// The SDK keeps it here as soon as the routes of the app are loaded (spec/world.md D3).
const basePath = Symbol.for('@workflow/core/basePath');
// Longer than the store of the receiver keeps it waiting: whoever gives up before has the delivery repeated beside the one that was accepted.
const acceptWithinMs = 30_000;

/**
 * Hands a delivery to the app's own route. The receiver takes the lease over and answers at once, so no time-out of HTTP can ever repeat a
 * healthy step (decisions B6).
 */
export class HttpSender {
  readonly #options: HttpSenderOptions;

  constructor(options: HttpSenderOptions) {
    this.#options = options;
  }

  /** Undefined: the receiver has it now and will settle it. */
  async send(request: DeliveryRequest, path: 'flow' | 'step'): Promise<SettleResult | undefined> {
    const { logger, now } = this.#options;
    const baseUrl = this.#baseUrl();
    try {
      const response = await fetch(`${baseUrl}/.well-known/workflow/v1/${path}`, {
        method: 'POST',
        ...(await this.#signed(request, path)),
        signal: AbortSignal.timeout(acceptWithinMs),
        redirect: 'error',
      });
      void response.body?.cancel().catch(() => {});
      if (response.status === 202) return undefined;
      // 409: the lease was lost on the way; whoever has it settles.
      if (response.status === 409) return undefined;
      logger.warn(`${shownUrl(baseUrl)} answered ${response.status} to ${request.of} "${request.id}"; the delivery will be repeated.`);
    } catch (error) {
      const why = shownUrl(describeError(error));
      logger.warn(`${shownUrl(baseUrl)} could not be reached for ${request.of} "${request.id}"; the delivery will be repeated: ${why}`);
    }
    return retryResult(request.attempt, now());
  }

  #baseUrl(): string {
    const { baseUrl = '', belowBasePath } = this.#options;
    return belowBasePath ? `${baseUrl}${(globalThis as { [basePath]?: string })[basePath] ?? ''}` : baseUrl;
  }

  async #signed({ name, namespace, message, attempt, of, shard, runId, id, lease, inbox }: DeliveryRequest, path: 'flow' | 'step') {
    const prefix = namespace === '' ? '' : `${namespace}_`;
    const kind = path === 'step' ? 'step' : 'workflow';
    const signed = {
      queueName: encodeName(`__${prefix}wkf_${kind}_${name}`),
      messageId: encodeName(message.messageId),
      attempt: String(attempt),
      lease: encodeLease({ of, shard, runId, id, lease, inbox }),
      timestamp: String(this.#options.now()),
      body: encodeBody(message.payload),
    };
    const signature = sign(await this.#options.secret(), signed);
    return {
      body: signed.body,
      headers: {
        ...message.headers,
        // For what watches the HTTP of the app; the delivery itself goes on with what is in the message.
        ...currentCarrier(),
        'content-type': 'application/json',
        [headers.queueName]: signed.queueName,
        [headers.messageId]: signed.messageId,
        [headers.attempt]: signed.attempt,
        [headers.lease]: signed.lease,
        [headers.timestamp]: signed.timestamp,
        [headers.signature]: signature,
      },
    };
  }
}
