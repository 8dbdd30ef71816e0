import type { LayerNode, Layers } from './graph-layout.ts';

const nodeGap = 28;
const rounds = 12;

/** Where the middle of every node lies from left to right: near the middle of its neighbours, without touching those beside it. */
export function placeRanks(layers: Layers): Map<string, number> {
  const x = new Map<string, number>();
  for (const layer of layers) {
    let left = 0;
    for (const { id, width } of layer) {
      x.set(id, left + width / 2);
      left += width + nodeGap;
    }
  }
  for (let round = 0; round < rounds; round += 1) {
    const down = round % 2 === 0;
    for (const layer of down ? layers : layers.toReversed()) settle(layer, x, down ? 'above' : 'below');
  }
  // The last round went up; the one that counts goes down, so that a straight way is a straight line.
  for (const layer of layers) settle(layer, x, 'above');
  return x;
}

function settle(layer: readonly LayerNode[], x: Map<string, number>, side: 'above' | 'below'): void {
  const wishes = layer.map((node) => {
    const neighbours = node[side].map((id) => x.get(id) ?? 0);
    if (neighbours.length === 0) return x.get(node.id) ?? 0;
    return neighbours.reduce((sum, place) => sum + place, 0) / neighbours.length;
  });
  // Pushed apart once from the left and once from the right; the middle of both is fair to either side, and still far enough apart.
  const fromLeft = pushed(layer, wishes);
  const fromRight = pushed(
    layer.toReversed(),
    wishes.toReversed().map((wish) => -wish),
  ).toReversed();
  for (const [index, { id }] of layer.entries()) x.set(id, ((fromLeft[index] ?? 0) - (fromRight[index] ?? 0)) / 2);
}

function pushed(layer: readonly LayerNode[], wishes: readonly number[]): number[] {
  const places: number[] = [];
  for (const [index, { width }] of layer.entries()) {
    const before = layer[index - 1];
    const least = before ? (places[index - 1] ?? 0) + before.width / 2 + nodeGap + width / 2 : Number.NEGATIVE_INFINITY;
    places.push(Math.max(wishes[index] ?? 0, least));
  }
  return places;
}
