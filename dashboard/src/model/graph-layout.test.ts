import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GraphEdge, type GraphLayout, layoutGraph } from './graph-layout.ts';

const node = (id: string) => ({ id, width: 160, height: 48 });
const edge = (text: string): GraphEdge => {
  const [from = '', to = ''] = text.split('>');
  return { from, to };
};
const layout = (ids: string, ...edges: string[]) => layoutGraph(Array.from(ids, node), edges.map(edge));
const at = (graph: GraphLayout<GraphEdge>, id: string) => graph.nodes.find((each) => each.id === id) ?? { x: NaN, y: NaN };

describe('the layout of a flow', () => {
  it('puts a straight way on a straight line, from top to bottom', () => {
    const graph = layout('abc', 'a>b', 'b>c');
    expect(graph.nodes.map(({ x }) => x)).toEqual([80, 80, 80]);
    expect(at(graph, 'a').y).toBeLessThan(at(graph, 'b').y);
    expect(at(graph, 'b').y).toBeLessThan(at(graph, 'c').y);
  });

  it('puts the branches of a choice side by side, and what follows both under them', () => {
    const graph = layout('abcd', 'a>b', 'a>c', 'b>d', 'c>d');
    expect(at(graph, 'b').y).toBe(at(graph, 'c').y);
    expect(Math.abs(at(graph, 'b').x - at(graph, 'c').x)).toBeGreaterThan(160);
    expect(at(graph, 'd').x).toBe(at(graph, 'a').x);
    expect(at(graph, 'd').y).toBeGreaterThan(at(graph, 'b').y);
  });

  it('leads an edge over several ranks past the nodes between', () => {
    const graph = layout('abcd', 'a>b', 'b>c', 'c>d', 'a>d');
    const long = graph.edges.find((each) => each.edge.from === 'a' && each.edge.to === 'd');
    expect(long?.points).toHaveLength(4);
    for (const point of long?.points.slice(1, -1) ?? []) {
      const hit = graph.nodes.find((each) => Math.abs(each.x - point.x) < 80 && Math.abs(each.y - point.y) < 24);
      expect(hit).toBeUndefined();
    }
  });

  it('draws a way back upwards and knows it for one', () => {
    const graph = layout('abc', 'a>b', 'b>a', 'b>c');
    const back = graph.edges.filter((each) => each.back);
    expect(back.map((each) => each.edge)).toEqual([{ from: 'b', to: 'a' }]);
    expect(back[0]?.points[0]?.y).toBeGreaterThan(back[0]?.points.at(-1)?.y ?? Infinity);
  });

  it('draws a step that leads to itself as a loop at its side', () => {
    const graph = layout('a', 'a>a');
    expect(graph.edges).toHaveLength(1);
    expect(graph.edges[0]?.points.every(({ x }) => x >= 160)).toBe(true);
    expect(graph.width).toBeGreaterThan(160);
  });

  it('leaves out edges to steps that are not there, and draws an empty flow as nothing', () => {
    expect(layout('a', 'a>z').edges).toEqual([]);
    expect(layout('')).toEqual({ nodes: [], edges: [], width: 0, height: 0 });
  });

  it('lays out a flow of a thousand steps with lines over hundreds of them', () => {
    const steps = Array.from({ length: 1_000 }, (_, index) => node(`s${index}`));
    const edges = steps.slice(1).flatMap(({ id }, index) => [
      { from: `s${index}`, to: id },
      { from: `s${Math.floor(index / 2)}`, to: id },
    ]);
    const graph = layoutGraph(steps, edges);
    expect(graph.edges).toHaveLength(edges.length);
    expect(graph.nodes.map(({ y }) => y)).toEqual(graph.nodes.map(({ y }) => y).toSorted((a, b) => a - b));
  });

  it('counts few crossings for a choice of many ways', () => {
    const ways = Array.from({ length: 200 }, (_, index) => node(`way${index}`));
    const edges = ways.flatMap(({ id }) => [
      { from: 'choice', to: id },
      { from: id, to: 'end' },
    ]);
    const graph = layoutGraph([node('choice'), ...ways, node('end')], edges);
    expect(new Set(graph.nodes.map(({ y }) => y)).size).toBe(3);
  });

  it('never lays a node on another or outside of the picture, whatever the flow', () => {
    const ids = Array.from('abcdefghijkl');
    const anyEdge = fc.record({ from: fc.constantFrom(...ids), to: fc.constantFrom(...ids) });
    fc.assert(
      fc.property(fc.array(anyEdge, { maxLength: 30 }), (edges) => {
        const graph = layoutGraph(ids.map(node), edges);
        for (const [index, a] of graph.nodes.entries()) {
          expect(a.x - 80).toBeGreaterThanOrEqual(-1e-6);
          expect(a.x + 80).toBeLessThanOrEqual(graph.width + 1e-6);
          for (const b of graph.nodes.slice(index + 1)) {
            expect(Math.abs(a.x - b.x) >= 160 || Math.abs(a.y - b.y) >= 48).toBe(true);
          }
        }
        for (const { points, back } of graph.edges) {
          const [from, to] = [points[0]?.y ?? 0, points.at(-1)?.y ?? 0];
          expect(back ? to <= from : to > from).toBe(true);
        }
        expect(layoutGraph(ids.map(node), edges)).toEqual(graph);
      }),
    );
  });
});
