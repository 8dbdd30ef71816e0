import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { createWorld } from '../../src/connect/create-world.ts';
import { loadDriver } from '../../src/sqlite/driver.ts';
import * as build from '../../src/testing/event-builders.ts';
import type { Random } from '../../test/e2e/support/random.ts';
import { type Acknowledged, inspect } from './inspect.ts';

interface Step extends Acknowledged {
  /** The size of the write-ahead log when it was acknowledged. */
  readonly walBytes: number;
}

const cutsPerFile = 200;

/**
 * A power cut during a commit, as the file system may leave it: the write-ahead log is cut at any byte, and what follows is gone, zero or
 * garbage. What had been acknowledged before that byte was written must be there, and the rest must be all or nothing.
 */
export async function cutLogs(cuts: number, scratch: string, random: Random): Promise<string[]> {
  const violations: string[] = [];
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
      const at = random.between(0, wal.length);
      const tail = random.pick(['gone', 'zero', 'garbage', 'stale']);
      const copy = join(folder, 'copy');
      mkdirSync(copy, { recursive: true });
      copyFileSync(file, join(copy, 'pawl.db'));
      writeFileSync(join(copy, 'pawl.db-wal'), damaged(wal, at, tail, random));
      const acknowledged = steps.filter(({ walBytes }) => walBytes <= at);
      for (const what of inspect(open, join(copy, 'pawl.db'), acknowledged))
        violations.push(`log cut at byte ${at} of ${wal.length}, the rest ${tail}: ${what}`);
      rmSync(copy, { recursive: true });
    }
    await world.close();
    rmSync(folder, { recursive: true });
  }
  return violations;
}

async function write(world: ReturnType<typeof createWorld>, file: string, random: Random): Promise<Step[]> {
  const steps: Step[] = [];
  for (let run = 0; run < 6; run += 1) {
    const { run: created, event } = await world.events.create(null, build.runCreated({ input: new Uint8Array(random.between(0, 9_000)) }));
    const runId = String(created?.runId);
    steps.push({ runId, eventId: String(event?.eventId), walBytes: statSync(`${file}-wal`).size });
    for (let step = 0; step < 6; step += 1) {
      const id = `step_${step}`;
      for (const request of [build.stepCreated(id), build.stepStarted(id), build.stepCompleted(id)]) {
        const { event: next } = await world.events.create(runId, request);
        steps.push({ runId, eventId: String(next?.eventId), walBytes: statSync(`${file}-wal`).size });
      }
    }
  }
  return steps;
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
