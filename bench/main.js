import { execFileSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatValue } from './format.js';
import { measureFsync } from './fsync.js';
import { keepRow, readKept } from './kept.js';
import { renderMarkdown, renderSection, writeIntoDocument } from './markdown.js';
import { measureInTurns } from './measure.js';
import { metrics } from './metrics/index.js';
import { plotsOf } from './plots/index.js';
import { startPostgresServer } from './postgres-server.js';
import { describeRun } from './provenance.js';
import { simulateSlowDisk } from './slow-disk.js';
import { stores } from './stores.js';
import { worlds } from './worlds.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = join(root, '.tmp', 'bench');

/** One run of the benchmark: measures, tells as it goes, keeps the raw figures row by row and writes the page. */
export async function runBench({ plan, quick, write, routes, args = [] }) {
  await rm(scratch, { recursive: true, force: true });
  const run = describeRun(args);
  for (const section of plan) {
    const rows = await measureSection({ ...section, quick, write, routes, run });
    console.log(`\n${renderSection(section.sectionName, rows).join('\n')}\n`);
  }
  await rm(scratch, { recursive: true, force: true });
  if (write) await writePage();
}

async function measureSection({ sectionName, metricNames, worldNames, quick, write, routes, run }) {
  const { server: needsServer, slowDiskMs, title } = stores[sectionName];
  // Where the data will be: a scratch server keeps it in the folder of temporary files.
  const fsync = measureFsync(needsServer ? tmpdir() : scratch);
  console.log(
    `${title}\nfdatasync of 4 KiB: p50 ${fsync.p50.toFixed(2)} ms, p99 ${fsync.p99.toFixed(2)} ms${fsync.p50 > 0.3 ? ' (the figures want ≤ 0.3 ms)' : ''}`,
  );
  const slowDisk = slowDiskMs ? simulateSlowDisk({ ms: slowDiskMs }) : undefined;
  if (slowDisk?.reason) {
    console.log(`A slow disk was not simulated: ${slowDisk.reason}.`);
    return {};
  }
  const server = needsServer ? await startPostgresServer({ environment: slowDisk?.environment }) : undefined;
  try {
    const rows = {};
    for (const metricName of metricNames) {
      const { unit } = metrics[metricName];
      console.log(metrics[metricName].title);
      const onRound = ({ worldName, value }) => console.log(`  ${worlds[worldName].title.padEnd(18)} ${formatValue(value, unit)}`);
      const job = { metricName, worldNames, quick, routes, server, scratch, onRound, environment: slowDisk?.environment };
      const results = await measureInTurns(job);
      const measured = { ...run, fsync, server: server?.facts, slowDisk: slowDisk && { ms: slowDiskMs, fsync: slowDisk.fsync } };
      rows[metricName] = { measured, results };
      // At once: a run that is broken off has not measured for nothing.
      if (write) await keepRow({ sectionName, metricName, row: rows[metricName] });
    }
    return rows;
  } finally {
    await server?.stop();
    slowDisk?.remove();
  }
}

/** The page and its plots, from the newest figures of each row. */
async function writePage() {
  const kept = await readKept();
  const plots = join(root, 'docs', 'plots');
  await mkdir(plots, { recursive: true });
  for (const { file, svg } of plotsOf(kept)) await writeFile(join(plots, file), svg);
  const page = join(root, 'docs', 'performance.md');
  await writeIntoDocument(page, renderMarkdown(kept));
  execFileSync(process.execPath, [join(root, 'node_modules', 'oxfmt', 'bin', 'oxfmt'), page], { stdio: 'inherit' });
  console.log('The raw figures are in reports/bench, the page in docs/performance.md, the plots in docs/plots.');
}
