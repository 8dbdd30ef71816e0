import { readFile, writeFile } from 'node:fs/promises';
import { metrics } from './metrics/index.js';
import { judge } from './verdict.js';
import { worlds } from './worlds.js';

const begin = '<!-- bench:begin -->';
const end = '<!-- bench:end -->';

/** The figures as Markdown: one row per metric, one column per World. */
export function renderMarkdown(report) {
  const names = report.worldNames;
  const titles = ['', ...names.map((name) => worlds[name].title), 'wanted', 'got'];
  const rows = Object.entries(report.results).map(([metricName, results]) => {
    const metric = metrics[metricName];
    const cells = names.map((name) => formatValue(results[name]?.value, metric.unit));
    return [metric.title, ...cells, metric.wants.map(({ text }) => text).join('; '), formatVerdicts(judge(metric, results))];
  });
  return [describeRun(report), '', table(titles, rows), ...notes(report), ...slowDisk(report)].join('\n');
}

/** Puts the figures between the markers of the document; the words around them stay. */
export async function writeIntoDocument(file, markdown) {
  const text = await readFile(file, 'utf8').catch((error) => {
    if (error.code !== 'ENOENT') throw error;
    return `# Performance\n\n${begin}\n${end}\n`;
  });
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} has no ${begin} … ${end} to write the figures between.`);
  await writeFile(file, `${text.slice(0, from + begin.length)}\n\n${markdown}\n\n${text.slice(to)}`);
}

function describeRun({ startedAt, machine, fsync, command }) {
  return [
    `Measured with \`${command}\` on ${startedAt.slice(0, 10)}: ${machine.cpus} × ${machine.model}, ${machine.platform}, Node ${machine.node};`,
    `fdatasync of 4 KiB: p50 ${fsync.p50.toFixed(2)} ms, p99 ${fsync.p99.toFixed(2)} ms.`,
  ].join('\n');
}

function notes({ results }) {
  const lines = [];
  const sleeping = results.sleeping?.pawl?.details[0];
  if (sleeping) lines.push(`${sleeping.runs} sleeping runs: the heap grew by ${sleeping.grownMiB.toFixed(1)} MiB while idle.`);
  const memory = results.memory?.pawl?.details[0];
  if (memory) {
    const { early, late, runs } = memory;
    lines.push(
      `Memory: heap ${early.heapMiB} MiB after ${runs / 10} runs, ${late.heapMiB} MiB after ${runs}; resident ${early.rssMiB} and ${late.rssMiB} MiB.`,
    );
  }
  return lines.length > 0 ? ['', ...lines] : [];
}

function slowDisk({ slow }) {
  if (!slow) return [];
  if (slow.reason) return ['', `A slow disk was not simulated: ${slow.reason}.`];
  const rows = Object.entries(slow.results).map(([metricName, results]) => {
    const { title, unit } = metrics[metricName];
    return [title, formatValue(results.pawl.value, unit)];
  });
  const head = `The same with an fsync made ${slow.ms} ms slower (p50 then ${slow.fsync.p50.toFixed(1)} ms), without a target:`;
  return ['', head, '', table(['', worlds.pawl.title], rows)];
}

function formatVerdicts(verdicts) {
  const texts = verdicts.map(({ met, ratio }) => {
    if (met === undefined) return '–';
    return `${ratio === undefined ? '' : `${ratio.toFixed(2)}× `}${met ? 'yes' : '**no**'}`;
  });
  return texts.join('; ');
}

export function formatValue(value, unit) {
  if (value === undefined) return '–';
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${unit}`;
}

function table(titles, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(titles), line(titles.map((_, at) => (at === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n');
}
