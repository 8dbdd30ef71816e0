import { cutLogs } from '../disk/cut-logs.ts';
import { killWriters } from '../disk/kill-writers.ts';
import { stopGrowth } from '../disk/stop-growth.ts';
import { Random } from '../../test/e2e/support/random.ts';
import { type Findings, type Job, part, type Target } from '../target.ts';

const whole = { kills: 10_000, cuts: 10_000, stopped: 200 };

export const disk: Target = {
  id: 'R6',
  fault:
    'SQLite: SIGKILL at random points, the write-ahead log cut at any byte with garbage behind it, files that may not grow any more (EFBIG)',
  want: 'the file whole each time, no acknowledged commit lost, no log with a gap; a write that fails is told with a 503',
  shortScale: 0.0005,
  run,
};

async function run({ seed, scale, scratch, say, isOver = () => false }: Job): Promise<Findings> {
  const random = new Random(seed);
  const [kills, cuts, stopped] = [part(whole.kills, scale), part(whole.cuts, scale), part(whole.stopped, scale)];
  // First: a run that is given so many minutes must not spend them all on the rest.
  const killed = await killWriters(kills, { scratch, random, say, isOver });
  const cut = await cutLogs(cuts, scratch, random);
  say(`${cuts} cut logs, ${cut.violations.length} violations`);
  const stoppedViolations = await stopGrowth(stopped, scratch, random);
  say(`${stopped} files that may not grow, ${stoppedViolations.length} violations`);
  return {
    amounts: { kills: [killed.done, whole.kills], 'cut logs': [cuts, whole.cuts], 'files that may not grow': [stopped, whole.stopped] },
    figures: {
      'events acknowledged before a kill': killed.acknowledged,
      'events acknowledged before a cut': cut.before,
      'behind one': cut.behind,
    },
    violations: [...killed.violations, ...cut.violations, ...stoppedViolations],
    notes: [
      'a disk that is really full, one that gets room again, and a read-only one are in src/sqlite/bad-disk.contract.test.ts (the first two where a disk may be mounted)',
    ],
  };
}
