// Makes a fixture: a database of this version with runs parked in it, in every way in which a run can wait. Of each release one is kept.
//   node --import ./scripts/load-typescript.js chaos/parked/park.ts 0.1.0
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { loadDriver } from '../../src/sqlite/driver.ts';
import { readLog } from '../../src/testing/read-log.ts';
import { pause } from '../load/monotonic.ts';
import { openPlace } from '../load/places.ts';
import type { Parked } from './parked.ts';

const version = process.argv[2] ?? '0.0.0';
const scratch = await mkdtemp(join(tmpdir(), 'pawl-parked-'));
const place = await openPlace('sqlite', scratch, { WORKFLOW_PAWL_LEASE_MS: '1000' });
const { stage, file, reader } = place;
if (file === undefined) throw new Error('A fixture is a file.');

const producer = await stage.startHost('producer');
const worker = await stage.startHost('worker');
const runs: Parked[] = [];
const start = async (workflow: string, args: readonly unknown[], steps: number, token?: string) => {
  runs.push({ runId: await producer.api.start(`load//${workflow}`, args), workflow, steps, ...(token === undefined ? {} : { token }) });
};
for (let index = 0; index < 3; index += 1) {
  await start('nap', [60_000], 0);
  await start('rest', [[1, 1, 1], 3_000], 3);
  await start('listen', [[1, 1], `parked-${index}`], 2, `parked-${index}`);
  await start('walk', [[1, 6_000, 1]], 3);
  await start('spread', [[1, 6_000]], 2);
}
await pause(4_000);
// In the middle of their steps, so that leases of a worker that is gone are part of it; and runs that nobody has seen yet.
await worker.kill();
await start('walk', [[1, 1]], 2);
await producer.stop();
const database = (await loadDriver())(file);
database.exec('pragma wal_checkpoint(truncate)');
database.exec('vacuum');
database.close();
const folder = fileURLToPath(new URL('../fixtures/', import.meta.url));
await mkdir(folder, { recursive: true });
await writeFile(join(folder, `sqlite-${version}.db.gz`), gzipSync(await readFile(file), { level: 9 }));
const fixture = await Promise.all(runs.map(async (run) => ({ ...run, log: await readLog(reader, run.runId) })));
await writeFile(join(folder, `sqlite-${version}.json`), `${JSON.stringify(fixture)}\n`);
await place.close();
await rm(scratch, { recursive: true, force: true });
process.exit();
