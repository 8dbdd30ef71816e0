import { availableParallelism } from 'node:os';
import { startScratchPostgres } from '../../src/testing/scratch-postgres.ts';
import { runProgram } from '../node-program.ts';
import type { Theme } from '../simulation/mood.ts';
import { type Findings, type Job, part, type Target } from '../target.ts';

const seedsPerProcess = 500;
const program = new URL('../simulation/run-seeds.ts', import.meta.url);

export const simulation = target('everything', 100_000, {
  id: 'R9',
  fault:
    'deterministic simulation: virtual time, seeded interleavings of up to three workers, crashes, stalls, drains and refusals at every call of the database, lost answers of those that lease nothing',
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

const onServer = {
  id: 'R9-postgres',
  whole: 5_000,
};

export const onPostgres: Target = {
  id: onServer.id,
  fault:
    'the same against the SQL of a real PostgreSQL, two thirds code and one third flows: answers of every statement lost, statements that arrive up to 30 s after their connection broke, sessions that stand still for as long before they commit',
  want: `${onServer.whole.toLocaleString('en-GB')} seeds, and all that R9 and R9-flows want`,
  async run(job) {
    const server = await startScratchPostgres({ fsync: false, settings: { autovacuum: 'off' } });
    try {
      return await run(job, { ...onServer, postgres: server.url });
    } finally {
      await server.stop();
    }
  },
};

function target(theme: Theme, whole: number, about: Omit<Target, 'run'>): Target {
  return { ...about, run: (job) => run(job, { id: about.id, theme, whole }) };
}

interface Simulated {
  readonly id: string;
  /** Where there is none, it is that of the seed. */
  readonly theme?: Theme;
  readonly whole: number;
  /** The URL of a server; without it they live on SQLite. */
  readonly postgres?: string;
}

interface Line {
  readonly seed?: number;
  readonly violations?: readonly string[];
  readonly counts?: Readonly<Record<string, number>>;
  readonly unhandled?: string;
}

async function run({ seed: first, scale, say, isOver = () => false }: Job, { id, theme, whole, postgres }: Simulated): Promise<Findings> {
  const seeds = part(whole, scale);
  const violations: string[] = [];
  const totals: Record<string, number> = {};
  let lived = 0;
  const note = ({ seed, violations: seen = [], counts, unhandled }: Line) => {
    const again = `(again: npm run chaos -- --only ${id} --scale ${1 / whole} --seed ${seed})`;
    for (const what of seen) violations.push(`${what} ${again}`);
    if (unhandled !== undefined) violations.push(`an error that nobody caught: ${unhandled} ${again}`);
    if (!counts) return;
    for (const [name, count] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + count;
    lived += 1;
    if (lived % 1_000 === 0) say(`${lived} seeds, ${violations.length} violations`);
  };

  const chunks = Array.from({ length: Math.ceil(seeds / seedsPerProcess) }, (_, index) => first + index * seedsPerProcess);
  const work = async () => {
    for (let from = chunks.shift(); from !== undefined && !isOver(); from = chunks.shift()) {
      const count = Math.min(seedsPerProcess, first + seeds - from);
      let left = Array.from({ length: count }, (_, index) => from + index);
      // A process ends early with a seed that broke more than itself.
      while (left.length > 0) {
        let last = NaN;
        await runProgram(program, { seeds: left, twiceEvery: 100, theme, postgres }, (line) => {
          last = Number(line['seed']);
          note(line);
        });
        left = left.slice(left.indexOf(last) + 1 || left.length);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, availableParallelism() - 1) }, work));
  return { amounts: { seeds: [lived, whole] }, figures: shown(totals), violations };
}

/** What the counts of a simulation are called, in this order; those that there are none of are left out. */
const names: readonly (readonly [count: string, name: string])[] = [
  ['crashes', 'crashes'],
  ['stalls', 'stalls'],
  ['leaves', 'drains'],
  ['refusals', 'refused calls and lost answers'],
  ['late', 'statements that arrived or were committed late'],
  ['held', 'sessions that stood still before they committed'],
  ['jumps', 'clock jumps'],
  ['commits', 'commits'],
  ['flowCommits', 'commits of flows'],
  ['handlerCalls', 'handlers called'],
  ['resumesUsed', 'tokens used'],
  ['bodies', 'step bodies'],
  ['repeated', 'of them begun again'],
  ['foreseen', 'outcomes built on before they came, rightly'],
  ['misjudged', 'wrongly'],
  ['turns', 'turns of an event loop'],
];

function shown(totals: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(names.flatMap(([count, name]) => (totals[count] ? [[name, totals[count]]] : [])));
}
