import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { openPlace } from '../load/places.ts';
import { awaitEnd } from '../parked/await-end.ts';
import type { Parked } from '../parked/parked.ts';
import type { Findings, Job, Target } from '../target.ts';

const folder = new URL('../fixtures/', import.meta.url);
const patienceMs = 120_000;

export const upgrade: Target = {
  id: 'R13-fixtures',
  fault: 'databases of earlier versions with runs parked in them: asleep, waiting for a hook, cut off in a step, not begun',
  want: 'every run finishes, and its log begins as it was',
  shortScale: 1,
  run,
};

async function run({ scratch, say }: Job): Promise<Findings> {
  const names = (await readdir(fileURLToPath(folder))).filter((name) => name.endsWith('.db.gz')).toSorted();
  const violations: string[] = [];
  let [finished, all] = [0, 0];
  for (const name of names) {
    const parked = JSON.parse(await readFile(new URL(name.replace('.db.gz', '.json'), folder), 'utf8')) as readonly Parked[];
    const faults = await finish(name, parked, await mkdtemp(`${scratch}/parked-`));
    finished += faults.filter((ofRun) => ofRun.length === 0).length;
    all += parked.length;
    violations.push(...faults.flat().map((what) => `${name}: ${what}`));
    say(`${name}: ${parked.length} parked runs`);
  }
  return {
    amounts: { fixtures: [names.length, names.length], 'parked runs': [finished, all] },
    figures: {},
    violations,
  };
}

/** What is wrong with each of the runs. */
async function finish(name: string, parked: readonly Parked[], scratch: string): Promise<string[][]> {
  const place = await openPlace('sqlite', scratch, { WORKFLOW_PAWL_LEASE_MS: '1000' });
  const { stage, file, reader } = place;
  await writeFile(String(file), gunzipSync(await readFile(new URL(name, folder))));
  try {
    const producer = await stage.startHost('producer');
    await stage.startHost('worker');
    for (const { token } of parked) if (token !== undefined) await producer.api.resume(token, { word: token });
    return await Promise.all(
      parked.map((one) => awaitEnd(reader, one, { patienceMs, before: JSON.stringify(one.log ?? 'a log is missing').slice(0, -1) })),
    );
  } finally {
    await place.close();
  }
}
