import { cutLogs } from '../disk/cut-logs.ts';
import { fillDisks } from '../disk/fill-disks.ts';
import { killWriters } from '../disk/kill-writers.ts';
import { Random } from '../../test/e2e/support/random.ts';
import { type Findings, type Job, part, type Target } from '../target.ts';

const whole = { kills: 10_000, cuts: 10_000, fullDisks: 200 };

export const disk: Target = {
  id: 'R6',
  fault: 'SQLite: SIGKILL at random points, the write-ahead log cut at any byte with garbage behind it, a disk that is full',
  want: 'the file whole each time, no acknowledged commit lost, no log with a gap; a full disk is told with a 503',
  shortScale: 0.0005,
  run,
};

async function run({ seed, scale, scratch, say, isOver = () => false }: Job): Promise<Findings> {
  const random = new Random(seed);
  const [kills, cuts, fullDisks] = [part(whole.kills, scale), part(whole.cuts, scale), part(whole.fullDisks, scale)];
  // First: a run that is given so many minutes must not spend them all on the rest.
  const killed = await killWriters(kills, { scratch, random, say, isOver });
  const cutViolations = await cutLogs(cuts, scratch, random);
  say(`${cuts} cut logs, ${cutViolations.length} violations`);
  const fullViolations = await fillDisks(fullDisks, scratch, random);
  say(`${fullDisks} full disks, ${fullViolations.length} violations`);
  return {
    amounts: { kills: [killed.done, whole.kills], 'cut logs': [cuts, whole.cuts], 'full disks': [fullDisks, whole.fullDisks] },
    figures: { 'events acknowledged before a kill': killed.acknowledged },
    violations: [...cutViolations, ...fullViolations, ...killed.violations],
    notes: ['a read-only disk, and a tmpfs that gets room again, are in src/sqlite/bad-disk.contract.test.ts'],
  };
}
