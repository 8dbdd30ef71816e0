import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { keepRow, readKept } from './kept.js';

const row = (at) => ({ measured: { at }, results: { pawl: { value: 1.000_49, samples: [0.123_456_7] } } });

it('a row that is measured anew takes the place of the older one, and the others stay', async () => {
  const to = await scratchFolder();
  await keepRow({ sectionName: 'sqlite', metricName: 'stso', row: row('monday'), to });
  await keepRow({ sectionName: 'sqlite', metricName: 'wo', row: row('monday'), to });
  await keepRow({ sectionName: 'postgres', metricName: 'stso', row: row('monday'), to });
  await keepRow({ sectionName: 'sqlite', metricName: 'stso', row: row('tuesday'), to });
  const kept = await readKept(to);
  const days = Object.entries(kept).flatMap(([section, rows]) =>
    Object.entries(rows).map(([name, { measured }]) => [section, name, measured.at]),
  );
  expect(days).toEqual([
    ['postgres', 'stso', 'monday'],
    ['sqlite', 'stso', 'tuesday'],
    ['sqlite', 'wo', 'monday'],
  ]);
});

it('figures are kept to the microsecond, a line for each row, so that a change shows what was measured', async () => {
  const to = await scratchFolder();
  await keepRow({ sectionName: 'sqlite', metricName: 'stso', row: row('monday'), to });
  expect(await readFile(join(to, 'sqlite.json'), 'utf8')).toBe(
    '{\n"stso": {"measured":{"at":"monday"},"results":{"pawl":{"value":1,"samples":[0.123]}}}\n}\n',
  );
});

it('a file that is torn is told of by name, and not taken for no figures', async () => {
  const to = await scratchFolder();
  await writeFile(join(to, 'sqlite.json'), '{"stso": ');
  await expect(readKept(to)).rejects.toThrow(/sqlite\.json holds no figures/);
});

it('before the first run nothing is kept', async () => {
  expect(await readKept(join(await scratchFolder(), 'none'))).toEqual({});
});

async function scratchFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'pawl-bench-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
