import type { SourceName } from '../fuzz/inputs.ts';
import { runProgram } from '../node-program.ts';
import { type Findings, type Job, part, type Target } from '../target.ts';

const whole: Readonly<Record<SourceName, number>> = { events: 450_000, flows: 300_000, cursors: 100_000, http: 100_000, rows: 50_000 };
// For a thousand inputs, which take some seconds.
const hangMs = 120_000;
const program = new URL('../fuzz/run-inputs.ts', import.meta.url);

export const fuzz: Target = {
  id: 'R11',
  fault:
    'values that nobody should send: events and queue messages, flow JSON, cursors, ids and tokens, HTTP requests, values in stored rows',
  want: '1,000,000 inputs; no crash, no error without a name of ours, nothing that takes a second, no 5xx',
  shortScale: 0.001,
  run,
};

async function run({ seed, scale, scratch, say, isOver = () => false }: Job): Promise<Findings> {
  const amounts: Record<string, [number, number]> = {};
  const violations: string[] = [];
  let untried = 0;
  for (const name of Object.keys(whole) as SourceName[]) {
    const count = isOver() ? 0 : part(whole[name], scale);
    let done = 0;
    // The same fault by another input says nothing new.
    const seen = new Set<string>();
    const hear = (line: Record<string, unknown>) => {
      if (typeof line['done'] === 'number') done = line['done'];
      if (typeof line['untried'] === 'number') untried += line['untried'];
      if (typeof line['fault'] !== 'string') return;
      const kind = line['fault'].replace(/^input \d+: /, '').replaceAll(/"(?:[^"\\]|\\.)*"|\[[\d,]*\]|\d+/g, '');
      if (!seen.has(kind)) violations.push(`${name}, ${line['fault']}`);
      seen.add(kind);
    };
    await runProgram(program, { name, seed, count, scratch }, hear, hangMs).catch((error: unknown) =>
      violations.push(`${name}, between input ${done} and ${done + 1_000}: ${String(error)}`),
    );
    amounts[`inputs of ${name}`] = [done, whole[name]];
    say(`${done} inputs of ${name}`);
  }
  return { amounts, figures: { 'values that the schema refused, not counted': untried }, violations };
}
