import type { Span } from '@opentelemetry/api';
import { asCarrier, fail, inSpan, type TraceCarrier } from '../base/tracing.ts';
import type { SettleResult } from '../world/port.ts';
import type { DeliveryRequest } from './deliver.ts';

/** Makes a delivery in a span that goes on with the trace its message came with; steps and commits in its course are part of it. */
export function inDeliverySpan(
  request: DeliveryRequest,
  via: 'inprocess' | 'http',
  deliver: () => Promise<SettleResult | undefined>,
): Promise<SettleResult | undefined> {
  const describe = () => ({
    name: `pawl.${request.of} ${request.name.split('//').at(-1) ?? ''}`.trimEnd(),
    kind: 'consumer' as const,
    parent: carrierOf(request) ?? ('none' as const),
    attributes: {
      'messaging.system': 'pawl',
      'messaging.message.id': request.message.messageId,
      'pawl.of': request.of,
      'pawl.name': request.name,
      'pawl.attempt': request.attempt,
      'pawl.via': via,
      ...(request.runId === null ? {} : { 'pawl.run_id': request.runId }),
      ...(request.of === 'step' ? { 'pawl.step_id': request.id } : {}),
    },
  });
  return inSpan(describe, (span) => (span ? tellOutcome(span, deliver) : deliver()));
}

async function tellOutcome(span: Span, deliver: () => Promise<SettleResult | undefined>): Promise<SettleResult | undefined> {
  const result = await deliver();
  span.setAttribute('pawl.outcome', result?.kind ?? 'settled');
  if (result?.kind === 'retry') fail(span, 'It was not delivered; the log says why.');
  return result;
}

function carrierOf({ message: { payload, headers } }: DeliveryRequest): TraceCarrier | undefined {
  return asCarrier(payload['traceCarrier']) ?? (headers['traceparent'] === undefined ? undefined : headers);
}
