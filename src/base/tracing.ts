import {
  type Attributes,
  context,
  type Context,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api';

/** A trace as it travels: the headers of W3C Trace Context, or whatever the host's propagator makes. */
export type TraceCarrier = Readonly<Record<string, string>>;

export interface SpanOptions {
  readonly name: string;
  readonly kind?: 'internal' | 'consumer' | 'client';
  readonly attributes?: Attributes;
  /** What it goes on with: a trace that came with a message. `none` begins a new one; absent: that of the caller. */
  readonly parent?: TraceCarrier | 'none';
}

const kinds = { internal: SpanKind.INTERNAL, consumer: SpanKind.CONSUMER, client: SpanKind.CLIENT };

/** Undefined where nobody has registered a provider: then nothing is made, and nothing is paid for. */
function tracer(): Tracer | undefined {
  // What stands in until a provider is registered can say that none is; a provider itself has no need to.
  const provider: TracerProvider & { getDelegateTracer?(name: string): Tracer | undefined } = trace.getTracerProvider();
  return provider.getDelegateTracer ? provider.getDelegateTracer('pawl') : provider.getTracer('pawl');
}

/**
 * Does some work in a span of its own, which is what is current meanwhile; it fails with the work. What the span is like is asked for only
 * where there is one; then the work is handed it.
 */
export function inSpan<T>(options: () => SpanOptions, work: (span: Span | undefined) => Promise<T>): Promise<T> {
  const own = tracer();
  if (!own) return work(undefined);
  const { name, kind = 'internal', attributes = {}, parent: given } = options();
  const parent = contextOf(given);
  const span = own.startSpan(name, { kind: kinds[kind], attributes }, parent);
  return context.with(trace.setSpan(parent, span), async () => {
    try {
      return await work(span);
    } catch (error) {
      fail(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Who asks, to be named by a span that several share; undefined where nobody looks. */
export function currentAsker(): Context | undefined {
  return tracer() && context.active();
}

const mostLinks = 32;

/** A span of something that several asked for: it belongs to the first of them, and is linked with the others. */
export function startSharedSpan(
  name: string,
  describe: () => { readonly attributes: Attributes; readonly askers: readonly (Context | undefined)[] },
): { end(error?: unknown): void } | undefined {
  const own = tracer();
  if (!own) return undefined;
  const { attributes, askers } = describe();
  const [first = ROOT_CONTEXT, ...others] = askers.filter((asker) => asker !== undefined);
  const spans = new Map(others.flatMap((asker) => trace.getSpanContext(asker) ?? []).map((of) => [of.spanId, of]));
  const links: Link[] = [...spans.values()].slice(0, mostLinks).map((of) => ({ context: of }));
  const span = own.startSpan(name, { kind: SpanKind.INTERNAL, attributes, links }, first);
  return {
    end(error) {
      if (error !== undefined) fail(span, error);
      span.end();
    },
  };
}

/** What is current, to be sent along with a message; undefined where nothing is. */
export function currentCarrier(): TraceCarrier | undefined {
  if (!tracer()) return undefined;
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return Object.keys(carrier).length > 0 ? carrier : undefined;
}

/** A carrier that was read from somewhere; undefined if it is none. */
export function asCarrier(value: unknown): TraceCarrier | undefined {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0 ? (value as TraceCarrier) : undefined;
}

function contextOf(parent: SpanOptions['parent']): Context {
  if (parent === undefined) return context.active();
  return parent === 'none' ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, parent);
}

/** Says what went wrong, where the work itself did not throw. */
export function fail(span: Span, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  span.recordException(error instanceof Error ? error : message);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}
