import { formatTable } from '../format.js';
import { metrics } from '../metrics/index.js';

/** What is less than this everywhere goes into one row. */
const leastShare = 0.005;
const leastOfFunction = 0.004;

/** One row per owner of code, one column per workload: shares of the wall time of one process. Then the functions of Pawl that take most. */
export function profileTable({ own, rows }) {
  const profiles = Object.entries(rows).map(([name, { results }]) => ({ title: metrics[name].title, ...results[own].details[0] }));
  const names = [...new Set(profiles.flatMap(({ groups }) => groups.map(({ name }) => name)))].toSorted(byPlace);
  const shown = names.filter((name) => profiles.some((profile) => shareOf(profile, name) >= leastShare));
  const row = (title, share) => [title, ...profiles.map((profile) => percent(share(profile)))];
  const lines = [
    ...shown.map((name) => row(name, (profile) => shareOf(profile, name))),
    row('everything else', (profile) => 1 - shown.reduce((sum, name) => sum + shareOf(profile, name), 0)),
    row('**Pawl, all rooms**', shareOfPawl),
    row('**Pawl, of the time that is not idle**', (profile) => shareOfPawl(profile) / (1 - shareOf(profile, 'idle'))),
  ];
  const table = formatTable(['', ...profiles.map(({ title }) => title)], lines);
  return [table, '', 'The functions of Pawl that take most, each with what it calls of V8 itself:', '', ...profiles.map(tellFunctions)];
}

/** Of the wall time, what functions of Pawl took, all rooms together. */
export function shareOfPawl({ groups }) {
  return groups.filter(({ name }) => name.startsWith('Pawl: ')).reduce((sum, { share }) => sum + share, 0);
}

function tellFunctions({ title, functions }) {
  const told = functions.filter(({ share }) => share >= leastOfFunction).map(({ name, share }) => `\`${name}\` ${percent(share)}`);
  return `- ${title}: ${told.join(', ') || 'none takes as much as one sample in 250'}.`;
}

function shareOf({ groups }, wanted) {
  return groups.find(({ name }) => name === wanted)?.share ?? 0;
}

function percent(share) {
  return `${(share * 100).toFixed(1)} %`;
}

/** Ours first, then the others by name, and at the end what is nobody's. */
function byPlace(a, b) {
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

function rank(name) {
  if (name.startsWith('Pawl: ')) return 0;
  return name === 'idle' ? 2 : 1;
}
