import { describeError, silentLogger, type Logger } from '../base/logger.ts';
import type { EventBus } from './ports.ts';

type Listener = (data: unknown) => unknown;

/**
 * Events of this process. A listener that throws or rejects is logged and stops nothing: not the emitter, not the
 * other listeners (flow.md §2). `emit` does not wait for what a listener returns.
 */
export function createEventBus({ logger = silentLogger }: { readonly logger?: Logger } = {}): EventBus {
  const listeners = new Map<string, Set<Listener>>();

  function report(event: string, error: unknown): void {
    logger.error(`A listener of "${event}" failed: ${describeError(error)}`, { event });
  }

  return {
    on(event, handler) {
      const known = listeners.get(event) ?? new Set();
      listeners.set(event, known.add(handler as Listener));
    },
    off(event, handler) {
      listeners.get(event)?.delete(handler as Listener);
    },
    emit(event, data) {
      // A copy: a listener may take itself off while it is called.
      for (const listener of Array.from(listeners.get(event) ?? [])) {
        try {
          const returned = listener(data);
          if (isThenable(returned)) returned.then(undefined, (error: unknown) => report(event, error));
        } catch (error) {
          report(event, error);
        }
      }
    },
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
