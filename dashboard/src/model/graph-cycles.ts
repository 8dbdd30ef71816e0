import type { GraphEdge } from './graph-layout.ts';
import { groupBy } from './group-by.ts';

/** The edges that lead back to a node on the way to them. Turned round, the graph has no cycle. */
export function breakCycles<E extends GraphEdge>(ids: readonly string[], edges: readonly E[]): Set<E> {
  const outgoing = groupBy(edges, ({ from }) => from);
  const backwards = new Set<E>();
  const state = new Map<string, 'open' | 'done'>();
  for (const id of ids) {
    if (!state.has(id)) visit(id);
  }
  return backwards;

  function visit(start: string): void {
    // A stack of its own: a flow may have more steps in a row than the call stack holds frames.
    const stack = [{ id: start, next: 0 }];
    state.set(start, 'open');
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const edge = outgoing.get(top.id)?.[top.next];
      top.next += 1;
      if (!edge) {
        state.set(top.id, 'done');
        stack.pop();
      } else if (state.get(edge.to) === 'open') {
        backwards.add(edge);
      } else if (!state.has(edge.to)) {
        state.set(edge.to, 'open');
        stack.push({ id: edge.to, next: 0 });
      }
    }
  }
}
