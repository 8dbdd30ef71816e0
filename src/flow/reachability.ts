import type { FlowProblem } from './types.ts';
import { escapePointer } from './template.ts';

/**
 * Steps that nothing leads to. Transitions lead on, and so does any string in a step's config that is a step's id:
 * that is how `conditional`, `switch`, `parallel` and `map`, and handlers that choose `next`, name their targets.
 */
export function unreachableSteps(steps: Readonly<Record<string, unknown>>, roots: readonly unknown[]): FlowProblem[] {
  const reached = new Set<string>();
  const queue = roots.filter((root): root is string => typeof root === 'string' && Object.hasOwn(steps, root));
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (reached.has(id)) continue;
    reached.add(id);
    const step = steps[id] as { transitions?: unknown; config?: unknown } | null | undefined;
    for (const text of stringsIn([step?.transitions, step?.config])) {
      if (Object.hasOwn(steps, text)) queue.push(text);
    }
  }
  return Object.keys(steps)
    .filter((id) => !reached.has(id))
    .map((id) => ({ pointer: `/steps/${escapePointer(id)}`, message: `no step leads to "${id}"` }));
}

/** The steps that the config of a step names, by the same rule. */
export function targetsInConfig(config: unknown, steps: Readonly<Record<string, unknown>>): readonly string[] {
  return [...new Set(stringsIn(config))].filter((text) => Object.hasOwn(steps, text));
}

function* stringsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  if (typeof value !== 'object' || value === null) return;
  for (const member of Object.values(value)) yield* stringsIn(member);
}
