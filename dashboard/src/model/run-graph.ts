import type { FlowGraph, FlowPathEntry, GraphEdge } from '../api/types.ts';
import { type GraphLayout, layoutGraph } from './graph-layout.ts';
import { groupBy } from './group-by.ts';

export const endId = '\0end';
export const nodeHeight = 46;
const endSize = { width: 52, height: 26 };

/** One line between two steps, for all the reasons there are to follow it. */
export interface DrawnEdge {
  readonly from: string;
  readonly to: string;
  readonly on: readonly GraphEdge['on'][];
  readonly label: string;
}

/** What became of a step in a run. */
export interface Visit {
  readonly state: 'completed' | 'failed' | 'waiting' | 'running';
  readonly count: number;
}

/** Where everything of a flow's graph lies; all ways out meet in one end. */
export function layoutFlow(graph: FlowGraph): GraphLayout<DrawnEdge> {
  const first = graph.nodes.filter(({ id }) => id === graph.initial);
  const nodes = [...first, ...graph.nodes.filter(({ id }) => id !== graph.initial)].map(({ id, handler, label }) => ({
    id,
    width: Math.min(240, Math.max(112, 28 + Math.max(label.length * 7.6, handler.length * 7))),
    height: nodeHeight,
  }));
  const edges = drawnEdges(graph);
  return layoutGraph(edges.some(({ to }) => to === endId) ? [...nodes, { id: endId, ...endSize }] : nodes, edges);
}

/** Every step that the run has been at, with what became of it last. */
export function visitsOf(path: readonly FlowPathEntry[]): ReadonlyMap<string, Visit> {
  const visits = new Map<string, Visit>();
  for (const [at, { stepId, status, visit }] of path.entries()) {
    visits.set(stepId, { state: stateOf(status, at === path.length - 1), count: Math.max(visit, visits.get(stepId)?.count ?? 1) });
  }
  return visits;
}

/** The lines the run has followed, as `from>to`; to the end too if it has come there. */
export function litEdges(path: readonly FlowPathEntry[], completed: boolean): ReadonlySet<string> {
  const steps = path
    .map(({ stepId }) => stepId)
    .filter((stepId, at, all) => at === 0 || stepId !== all[at - 1] || path[at]?.visit !== path[at - 1]?.visit);
  const way = completed ? [...steps, endId] : steps;
  return new Set(way.slice(1).map((stepId, at) => edgeKey(way[at] ?? '', stepId)));
}

export function edgeKey(from: string, to: string): string {
  return `${from}>${to}`;
}

function drawnEdges({ edges }: FlowGraph): DrawnEdge[] {
  const groups = groupBy(edges, ({ from, to }) => edgeKey(from, to ?? endId));
  return [...groups.values()].map((group): DrawnEdge => {
    const on = [...new Set(group.map((edge) => edge.on))];
    const from = group[0]?.from ?? '';
    const branches = edges.filter((edge) => edge.from === from).length > 1;
    return {
      from,
      to: group[0]?.to ?? endId,
      on,
      label: branches
        ? on
            .map((each) => labels[each])
            .filter(Boolean)
            .join(', ')
        : '',
    };
  });
}

const labels: Readonly<Record<GraphEdge['on'], string>> = {
  success: 'success',
  failure: 'failure',
  resume: 'resumed',
  timeout: 'timed out',
  next: '',
};

function stateOf(status: FlowPathEntry['status'], isLast: boolean): Visit['state'] {
  switch (status) {
    case 'success':
      return 'completed';
    case 'failure':
      return 'failed';
    case 'waiting':
      return 'waiting';
    case 'wait':
      // A wait that something came after is over.
      return isLast ? 'waiting' : 'completed';
    case 'running':
    case 'retrying':
      return 'running';
  }
}
