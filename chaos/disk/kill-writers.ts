import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { loadDriver, type OpenDatabase } from '../../src/sqlite/driver.ts';
import { Random } from '../../test/e2e/support/random.ts';
import { pause } from '../load/monotonic.ts';
import { type Acknowledged, inspect } from './inspect.ts';
import { orderOf, Writers } from './writers.ts';

// Of a file that has grown a check takes longer than a kill.
const killsPerFile = 25;
const filesAtOnce = 2;

export interface Toll {
  readonly violations: string[];
  acknowledged: number;
  done: number;
}

export interface Killing {
  readonly scratch: string;
  readonly random: Random;
  readonly say: (line: string) => void;
  readonly isOver: () => boolean;
}

/** Kills a writer at a random moment, again and again on the same file, and looks at the file after each. */
export async function killWriters(kills: number, { scratch, random, say, isOver }: Killing): Promise<Toll> {
  const toll: Toll = { violations: [], acknowledged: 0, done: 0 };
  const open = await loadDriver();
  const writers = new Writers(Math.min(kills, 2 * filesAtOnce));
  let files = Math.ceil(kills / killsPerFile);
  let left = kills;
  const work = async (ofLine: Random) => {
    while ((files -= 1) >= 0 && !isOver()) {
      const count = Math.min(killsPerFile, left);
      left -= count;
      await killOnOneFile({ count, folder: await mkdtemp(join(scratch, 'killed-')), open, writers, random: ofLine, toll });
      if (toll.done % 500 < killsPerFile) say(`${toll.done} kills of writers, ${toll.acknowledged} acknowledged events`);
    }
  };
  try {
    await Promise.all(Array.from({ length: filesAtOnce }, () => work(new Random(random.between(0, 2 ** 31)))));
  } finally {
    writers.close();
  }
  return toll;
}

interface OneFile {
  readonly count: number;
  readonly folder: string;
  readonly open: OpenDatabase;
  readonly writers: Writers;
  readonly random: Random;
  readonly toll: Toll;
}

async function killOnOneFile({ count, folder, open, writers, random, toll }: OneFile): Promise<void> {
  let read = 0;
  for (let kill = 0; kill < count; kill += 1, toll.done += 1) {
    const ended = await writeUntilKilled(folder, writers, random);
    if (ended !== undefined) toll.violations.push(`kill ${toll.done}: ${ended}`);
    const lines = (await readFile(join(folder, 'acknowledged'), 'utf8').catch(() => '')).split('\n').slice(0, -1);
    const acknowledged = lines.slice(read).map((line) => JSON.parse(line) as Acknowledged);
    read = lines.length;
    toll.acknowledged += acknowledged.length;
    // All that was ever acknowledged on this file: what survived one death has to survive the next.
    const all = kill === count - 1 ? lines.map((line) => JSON.parse(line) as Acknowledged) : acknowledged;
    toll.violations.push(...inspect(open, join(folder, 'pawl.db'), all).map((what) => `kill ${toll.done}: ${what}`));
  }
  await rm(folder, { recursive: true });
}

/** What it said, if it was refused or ended by itself. */
async function writeUntilKilled(folder: string, writers: Writers, random: Random): Promise<string | undefined> {
  const { process: writer, first, closed, said } = writers.take();
  writer.stdin?.write(orderOf(folder, random.pick([10, 200, 200, 20_000])));
  // Sometimes while it opens the file, mostly while it writes.
  if (random.chance(0.9)) await first;
  await pause(random.next() * 80);
  writer.kill('SIGKILL');
  const [code, signal] = await closed;
  return signal === 'SIGKILL' && !said().includes('{') ? undefined : `the writer ended by itself (${code ?? signal}): ${said()}`;
}
