import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { loadDriver } from '../../src/sqlite/driver.ts';
import { inheritedEnv } from '../../test/e2e/support/host.ts';
import type { Random } from '../../test/e2e/support/random.ts';
import { dieWithUs } from '../node-program.ts';
import { type Acknowledged, inspect } from './inspect.ts';
import { orderOf, writerProgram } from './writers.ts';

/** Lets a writer run into the end of the disk, at a random size: it is told so, and what it had been told before is there. */
export async function fillDisks(times: number, scratch: string, random: Random): Promise<string[]> {
  const violations: string[] = [];
  const open = await loadDriver();
  for (let time = 0; time < times; time += 1) {
    const folder = await mkdtemp(join(scratch, 'full-'));
    const kibibytes = random.between(600, 4_000);
    const refused = await writeInto(folder, kibibytes, random);
    const lines = (await readFile(join(folder, 'acknowledged'), 'utf8')).split('\n').slice(0, -1);
    const acknowledged = lines.map((line) => JSON.parse(line) as Acknowledged);
    const seen = inspect(open, join(folder, 'pawl.db'), acknowledged);
    if (!/"status":503/.test(refused)) seen.push(`the writer was not told: ${refused}`);
    violations.push(...seen.map((what) => `disk of ${kibibytes} KiB: ${what}`));
    await rm(folder, { recursive: true });
  }
  return violations;
}

/** The writer cannot make files larger than this, as on a disk that is full. */
async function writeInto(folder: string, kibibytes: number, random: Random): Promise<string> {
  const script = `trap '' XFSZ; ulimit -f ${kibibytes}; exec "$0" "$1"`;
  const writer = spawn('bash', ['-c', script, process.execPath, writerProgram], { env: inheritedEnv(), stdio: 'pipe' });
  dieWithUs(writer);
  writer.stdin.end(orderOf(folder, random.pick([200, 20_000])));
  let said = '';
  for (const stream of [writer.stdout, writer.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await once(writer, 'close');
  return said;
}
