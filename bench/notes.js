import { worlds } from './worlds.js';

/** What a figure of the table does not say, a sentence for each metric that has more to tell. */
export function describeDetails(results) {
  return Object.entries(sentences).flatMap(([metricName, describe]) =>
    Object.entries(results[metricName] ?? {}).flatMap(([worldName, { details }]) =>
      details?.length > 0 ? [describe(details[0], worlds[worldName].title)] : [],
    ),
  );
}

const sentences = {
  stepTraffic: ({ roundTrips, statements, commits }, title) =>
    `${title} says for each sequential step: ${one(statements)} statements in ${one(roundTrips)} round trips, ${one(commits)} transactions that write.`,
  sleeping: ({ runs, grownMiB }, title) => `${title}, ${count(runs)} sleeping runs: the heap grew by ${one(grownMiB)} MiB while idle.`,
  flowSleeping: ({ runs, grownMiB }, title) =>
    `${title}, ${count(runs)} sleeping executions: the heap grew by ${one(grownMiB)} MiB while idle.`,
  idleQueries: ({ runs, share }, title) => `${title}, ${count(runs)} sleeping runs: ${share.toFixed(2)} % of a core.`,
  flowMap: ({ few, many, fewMs, manyMs }, title) =>
    `${title}, \`map\`: ${count(few)} items in ${count(Math.round(fewMs))} ms, ${count(many)} in ${count(Math.round(manyMs))} ms.`,
  claims: ({ few, many, fewMs, manyMs }) =>
    `A claim, p50: ${fewMs.toFixed(2)} ms among ${count(few)} finished runs, ${manyMs.toFixed(2)} ms among ${count(many)}.`,
  memory: ({ early, late, runs }, title) => describeMemory({ early, late, runs: `${count(runs)} runs`, tenth: count(runs / 10), title }),
  flowMemory: ({ early, late, runs }, title) =>
    describeMemory({ early, late, runs: `${count(runs)} executions`, tenth: count(runs / 10), title }),
};

function describeMemory({ early, late, runs, tenth, title }) {
  return `Memory of ${title}: heap ${early.heapMiB} MiB after ${tenth}, ${late.heapMiB} MiB after ${runs}; resident ${early.rssMiB} and ${late.rssMiB} MiB.`;
}

function one(value) {
  return value.toFixed(1);
}

function count(value) {
  return value.toLocaleString('en');
}
