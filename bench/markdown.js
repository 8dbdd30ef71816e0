import { readFile, writeFile } from 'node:fs/promises';
import { metricsOf } from './metrics/index.js';
import { plotsOf } from './plots/index.js';
import { tellMachines, tellProvenance } from './provenance.js';
import { stores } from './stores.js';
import { compareTable } from './tables/compare.js';
import { profileTable } from './tables/profile.js';
import { settingsTable } from './tables/settings.js';

const begin = '<!-- bench:begin -->';
const end = '<!-- bench:end -->';

const tables = { worlds: compareTable, flows: compareTable, 'slow-disk': compareTable, settings: settingsTable, profile: profileTable };

/** All that is kept as Markdown, the plots and then a table for each section that has figures. */
export function renderMarkdown(kept) {
  const sections = Object.keys(stores).flatMap((name) => (kept[name] ? ['', ...renderSection(name, kept[name])] : []));
  const plots = plotsOf(kept).flatMap(({ file, description }) => ['', `![${description}](plots/${file})`]);
  return [...tellMachines(kept), ...plots, ...sections, ...tellNeverMeasured(kept)].join('\n');
}

/** A table that is not there is not to be overlooked either. */
function tellNeverMeasured(kept) {
  const missing = Object.keys(stores).filter((name) => !kept[name]);
  if (missing.length === 0 || Object.keys(kept).length === 0) return [];
  return ['', `Not measured yet: ${missing.map((name) => `“${stores[name].title}” (\`--stores ${name}\`)`).join(', ')}.`];
}

/** Puts the figures between the markers of the document; the words around them stay. */
export async function writeIntoDocument(file, markdown) {
  const text = await readFile(file, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} has no ${begin} … ${end} to write the figures between.`);
  await writeFile(file, `${text.slice(0, from + begin.length)}\n\n${markdown}\n\n${text.slice(to)}`);
}

/** One section: where its figures come from, and its table. */
export function renderSection(sectionName, kept) {
  const section = stores[sectionName];
  const rows = Object.fromEntries(metricsOf(sectionName, section).flatMap((name) => (kept[name] ? [[name, kept[name]]] : [])));
  const newest = Object.values(rows).toSorted((a, b) => (a.measured.at < b.measured.at ? 1 : -1))[0];
  if (!newest) return [];
  const { server, slowDisk } = newest.measured;
  return [
    `### ${section.title}`,
    '',
    ...tellProvenance(rows).flatMap((line) => [line, '']),
    ...(slowDisk ? [`Each fsync takes ${slowDisk.ms} ms longer: p50 then ${slowDisk.fsync.p50.toFixed(1)} ms.`, ''] : []),
    ...(server ? [describeServer(server), ''] : []),
    ...tables[section.part]({ ...section, sectionName, rows }),
  ];
}

function describeServer({ version, fsync, synchronousCommit }) {
  return `PostgreSQL ${version} on the same machine, \`fsync=${fsync}\`, \`synchronous_commit=${synchronousCommit}\`.`;
}
