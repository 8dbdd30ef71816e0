import { breakCycles } from './graph-cycles.ts';
import { orderRanks } from './graph-order.ts';
import { placeRanks } from './graph-place.ts';
import { groupBy } from './group-by.ts';

export interface GraphNode {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PlacedNode extends GraphNode, Point {}

/** An edge as the points its line goes through, from the bottom of one node to the top of the next. */
export interface PlacedEdge<E extends GraphEdge> {
  readonly edge: E;
  readonly points: readonly Point[];
  /** Leads back to where the flow has been. */
  readonly back: boolean;
}

export interface GraphLayout<E extends GraphEdge> {
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge<E>[];
  readonly width: number;
  readonly height: number;
}

/** A node of the layered graph: one of the caller's, or a bend where an edge crosses a rank. */
export interface LayerNode {
  readonly id: string;
  readonly width: number;
  readonly above: string[];
  readonly below: string[];
}

export type Layers = readonly (readonly LayerNode[])[];

const rankGap = 56;
const bendWidth = 14;
const loopReach = 34;
/** More bends than these are of a flow that nobody reads as a picture; its long lines go straight. */
const mostBends = 1_500;

/**
 * Lays a flow out from top to bottom: a rank for every step of the longest way that leads to it, edges through bends where they cross
 * ranks, few crossings, neighbours under each other. The same graph always gives the same picture. `x` and `y` are the middle of a node.
 *
 * @param nodes the first one is where the flow begins
 */
export function layoutGraph<E extends GraphEdge>(nodes: readonly GraphNode[], edges: readonly E[]): GraphLayout<E> {
  const sizes = new Map(nodes.map((node) => [node.id, node]));
  const known = edges.filter(({ from, to }) => sizes.has(from) && sizes.has(to));
  const links = known.filter(({ from, to }) => from !== to);
  const backwards = breakCycles(
    nodes.map(({ id }) => id),
    links,
  );
  const directed = links.map((edge) =>
    backwards.has(edge) ? { edge, top: edge.to, bottom: edge.from } : { edge, top: edge.from, bottom: edge.to },
  );
  const ranks = rankNodes(nodes, directed);
  const { layers, bends } = layersOf(nodes, ranks, directed);
  const x = placeRanks(orderRanks(layers));
  const y = rankHeights(layers, sizes);
  const left = Math.min(
    0,
    ...nodes.map(({ id, width }) => (x.get(id) ?? 0) - width / 2),
    ...[...x.values()].map((place) => place - bendWidth),
  );
  const at = (id: string): Point => ({ x: (x.get(id) ?? 0) - left, y: y(ranks.get(id) ?? 0) });

  const placed = nodes.map((node): PlacedNode => ({ ...node, ...at(node.id) }));
  const drawn = directed.map(({ edge, top, bottom }): PlacedEdge<E> => {
    const inner = (bends.get(edge) ?? []).map(({ id, rank }) => ({ x: (x.get(id) ?? 0) - left, y: y(rank) }));
    const first = at(top);
    const last = at(bottom);
    const points = [
      { x: first.x, y: first.y + (sizes.get(top)?.height ?? 0) / 2 },
      ...inner,
      { x: last.x, y: last.y - (sizes.get(bottom)?.height ?? 0) / 2 },
    ];
    const back = backwards.has(edge);
    return { edge, points: back ? points.toReversed() : points, back };
  });
  const loops = known.filter(({ from, to }) => from === to).map((edge): PlacedEdge<E> => loopOf(edge, at(edge.from), sizes.get(edge.from)));
  const all = [...drawn, ...loops];
  const width =
    0 -
    least([
      ...placed.map((node) => -(node.x + node.width / 2)),
      ...all.flatMap(({ points }) => points.map((point) => -(point.x + bendWidth / 2))),
    ]);
  const height = Math.max(0, ...placed.map((node) => node.y + node.height / 2));
  return { nodes: placed, edges: all, width, height };
}

/** The least of these and zero; there may be more of them than a call takes arguments. */
function least(values: readonly number[]): number {
  return values.reduce((found, value) => Math.min(found, value), 0);
}

type Directed<E> = { readonly edge: E; readonly top: string; readonly bottom: string };

/** The length of the longest way from a node that nothing leads to. */
function rankNodes<E>(nodes: readonly GraphNode[], edges: readonly Directed<E>[]): Map<string, number> {
  const ranks = new Map(nodes.map(({ id }) => [id, 0]));
  const missing = new Map(nodes.map(({ id }) => [id, 0]));
  for (const { bottom } of edges) missing.set(bottom, (missing.get(bottom) ?? 0) + 1);
  const outgoing = groupBy(edges, ({ top }) => top);
  const ready = nodes.map(({ id }) => id).filter((id) => missing.get(id) === 0);
  for (let id = ready.shift(); id !== undefined; id = ready.shift()) {
    for (const { bottom } of outgoing.get(id) ?? []) {
      ranks.set(bottom, Math.max(ranks.get(bottom) ?? 0, (ranks.get(id) ?? 0) + 1));
      missing.set(bottom, (missing.get(bottom) ?? 0) - 1);
      if (missing.get(bottom) === 0) ready.push(bottom);
    }
  }
  return ranks;
}

function layersOf<E>(nodes: readonly GraphNode[], ranks: ReadonlyMap<string, number>, edges: readonly Directed<E>[]) {
  const layers: LayerNode[][] = Array.from({ length: Math.max(-1, ...ranks.values()) + 1 }, () => []);
  const byId = new Map<string, LayerNode>();
  const add = (id: string, width: number, rank: number) => {
    const node: LayerNode = { id, width, above: [], below: [] };
    byId.set(id, node);
    layers[rank]?.push(node);
  };
  for (const { id, width } of nodes) add(id, width, ranks.get(id) ?? 0);

  let made = 0;
  const bends = new Map<E, { id: string; rank: number }[]>();
  for (const [index, { edge, top, bottom }] of edges.entries()) {
    const inner: { id: string; rank: number }[] = [];
    const span = (ranks.get(bottom) ?? 0) - (ranks.get(top) ?? 0) - 1;
    const straight = made + span > mostBends;
    made += straight ? 0 : span;
    for (let rank = (ranks.get(top) ?? 0) + 1; !straight && rank < (ranks.get(bottom) ?? 0); rank += 1) {
      const id = `\0${index}:${rank}`;
      add(id, bendWidth, rank);
      inner.push({ id, rank });
    }
    bends.set(edge, inner);
    if (straight) continue;
    const way = [top, ...inner.map(({ id }) => id), bottom];
    for (const [place, id] of way.slice(1).entries()) {
      byId.get(way[place] ?? '')?.below.push(id);
      byId.get(id)?.above.push(way[place] ?? '');
    }
  }
  return { layers, bends };
}

function rankHeights(layers: Layers, sizes: ReadonlyMap<string, GraphNode>): (rank: number) => number {
  const middles: number[] = [];
  let top = 0;
  for (const layer of layers) {
    const height = Math.max(0, ...layer.map(({ id }) => sizes.get(id)?.height ?? 0));
    middles.push(top + height / 2);
    top += height + rankGap;
  }
  return (rank) => middles[rank] ?? 0;
}

function loopOf<E extends GraphEdge>(edge: E, { x, y }: Point, node: GraphNode | undefined): PlacedEdge<E> {
  const side = x + (node?.width ?? 0) / 2;
  const half = (node?.height ?? 0) / 4;
  const points = [
    { x: side, y: y + half },
    { x: side + loopReach, y: y + half },
    { x: side + loopReach, y: y - half },
    { x: side, y: y - half },
  ];
  return { edge, points, back: true };
}
