import { useMemo } from 'preact/hooks';
import type { FlowGraph, FlowPathEntry } from '../api/types.ts';
import { type PlacedEdge, type PlacedNode, type Point } from '../model/graph-layout.ts';
import { type DrawnEdge, edgeKey, endId, layoutFlow, litEdges, type Visit, visitsOf } from '../model/run-graph.ts';

export interface GraphProps {
  readonly graph: FlowGraph;
  /** The way a run has taken, and whether it came to the end. */
  readonly path?: readonly FlowPathEntry[];
  readonly completed?: boolean;
}

const margin = 12;
const none: readonly FlowPathEntry[] = [];

/** A flow as a picture; with a path, the way of a run through it. The same in words stands beside it for those who do not see it. */
export function Graph({ graph, path = none, completed = false }: GraphProps) {
  const layout = useMemo(() => layoutFlow(graph), [graph]);
  const visits = useMemo(() => visitsOf(path), [path]);
  const lit = useMemo(() => litEdges(path, completed), [path, completed]);
  const byId = useMemo(() => new Map(graph.nodes.map((node) => [node.id, node])), [graph]);
  const [width, height] = [layout.width + 2 * margin, layout.height + 2 * margin];
  // Lit lines are drawn last, over the others.
  const edges = layout.edges.toSorted((a, b) => Number(isLit(a, lit)) - Number(isLit(b, lit)));
  return (
    <div class={`graph${path.length > 0 ? ' path' : ''}`} tabIndex={0} role="group" aria-label="Graph of the flow">
      <svg width={width} height={height} viewBox={`${-margin} ${-margin} ${width} ${height}`} aria-hidden="true">
        {edges.map((edge) => (
          <Edge key={edgeKey(edge.edge.from, edge.edge.to)} edge={edge} lit={isLit(edge, lit)} />
        ))}
        {layout.nodes.map((node) =>
          node.id === endId ? (
            <End key={endId} node={node} />
          ) : (
            <Node
              key={node.id}
              node={node}
              label={byId.get(node.id)?.label ?? node.id}
              type={byId.get(node.id)?.handler ?? ''}
              visit={visits.get(node.id)}
            />
          ),
        )}
        {edges.map(
          ({ edge, points }) => edge.label !== '' && <EdgeLabel key={edgeKey(edge.from, edge.to)} label={edge.label} points={points} />,
        )}
      </svg>
      <InWords graph={graph} path={path} />
    </div>
  );
}

function isLit({ edge }: PlacedEdge<DrawnEdge>, lit: ReadonlySet<string>): boolean {
  return lit.has(edgeKey(edge.from, edge.to));
}

function Node({
  node,
  label,
  type,
  visit,
}: {
  readonly node: PlacedNode;
  readonly label: string;
  readonly type: string;
  readonly visit: Visit | undefined;
}) {
  const { x, y, width, height } = node;
  const fits = Math.floor((width - 20) / 7.2);
  return (
    <g class={`node${visit ? ` visited ${visit.state}` : ''}`}>
      <title>{`${label} (${type})`}</title>
      <rect class="box" x={x - width / 2} y={y - height / 2} width={width} height={height} rx="7" />
      <text class="name" x={x} y={y - 3} text-anchor="middle">
        {label.length > fits ? `${label.slice(0, fits - 1)}…` : label}
      </text>
      <text class="type" x={x} y={y + 13} text-anchor="middle">
        {type}
      </text>
      {visit && visit.count > 1 && (
        <>
          <rect class="count" x={x + width / 2 - 16} y={y - height / 2 - 9} width="26" height="18" rx="9" />
          <text class="type" x={x + width / 2 - 3} y={y - height / 2 + 4} text-anchor="middle">
            ×{visit.count}
          </text>
        </>
      )}
    </g>
  );
}

function End({ node: { x, y, width, height } }: { readonly node: PlacedNode }) {
  return (
    <g>
      <rect class="end" x={x - width / 2} y={y - height / 2} width={width} height={height} rx={height / 2} />
      <text class="type" x={x} y={y + 4} text-anchor="middle">
        end
      </text>
    </g>
  );
}

function Edge({ edge: { edge, points }, lit }: { readonly edge: PlacedEdge<DrawnEdge>; readonly lit: boolean }) {
  const tip = points.at(-1) ?? { x: 0, y: 0 };
  const before = points.at(-2) ?? tip;
  const failure = edge.on.every((each) => each === 'failure' || each === 'timeout');
  // The lines enter upright; a loop and a way back come from the side or from below.
  const turn = edge.from === edge.to ? 90 : before.y > tip.y ? 180 : 0;
  return (
    <g>
      <path class={`edge${lit ? ' lit' : ''}${failure ? ' failure' : ''}`} d={curve(points, edge.from === edge.to)} />
      <path class={`arrow${lit ? ' lit' : ''}`} d="M0 0-4-7.5H4Z" transform={`translate(${tip.x} ${tip.y}) rotate(${turn})`} />
    </g>
  );
}

function EdgeLabel({ label, points }: { readonly label: string; readonly points: readonly Point[] }) {
  const [from = { x: 0, y: 0 }, to = from] = points;
  return (
    <text class="edge-label" x={from.x + (to.x - from.x) * 0.5} y={from.y + (to.y - from.y) * 0.5 + 4} text-anchor="middle">
      {label}
    </text>
  );
}

function curve(points: readonly Point[], loop: boolean): string {
  const [first = { x: 0, y: 0 }, ...rest] = points;
  if (loop) return `M${first.x} ${first.y}C${rest.map(({ x, y }) => `${x} ${y}`).join(' ')}`;
  let from = first;
  return `M${first.x} ${first.y}${rest
    .map((to) => {
      const middle = (from.y + to.y) / 2;
      const part = `C${from.x} ${middle} ${to.x} ${middle} ${to.x} ${to.y}`;
      from = to;
      return part;
    })
    .join('')}`;
}

function InWords({ graph, path }: { readonly graph: FlowGraph; readonly path: readonly FlowPathEntry[] }) {
  const edges = graph.edges.map(({ from, to, on }) => `${from} leads to ${to ?? 'the end'}${on === 'next' ? '' : ` on ${on}`}`);
  return (
    <div class="visually-hidden">
      {path.length > 0 && <p>The run has been at: {path.map(({ stepId, status }) => `${stepId} (${status})`).join(', then ')}.</p>}
      <p>
        The flow begins at {graph.initial}. {edges.join('; ')}.
      </p>
    </div>
  );
}
