import type { HandlerParams, HandlerResult, StepHandler } from '../types.ts';

export interface SpyHandler extends StepHandler {
  readonly calls: HandlerParams[];
}

/** A handler that answers what it is told and remembers its calls. */
export function spy(type: string, answer: HandlerResult | ((params: HandlerParams) => unknown)): SpyHandler {
  const calls: HandlerParams[] = [];
  return {
    type,
    calls,
    async execute(params) {
      calls.push(params);
      return (typeof answer === 'function' ? await answer(params) : answer) as HandlerResult;
    },
  };
}

export interface Gate {
  /** Resolves when someone waits at the gate. */
  readonly reached: Promise<void>;
  /** For the one who waits. */
  pass(): Promise<void>;
  open(): void;
}

/** Holds a handler until the test lets it go on. */
export function createGate(): Gate {
  let reach = () => {};
  let open = () => {};
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    reached,
    pass() {
      reach();
      return opened;
    },
    open: () => open(),
  };
}
