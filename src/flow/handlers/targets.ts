import type { Flow, FlowProblem } from '../types.ts';

/** A step id in a config must be a step of the flow; null ends the execution and needs none. */
export function targetProblems(flow: Flow, target: unknown, pointer: string): readonly FlowProblem[] {
  if (typeof target !== 'string' || Object.hasOwn(flow.steps ?? {}, target)) return [];
  return [{ pointer, message: `there is no step "${target}"` }];
}
