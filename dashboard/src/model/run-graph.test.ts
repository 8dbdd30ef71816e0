import { describe, expect, it } from 'vitest';
import type { FlowGraph, FlowPathEntry } from '../api/types.ts';
import { endId, layoutFlow, litEdges, visitsOf } from './run-graph.ts';

const graph: FlowGraph = {
  initial: 'ask',
  nodes: [
    { id: 'refuse', handler: 'transform', label: 'refuse' },
    { id: 'ask', handler: 'wait', label: 'Ask for approval' },
    { id: 'grant', handler: 'transform', label: 'grant' },
  ],
  edges: [
    { from: 'ask', to: 'grant', on: 'success' },
    { from: 'ask', to: 'grant', on: 'resume' },
    { from: 'ask', to: 'refuse', on: 'timeout' },
    { from: 'grant', to: null, on: 'success' },
    { from: 'refuse', to: null, on: 'success' },
  ],
};
const path = (...entries: readonly (readonly [string, FlowPathEntry['status'], number?])[]): FlowPathEntry[] =>
  entries.map(([stepId, status, visit = 1]) => ({ stepId, status, visit, at: '2026-11-22T05:00:00.000Z' }));

describe('the graph of a flow', () => {
  it('begins at the first step and lets all ways out meet in one end', () => {
    const { nodes } = layoutFlow(graph);
    const y = (id: string) => nodes.find((node) => node.id === id)?.y ?? NaN;
    expect(nodes).toHaveLength(4);
    expect(y('ask')).toBeLessThan(y('grant'));
    expect(y('grant')).toBe(y('refuse'));
    expect(y('grant')).toBeLessThan(y(endId));
  });

  it('draws one line for several reasons, and labels lines only where there is a choice', () => {
    const labels = layoutFlow(graph).edges.map(({ edge }) => [edge.from, edge.to, edge.label]);
    expect(labels).toEqual([
      ['ask', 'grant', 'success, resumed'],
      ['ask', 'refuse', 'timed out'],
      ['grant', endId, ''],
      ['refuse', endId, ''],
    ]);
  });

  it('lights what the run has followed, and the end only when it came there', () => {
    const way = path(['ask', 'wait'], ['grant', 'success']);
    expect([...litEdges(way, false)]).toEqual(['ask>grant']);
    expect([...litEdges(way, true)]).toEqual(['ask>grant', `grant>${endId}`]);
  });

  it('takes a second visit of a step for a way back to it, and a retry for none', () => {
    expect([...litEdges(path(['a', 'failure', 1], ['a', 'success', 1], ['b', 'success']), false)]).toEqual(['a>b']);
    expect([...litEdges(path(['a', 'success', 1], ['a', 'success', 2]), false)]).toEqual(['a>a']);
  });

  it('shows of each step what became of it last, and how often it was visited', () => {
    const visits = visitsOf(path(['a', 'failure', 1], ['b', 'success'], ['a', 'retrying', 2]));
    expect(Object.fromEntries(visits)).toEqual({ a: { state: 'running', count: 2 }, b: { state: 'completed', count: 1 } });
  });
});
