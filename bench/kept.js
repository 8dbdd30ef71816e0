import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../reports/bench/', import.meta.url));

/**
 * The raw figures, a file for each section of the page and in it a row for each metric. A row that was measured anew takes the place of the
 * older one and leaves the others: so a partial run changes its own part of the page.
 */
export async function keepRow({ sectionName, metricName, row, to = folder }) {
  await mkdir(to, { recursive: true });
  const file = join(to, `${sectionName}.json`);
  const rows = { ...(await readRows(file)), [metricName]: row };
  const lines = Object.entries(rows).map(([name, kept]) => `${JSON.stringify(name)}: ${JSON.stringify(kept, toMicroseconds)}`);
  await writeFile(`${file}.new`, `{\n${lines.join(',\n')}\n}\n`);
  await rename(`${file}.new`, file);
}

/** All that is kept: section name → metric name → row. */
export async function readKept(from = folder) {
  const names = await readdir(from).catch(() => []);
  const sections = names.filter((name) => name.endsWith('.json')).toSorted();
  return Object.fromEntries(await Promise.all(sections.map(async (name) => [name.slice(0, -5), await readRows(join(from, name))])));
}

async function readRows(file) {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw new Error(`${file} holds no figures of the benchmark; remove it, or put the committed one back.`, { cause: error });
  }
}

function toMicroseconds(_key, value) {
  return typeof value === 'number' ? Math.round(value * 1000) / 1000 : value;
}
