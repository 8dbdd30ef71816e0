import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { createWorld } from '../../src/connect/create-world.ts';
import { loadDriver, type OpenDatabase } from '../../src/sqlite/driver.ts';
import * as build from '../../src/testing/event-builders.ts';
import type { Random } from '../../test/e2e/support/random.ts';
import { type Acknowledged, countThere, inspect } from './inspect.ts';
import { logEnd } from './log-end.ts';

interface Step extends Acknowledged {
  /** Where the log ended when it was acknowledged: its commit ends there at the latest. */
  readonly end: number;
}

export interface Cuts {
  readonly violations: string[];
  /** How often an acknowledged event stood before a cut, and had to be there. */
  before: number;
  /** How often one stood behind it. */
  behind: number;
}

const cutsPerFile = 200;

/**
 * A power cut during a commit, as the file system may leave it: the write-ahead log is cut at any byte, and what follows is gone, zero or
 * garbage. What had been acknowledged before that byte was written must be there, and the rest must be all or nothing.
 */
export async function cutLogs(cuts: number, scratch: string, random: Random): Promise<Cuts> {
  const seen: Cuts = { violations: [], before: 0, behind: 0 };
  const open = await loadDriver();
  for (let done = 0; done < cuts;) {
    const folder = join(scratch, `cut-${done}`);
    const file = join(folder, 'pawl.db');
    const world = createWorld({
      env: { WORKFLOW_PAWL_URL: `sqlite:${file}`, WORKFLOW_PAWL_LOG_LEVEL: 'silent' },
      clock: systemClock,
      apart: true,
    });
    const steps = await write(world, file, random);
    const wal = readFileSync(`${file}-wal`);
    for (let cut = 0; cut < cutsPerFile && done < cuts; cut += 1, done += 1) {
      const at = placeOf(steps, wal.length, random);
      const tail = random.pick(['gone', 'zero', 'garbage', 'stale']);
      const copy = join(folder, 'copy');
      mkdirSync(copy, { recursive: true });
      copyFileSync(file, join(copy, 'pawl.db'));
      writeFileSync(join(copy, 'pawl.db-wal'), damaged(wal, at, tail, random));
      const before = steps.filter(({ end }) => end <= at);
      const behind = steps.slice(before.length);
      seen.before += before.length;
      seen.behind += behind.length;
      for (const what of afterCut(open, join(copy, 'pawl.db'), before, behind, tail))
        seen.violations.push(`log cut at byte ${at} of ${wal.length}, the rest ${tail}: ${what}`);
      rmSync(copy, { recursive: true });
    }
    await world.close();
    rmSync(folder, { recursive: true });
  }
  return seen;
}

async function write(world: ReturnType<typeof createWorld>, file: string, random: Random): Promise<Step[]> {
  const steps: Step[] = [];
  for (let run = 0; run < 6; run += 1) {
    const { run: created, event } = await world.events.create(null, build.runCreated({ input: new Uint8Array(random.between(0, 9_000)) }));
    const runId = String(created?.runId);
    steps.push({ runId, eventId: String(event?.eventId), end: logEnd(file) });
    for (let step = 0; step < 6; step += 1) {
      const id = `step_${step}`;
      for (const request of [build.stepCreated(id), build.stepStarted(id), build.stepCompleted(id)]) {
        const { event: next } = await world.events.create(runId, request);
        steps.push({ runId, eventId: String(next?.eventId), end: logEnd(file) });
      }
    }
  }
  return steps;
}

/** Mostly anywhere in what was written; often right behind a commit, and now and then in the zeros ahead of the last one. */
function placeOf(steps: readonly Step[], walBytes: number, random: Random): number {
  if (random.chance(0.1)) return random.between(0, walBytes);
  if (random.chance(0.2)) return random.pick(steps as [Step, ...Step[]]).end;
  return random.between(0, steps.at(-1)?.end ?? 0);
}

/** What stood before the cut, as far as it is lost, and damage. */
function afterCut(open: OpenDatabase, file: string, before: readonly Step[], behind: readonly Step[], tail: string): string[] {
  const wrong = inspect(open, file, before);
  // A commit without its last bytes can be there only if it ended earlier than we believe, and then it was held against nothing. Zeros and
  // the like may be those bytes.
  const there = tail === 'gone' ? countThere(open, file, behind) : 0;
  return there === 0 ? wrong : [...wrong, `${there} events are there that were written behind the cut: the ends are not right`];
}

function damaged(wal: Buffer, at: number, tail: string, random: Random): Buffer {
  const kept = wal.subarray(0, at);
  const rest = wal.length - at;
  switch (tail) {
    case 'zero':
      return Buffer.concat([kept, Buffer.alloc(rest)]);
    case 'garbage':
      return Buffer.concat([kept, Buffer.from(Array.from({ length: Math.min(rest, 5_000) }, () => random.between(0, 255)))]);
    case 'stale':
      // Pages that were written earlier, in the place of those that were not.
      return Buffer.concat([kept, wal.subarray(0, Math.min(rest, at))]);
    default:
      return kept;
  }
}
