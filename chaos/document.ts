import { readFile, writeFile } from 'node:fs/promises';
import type { Report } from './target.ts';

const begin = '<!-- chaos:begin -->';
const end = '<!-- chaos:end -->';

/** Puts the table of these reports between the marks of a page. */
export async function writeIntoDocument(file: string, reports: readonly Report[]): Promise<void> {
  const text = await readFile(file, 'utf8');
  const [before, rest] = split(text, begin, file);
  const [, after] = split(rest, end, file);
  await writeFile(file, `${before}${begin}\n\n${table(reports)}\n\n${end}${after}`);
}

function table(reports: readonly Report[]): string {
  const machines = [...new Set(reports.map(({ machine }) => machine))];
  const rows = reports.map((report) => {
    const { id, fault, want, seed, seconds, startedAt, commit, machine, violations, missed = [], notes = [] } = report;
    const result = [
      violations.length === 0 ? 'no violation' : `**${violations.length} violations**`,
      ...missed.map((what) => `**not met**: ${what}`),
    ].join('; ');
    const done = Object.entries(report.amounts).map(([what, [count, whole]]) => `${number(count)} of ${number(whole)} ${what}`);
    const figures = Object.entries(report.figures).map(
      ([what, figure]) => `${what}: ${typeof figure === 'number' ? number(figure) : figure}`,
    );
    const cells = [
      id,
      fault,
      want,
      done.join(', '),
      [...figures, ...notes].join('; '),
      result,
      `seed ${seed}, ${duration(seconds)}, ${startedAt.slice(0, 10)}${commit === undefined ? '' : `, at ${commit}`}, ${machines.indexOf(machine) + 1}`,
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  });
  const where = `\n\nThe number behind the commit is that of the machine: ${machines.map((name, index) => `${index + 1} is ${name}`).join('; ')}.`;
  return (
    ['| | fault | wanted | what was run | what was seen | result | run |', '| --- | --- | --- | --- | --- | --- | --- |', ...rows].join(
      '\n',
    ) + where
  );
}

function split(text: string, mark: string, file: string): [string, string] {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`${file} has no "${mark}" to write the table behind.`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}

function number(value: number): string {
  return value.toLocaleString('en-GB', { maximumFractionDigits: 2 });
}

function duration(seconds: number): string {
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
