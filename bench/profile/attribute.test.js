import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { attribute } from './attribute.js';

const dist = new URL('../../dist/', import.meta.url).href;
const route = join(fileURLToPath(new URL('../..', import.meta.url)), '.tmp/workflows/bench/.well-known/workflow/v1/flow.js');

const frames = [
  ['(root)', ''],
  ['perform', `${dist}sqlite/acts.js`],
  ['all', `${dist}sqlite/connection.js`],
  ['', ''],
  ['parse', ''],
  ['(garbage collector)', ''],
  ['(idle)', ''],
  ['replay', route],
  ['query', 'file:///app/node_modules/pg/lib/client.js'],
  ['serialize', 'file:///app/node_modules/pg-protocol/dist/serializer.js'],
  ['stringify', 'file:///app/node_modules/devalue/src/stringify.js'],
  ['Script', 'node:vm'],
  ['dispatch', 'node:inspector'],
  ['sequence', './workflows/steps'],
];

it('a sample is of whoever wrote the code, and what has no place is its caller’s', () => {
  const { groups } = attribute(
    profileOf({ perform: 10, all: 2, 'all>': 20, 'perform>parse': 5, replay: 30, sequence: 3, query: 4, serialize: 1 }),
  );
  expect(percents(groups)).toEqual({
    'Workflow SDK': 44,
    'SQLite, driver and engine': 26.7,
    'Pawl: sqlite': 22.7,
    'pg, driver': 6.7,
  });
});

it('idleness, the collector and the VM of the SDK are told apart', () => {
  const { groups } = attribute(profileOf({ '(idle)': 50, '(garbage collector)': 20, Script: 20, stringify: 10 }));
  expect(percents(groups)).toEqual({
    idle: 50,
    'garbage collection': 20,
    'Workflow SDK: a VM context for each replay (node:vm)': 20,
    'package devalue': 10,
  });
});

it('the profiler’s own beginning is no part of the work', () => {
  const { ms, groups } = attribute(profileOf({ dispatch: 500, replay: 10 }));
  expect(ms).toBeCloseTo(0.01);
  expect(percents(groups)).toEqual({ 'Workflow SDK': 100 });
});

it('only functions of Pawl are named', () => {
  const { functions } = attribute(profileOf({ perform: 75, replay: 25 }));
  expect(functions).toEqual([{ name: 'perform in sqlite/acts.ts', share: 0.75 }]);
});

/** A profile in the form of V8's, with so many microseconds in each function; `a>b`: in `b` as called by `a`. */
function profileOf(times) {
  const nodes = frames.map(([functionName, url], index) => ({ id: index + 1, callFrame: { functionName, url }, children: [] }));
  const find = (name) => nodes.find(({ callFrame }) => callFrame.functionName === name);
  const samples = [];
  for (const name of Object.keys(times)) {
    const [caller, callee] = name.split('>');
    if (callee !== undefined) find(caller).children.push(find(callee).id);
    samples.push(find(callee ?? caller).id);
  }
  return { nodes, samples, timeDeltas: Object.values(times) };
}

function percents(groups) {
  return Object.fromEntries(groups.map(({ name, share }) => [name, Math.round(share * 1000) / 10]));
}
