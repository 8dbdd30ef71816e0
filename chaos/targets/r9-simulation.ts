import { availableParallelism } from 'node:os';
import { runProgram } from '../node-program.ts';
import type { Theme } from '../simulation/mood.ts';
import { type Findings, type Job, part, type Target } from '../target.ts';

const seedsPerProcess = 500;
const program = new URL('../simulation/run-seeds.ts', import.meta.url);

export const simulation = target('everything', 100_000, {
  id: 'R9',
  fault:
    'deterministic simulation: virtual time, seeded interleavings of up to three workers, crashes, stalls, drains and lost answers at every call of the database',
  want: '100,000 seeds, no rule of the log broken, nothing acknowledged lost, no recorded step run again, every run ends',
  shortScale: 0.0005,
});

export const clocks = target('clocks', 10_000, {
  id: 'R7',
  fault:
    'the clocks of hosts up to 10 min from that of the database, and jumps of it by up to an hour forward and 90 s back, in one of 250 seeds an hour back, in the same simulation',
  want: 'no sleep more than 1 s short of what was asked for, no timer lost',
  shortScale: 0.002,
});

export const flows = target('flows', 20_000, {
  id: 'R9-flows',
  fault:
    'the same with executions of flows: retries, timers, tokens, signals, children, cancellations, time limits, what undoes an execution and what tries it again, under skewed clocks in a quarter of the seeds',
  want: '20,000 seeds, no rule of flows broken, no acknowledged start, resume or cancellation lost, no recorded step run again, every execution ends',
  shortScale: 0.001,
});

function target(theme: Theme, whole: number, about: Omit<Target, 'run'>): Target {
  return { ...about, run: (job) => run(job, { id: about.id, theme, whole }) };
}

interface Simulated {
  readonly id: string;
  readonly theme: Theme;
  readonly whole: number;
}

interface Line {
  readonly seed?: number;
  readonly violations?: readonly string[];
  readonly counts?: Readonly<Record<string, number>>;
  readonly unhandled?: string;
}

async function run({ seed: first, scale, say, isOver = () => false }: Job, { id, theme, whole }: Simulated): Promise<Findings> {
  const seeds = part(whole, scale);
  const violations: string[] = [];
  const totals: Record<string, number> = {};
  let lived = 0;
  const note = ({ seed, violations: seen = [], counts = {}, unhandled }: Line) => {
    const again = `(again: npm run chaos -- --only ${id} --scale ${1 / whole} --seed ${seed})`;
    if (unhandled !== undefined) return violations.push(`an error that nobody caught: ${unhandled} ${again}`);
    for (const what of seen) violations.push(`${what} ${again}`);
    for (const [name, count] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + count;
    lived += 1;
    return lived % 1_000 === 0 && say(`${lived} seeds, ${violations.length} violations`);
  };

  const chunks = Array.from({ length: Math.ceil(seeds / seedsPerProcess) }, (_, index) => first + index * seedsPerProcess);
  const work = async () => {
    for (let from = chunks.shift(); from !== undefined && !isOver(); from = chunks.shift()) {
      const count = Math.min(seedsPerProcess, first + seeds - from);
      let left = Array.from({ length: count }, (_, index) => from + index);
      // A process ends early with a seed that broke more than itself.
      while (left.length > 0) {
        let last = NaN;
        await runProgram(program, { seeds: left, twiceEvery: 100, theme }, (line) => {
          last = Number(line['seed']);
          note(line);
        });
        left = left.slice(left.indexOf(last) + 1 || left.length);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, availableParallelism() - 1) }, work));
  const {
    crashes = 0,
    stalls = 0,
    leaves = 0,
    refusals = 0,
    jumps = 0,
    commits = 0,
    bodies = 0,
    repeated = 0,
    turns = 0,
    foreseen = 0,
    misjudged = 0,
    flowCommits = 0,
    handlerCalls = 0,
    resumesUsed = 0,
  } = totals;
  return {
    amounts: { seeds: [lived, whole] },
    figures: {
      crashes,
      stalls,
      drains: leaves,
      'refused calls and lost answers': refusals,
      'clock jumps': jumps,
      commits,
      ...(theme === 'flows' ? { 'commits of flows': flowCommits, 'handlers called': handlerCalls, 'tokens used': resumesUsed } : {}),
      'step bodies': bodies,
      'of them begun again': repeated,
      'outcomes built on before they came': foreseen + misjudged,
      'of them wrong': misjudged,
      'turns of an event loop': turns,
    },
    violations,
  };
}
