import { join } from 'node:path';
import { createWorld } from '../../src/connect/create-world.ts';
import { startScratchPostgres } from '../../src/testing/scratch-postgres.ts';
import { Random } from '../../test/e2e/support/random.ts';
import { runProgram } from '../node-program.ts';
import { type Findings, type Job, part, type Target } from '../target.ts';
import { isRefusal } from '../writers/refusal.ts';
import { rushAll } from '../writers/rush-all.ts';

const whole = { runs: 10_000, compared: 1_000 };
const worldsAtOnce = 3;
const want = 'no corrupted log, in it what the writers were told and no more, rows as the log says, the same for every reader';
const reference = new URL('../writers/reference.ts', import.meta.url);

export const writersSqlite: Target = {
  id: 'R8-sqlite',
  fault: `hooks, steps, waits and ends of one run at the same time, through ${worldsAtOnce} Worlds of one process that share nothing but the SQLite file`,
  want,
  shortScale: 0.003,
  run: (job) => onPawl(job, () => ({ WORKFLOW_PAWL_URL: `sqlite:${join(job.scratch, 'pawl.db')}` })),
};

export const writersPostgres: Target = {
  id: 'R8-postgres',
  fault: `the same on PostgreSQL, and beside it on world-postgres (4.3), the reference of the SDK`,
  want,
  async run(job) {
    const server = await startScratchPostgres();
    try {
      // A name in the URL keeps them apart: each has connections of its own.
      const ours = await onPawl(job, (index) => ({ WORKFLOW_PAWL_URL: `${server.url}?application_name=writer-${index}` }));
      const theirs = await onReference(job, server.url);
      return { ...ours, amounts: { ...ours.amounts, ...theirs.amounts }, figures: { ...ours.figures, ...theirs.figures } };
    } finally {
      await server.stop();
    }
  },
};

async function onPawl(
  { seed, scale, say, isOver = () => false }: Job,
  envOf: (index: number) => Record<string, string>,
): Promise<Findings> {
  const worlds = Array.from({ length: worldsAtOnce }, (_, index) =>
    createWorld({ env: { ...envOf(index), WORKFLOW_PAWL_LOG_LEVEL: 'silent' }, apart: true }),
  );
  try {
    const { runs, calls, refused, failed, broken, untrue, unexpected } = await rushAll(worlds, new Random(seed), {
      runs: part(whole.runs, scale),
      compareRows: true,
      isRefusal,
      say,
      isOver,
    });
    return {
      amounts: { runs: [runs, whole.runs] },
      figures: { calls, 'of them refused': refused, 'failed otherwise': failed },
      violations: [...unexpected, ...untrue, ...broken],
    };
  } finally {
    for (const world of worlds) await world.close();
  }
}

async function onReference({ seed, scale }: Job, url: string): Promise<Pick<Findings, 'amounts' | 'figures'>> {
  const runs = part(whole.compared, scale);
  const seen: Record<string, unknown> = {};
  await runProgram(reference, { url, seed, runs, worlds: worldsAtOnce }, (line) => Object.assign(seen, line));
  return {
    amounts: { 'runs on world-postgres': [runs, whole.compared] },
    figures: {
      'corrupted logs of world-postgres': `${String(seen['corrupted'])} of ${runs}`,
      'with times that go back': `${String(seen['unordered'])} of ${runs}`,
      'without what its writers were told': `${String(seen['untrue'])} of ${runs}`,
      'calls of it that failed otherwise than refused': Number(seen['failed']),
    },
  };
}
