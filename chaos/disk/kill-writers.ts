import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadDriver } from '../../src/sqlite/driver.ts';
import { inheritedEnv } from '../../test/e2e/support/host.ts';
import type { Random } from '../../test/e2e/support/random.ts';
import { pause } from '../load/monotonic.ts';
import { dieWithUs } from '../node-program.ts';
import { type Acknowledged, inspect } from './inspect.ts';

const program = fileURLToPath(new URL('writer.js', import.meta.url));
const killsPerFile = 100;

export interface Toll {
  readonly violations: string[];
  acknowledged: number;
  done: number;
}

/** Kills a writer at a random moment, again and again on the same file, and looks at the file after each. */
export async function killWriters(kills: number, scratch: string, random: Random, say: (line: string) => void): Promise<Toll> {
  const toll: Toll = { violations: [], acknowledged: 0, done: 0 };
  const open = await loadDriver();
  while (toll.done < kills) {
    const folder = await mkdtemp(join(scratch, 'killed-'));
    let read = 0;
    for (let kill = 0; kill < killsPerFile && toll.done < kills; kill += 1, toll.done += 1) {
      const file = join(folder, 'pawl.db');
      await writeUntilKilled(folder, random);
      const lines = (await readFile(join(folder, 'acknowledged'), 'utf8')).split('\n').slice(0, -1);
      const acknowledged = lines.slice(read).map((line) => JSON.parse(line) as Acknowledged);
      read = lines.length;
      toll.acknowledged += acknowledged.length;
      toll.violations.push(...inspect(open, file, acknowledged).map((what) => `kill ${toll.done}: ${what}`));
    }
    await rm(folder, { recursive: true });
    say(`${toll.done} kills of writers, ${toll.acknowledged} acknowledged events`);
  }
  return toll;
}

async function writeUntilKilled(folder: string, random: Random): Promise<void> {
  const acknowledged = join(folder, 'acknowledged');
  const before = await sizeOf(acknowledged);
  const env = {
    ...inheritedEnv(),
    WORKFLOW_PAWL_URL: `sqlite:${join(folder, 'pawl.db')}`,
    WORKFLOW_PAWL_LOG_LEVEL: 'silent',
    ACKNOWLEDGED: acknowledged,
    PAYLOAD: String(random.pick([10, 200, 20_000])),
  };
  const writer = spawn(process.execPath, [program], { env, stdio: ['ignore', 'ignore', 'ignore'] });
  dieWithUs(writer);
  const ended = once(writer, 'exit');
  // Sometimes while it opens the file, mostly while it writes.
  if (random.chance(0.9)) while ((await sizeOf(acknowledged)) === before && writer.exitCode === null) await pause(2);
  else while ((await sizeOf(acknowledged)) === -1) await pause(1);
  await pause(random.next() * 40);
  writer.kill('SIGKILL');
  await ended;
}

async function sizeOf(file: string): Promise<number> {
  return await stat(file).then(
    ({ size }) => size,
    () => -1,
  );
}
