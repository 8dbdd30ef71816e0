import type { Flow, Step } from '../types.ts';

export type StepSketch = Partial<Omit<Step, 'id' | 'transitions'>> & Partial<Step['transitions']>;

/**
 * A flow from the least that says what a test is about: the first step is the initial one, a step takes the whole
 * context, its type is its id, and it ends the execution unless it says otherwise.
 */
export function buildFlow(steps: Record<string, StepSketch>, more: Partial<Omit<Flow, 'steps'>> = {}): Flow {
  const entries = Object.entries(steps).map(([id, sketch]): [string, Step] => {
    const { onSuccess = null, onFailure, onResume, onTimeout, ...rest } = sketch;
    const optional = Object.entries({ onFailure, onResume, onTimeout }).filter(([, target]) => target !== undefined);
    const transitions = { onSuccess, ...Object.fromEntries(optional) };
    return [id, { id, type: id, input: { type: 'full' }, ...rest, transitions }];
  });
  return {
    id: 'flow',
    version: '1.0.0',
    initialStepId: entries[0]?.[0] ?? '',
    steps: Object.fromEntries(entries),
    ...more,
  };
}
