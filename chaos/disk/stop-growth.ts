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

/**
 * Lets a writer run into the size that its files may have, a random one: it is told so, and what it had been told before is there. To the
 * writer this is a failed write (EFBIG), as on a broken disk; one that is full (ENOSPC) needs a mount, and is in bad-disk.contract.test.ts.
 */
export async function stopGrowth(times: number, scratch: string, random: Random): Promise<string[]> {
  const violations: string[] = [];
  const open = await loadDriver();
  for (let time = 0; time < times; time += 1) {
    const folder = await mkdtemp(join(scratch, 'stopped-'));
    const kibibytes = random.between(600, 4_000);
    const refused = await writeInto(folder, kibibytes, random);
    const lines = (await readFile(join(folder, 'acknowledged'), 'utf8')).split('\n').slice(0, -1);
    const acknowledged = lines.map((line) => JSON.parse(line) as Acknowledged);
    const seen = inspect(open, join(folder, 'pawl.db'), acknowledged);
    if (!/"status":503/.test(refused)) seen.push(`the writer was not told: ${refused}`);
    violations.push(...seen.map((what) => `files of at most ${kibibytes} KiB: ${what}`));
    await rm(folder, { recursive: true });
  }
  return violations;
}

/** What a writer says whose files cannot become larger than this. */
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
