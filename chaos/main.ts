import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readCommit } from '../scripts/read-commit.js';
import { writeIntoDocument } from './document.ts';
import { readOptions, usage } from './options.ts';
import type { Job, Report, Target } from './target.ts';
import { targets } from './targets/index.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const reports = join(root, 'reports');

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.stack : error);
  process.exitCode = 1;
}
// A database client or a worker that was cut off may still hold a timer.
process.exit();

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) return console.log(usage(targets));
  const { targets: chosen, seed, scale, write, minutes, previous } = readOptions(args, targets);
  for (const target of chosen) {
    const chosenScale = scale ?? target.shortScale;
    if (chosenScale === undefined) {
      console.log(`${target.id}: it has no short form`);
      continue;
    }
    const report = await attempt(target, {
      seed,
      scale: chosenScale,
      isOver: after(minutes),
      ...(previous === undefined ? {} : { previous }),
    });
    tell(report);
    if (report.violations.length > 0) process.exitCode = 1;
    await keep(report);
  }
  if (!write) return;
  await writeIntoDocument(join(root, 'docs', 'reliability.md'), await largestReports());
  console.log('Written into docs/reliability.md');
}

async function attempt({ id, fault, want, run }: Target, job: Pick<Job, 'seed' | 'scale' | 'previous' | 'isOver'>): Promise<Report> {
  const { seed, scale, previous } = job;
  const scratch = await mkdtemp(join(tmpdir(), `pawl-chaos-${id}-`));
  const startedAt = new Date();
  console.log(`${id} (seed ${seed}, scale ${scale}): ${fault}`);
  const about = { id, fault, want, seed, scale, startedAt: startedAt.toISOString(), ...codeTried(), machine: machine() };
  const command = `npm run chaos -- --only ${id} --seed ${seed} --scale ${scale}${previous === undefined ? '' : ` --previous ${previous}`}`;
  const findings = await run({ ...job, scratch, say: (line) => console.log(`  ${line}`) }).catch((error: unknown) => ({
    amounts: {},
    figures: {},
    violations: [`the attempt itself failed: ${error instanceof Error ? error.stack : String(error)}`],
  }));
  if (findings.violations.length === 0) await rm(scratch, { recursive: true, force: true });
  else console.log(`  what is left of it is in ${scratch}`);
  return { ...about, seconds: secondsSince(startedAt), command, ...findings };
}

function after(minutes: number | undefined): () => boolean {
  const end = minutes === undefined ? Infinity : Date.now() + minutes * 60_000;
  return () => Date.now() >= end;
}

function tell({ amounts, figures, violations, missed = [], notes = [], seconds, command }: Report): void {
  for (const [what, [done, whole]] of Object.entries(amounts)) console.log(`  ${what}: ${done} of ${whole}`);
  for (const [what, figure] of Object.entries(figures)) console.log(`  ${what}: ${figure}`);
  for (const what of missed) console.log(`  not met: ${what}`);
  for (const note of notes) console.log(`  note: ${note}`);
  console.log(violations.length === 0 ? `  holds (${seconds} s)` : `  ${violations.length} VIOLATIONS (${seconds} s); again: ${command}`);
  for (const violation of violations.slice(0, 20)) console.log(`    ${violation}`);
}

/** Figures of a run that was as large say more than those of a newer one that was not; a run that found something says most of all. */
async function keep(report: Report): Promise<void> {
  await mkdir(reports, { recursive: true });
  const file = join(reports, `chaos-${report.id}.json`);
  const before = await readReport(file);
  if (before && report.violations.length === 0 && shareDone(before) > shareDone(report)) {
    return console.log(`  not kept: ${file} is of a larger run`);
  }
  const shown = { ...report, violations: report.violations.slice(0, 100) };
  await writeFile(file, `${JSON.stringify(shown, null, 2)}\n`);
}

/** How much of the whole was done, of everything that the target does. */
function shareDone({ amounts }: Report): number {
  const shares = Object.values(amounts).map(([done, whole]) => Math.min(1, done / whole));
  return shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
}

async function largestReports(): Promise<Report[]> {
  const names = await readdir(reports);
  const found = await Promise.all(names.filter((name) => /^chaos-R.*\.json$/.test(name)).map((name) => readReport(join(reports, name))));
  const order = targets.map(({ id }) => id);
  return found.filter((report) => report !== undefined).toSorted((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
}

async function readReport(file: string): Promise<Report | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Report;
  } catch {
    return undefined;
  }
}

function codeTried(): Pick<Report, 'commit'> {
  const commit = readCommit(['src', 'chaos', 'package.json']);
  return commit === undefined ? {} : { commit };
}

function machine(): string {
  return `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${process.platform} ${process.arch}, Node ${process.versions.node}`;
}

function secondsSince(start: Date): number {
  return Math.round((Date.now() - start.getTime()) / 100) / 10;
}
