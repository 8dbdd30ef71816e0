import { mkdir, rm, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measureFsync } from './fsync.js';
import { formatValue, renderMarkdown, writeIntoDocument } from './markdown.js';
import { measureInTurns } from './measure.js';
import { metrics, slowDiskMetrics } from './metrics/index.js';
import { startPostgresServer } from './postgres-server.js';
import { simulateSlowDisk } from './slow-disk.js';
import { stores } from './stores.js';
import { worlds } from './worlds.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = join(root, '.tmp', 'bench');
const slowDiskMs = 5;

/** One run of the benchmark: measures, tells as it goes, keeps the raw figures and writes the tables. */
export async function runBench({ plan, quick, slowDisk, write, routes, args }) {
  await rm(scratch, { recursive: true, force: true });
  const fsync = measureFsync(scratch);
  console.log(
    `fdatasync of 4 KiB: p50 ${fsync.p50.toFixed(2)} ms, p99 ${fsync.p99.toFixed(2)} ms${fsync.p50 > 0.3 ? ' (the figures want ≤ 0.3 ms)' : ''}\n`,
  );

  const command = ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
  const report = { startedAt: new Date().toISOString(), command, machine: describeMachine(), fsync, stores: {} };
  for (const { storeName, metricNames, worldNames } of plan) {
    const job = { storeName, metricNames, worldNames, quick, routes };
    const { server, results } = await measureStore(job);
    const onSlowDisk = slowDiskMetrics.filter((name) => metricNames.includes(name));
    const slow =
      slowDisk && worldNames.includes('pawl') && onSlowDisk.length > 0 ? await measureSlowDisk({ ...job, onSlowDisk }) : undefined;
    report.stores[storeName] = { worldNames, server, results, slow };
  }
  await rm(scratch, { recursive: true, force: true });

  const markdown = renderMarkdown(report);
  console.log(`\n${markdown}\n`);
  console.log(`Raw figures: ${await keepRaw(report)}`);
  if (!write) return;
  await writeIntoDocument(join(root, 'docs', 'performance.md'), markdown);
  console.log('Written into docs/performance.md');
}

/** The PostgreSQL server of one run is the same for all Worlds. */
async function measureStore({ storeName, metricNames, ...job }) {
  const server = stores[storeName].server ? await startPostgresServer() : undefined;
  try {
    const results = {};
    for (const metricName of metricNames)
      results[metricName] = await measureAndTell({ ...job, metricName, server, where: stores[storeName].title });
    return { server: server?.facts, results };
  } finally {
    await server?.stop();
  }
}

async function measureSlowDisk({ onSlowDisk, quick, routes }) {
  const disk = simulateSlowDisk({ ms: slowDiskMs, scratch });
  if (disk.reason) return disk;
  const { environment, fsync } = disk;
  const where = `SQLite, fsync + ${slowDiskMs} ms`;
  const results = {};
  for (const metricName of onSlowDisk) {
    results[metricName] = await measureAndTell({ metricName, worldNames: ['pawl'], quick, routes, environment, where });
  }
  return { ms: slowDiskMs, fsync, results };
}

async function measureAndTell({ metricName, where, ...job }) {
  const { title, unit } = metrics[metricName];
  console.log(`${where}: ${title}`);
  const onRound = ({ worldName, value }) => console.log(`  ${worlds[worldName].title.padEnd(18)} ${formatValue(value, unit)}`);
  return await measureInTurns({ ...job, metricName, scratch, onRound });
}

async function keepRaw(report) {
  const folder = join(root, 'reports');
  await mkdir(folder, { recursive: true });
  const name = `bench-${report.startedAt.slice(0, 19).replaceAll(':', '-')}.json`;
  await writeFile(join(folder, name), `${JSON.stringify(report, null, 2)}\n`);
  return `reports/${name}`;
}

function describeMachine() {
  const { model } = cpus()[0];
  const platform = `${process.platform} ${process.arch}`;
  return { cpus: cpus().length, model, platform, node: process.versions.node, memoryGiB: Math.round(totalmem() / 2 ** 30) };
}
