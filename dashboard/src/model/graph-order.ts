import type { LayerNode, Layers } from './graph-layout.ts';

const sweeps = 8;

/** The same ranks with their nodes in an order that crosses few edges: each node near the middle of its neighbours, up and down again. */
export function orderRanks(layers: Layers): Layers {
  let current = layers;
  let best = layers;
  let fewest = countCrossings(layers);
  for (let sweep = 0; sweep < sweeps && fewest > 0; sweep += 1) {
    current = sweep % 2 === 0 ? sweepDown(current) : sweepDown(current.toReversed(), 'below').toReversed();
    const crossings = countCrossings(current);
    if (crossings >= fewest) continue;
    best = current;
    fewest = crossings;
  }
  return best;
}

function sweepDown(layers: Layers, side: 'above' | 'below' = 'above'): Layers {
  const done: (readonly LayerNode[])[] = [];
  for (const layer of layers) {
    const places = new Map(done.at(-1)?.map(({ id }, place) => [id, place]));
    const middles = new Map(layer.map((node, place) => [node, middleOf(node[side].map((id) => places.get(id) ?? 0)) ?? place]));
    done.push(layer.toSorted((a, b) => (middles.get(a) ?? 0) - (middles.get(b) ?? 0)));
  }
  return done;
}

function middleOf(places: readonly number[]): number | undefined {
  return places.length === 0 ? undefined : places.reduce((sum, place) => sum + place, 0) / places.length;
}

function countCrossings(layers: Layers): number {
  let crossings = 0;
  for (const [index, layer] of layers.slice(1).entries()) {
    const places = new Map(layers[index]?.map(({ id }, place) => [id, place]));
    const ends = layer.flatMap((node, bottom) => node.above.map((id) => ({ bottom, top: places.get(id) ?? 0 })));
    const tops = ends.toSorted((a, b) => a.bottom - b.bottom || a.top - b.top).map(({ top }) => top);
    crossings += countInversions(tops, layers[index]?.length ?? 0);
  }
  return crossings;
}

/** How many pairs stand in the wrong order, by a tree of counts: a choice of a hundred ways has five thousand pairs. */
function countInversions(values: readonly number[], limit: number): number {
  const tree = new Uint32Array(limit + 1);
  let inversions = 0;
  for (const [seen, value] of values.entries()) {
    let notAbove = 0;
    for (let at = value + 1; at > 0; at -= at & -at) notAbove += tree[at] ?? 0;
    inversions += seen - notAbove;
    for (let at = value + 1; at <= limit; at += at & -at) tree[at] = (tree[at] ?? 0) + 1;
  }
  return inversions;
}
