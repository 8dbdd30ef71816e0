import { join } from 'node:path';
import { expect, it } from 'vitest';
import { worldProgram } from '../../test/support/built-world.ts';
import { scratchFolder } from '../../test/support/scratch.ts';
import { loadDriver } from './driver.ts';

const processes = 4;
const runsEach = 60;

// Each process writes as fast as it can: runs of its own, a step of the run that all of them share, and chunks of one stream.
const write = `
const payload = new Uint8Array(2_000);
const event = (eventType, eventData, correlationId) => ({ eventType, specVersion: 3, correlationId, eventData });
await Promise.all(Array.from({ length: ${runsEach} }, async (_, index) => {
  const { run } = await world.events.create(null, event('run_created', { deploymentId: 'd', workflowName: 'w', input: payload }));
  await world.events.create(run.runId, event('run_started'));
  await world.events.create('shared', event('step_created', { stepName: 's', input: payload }, 'step_' + process.pid + '_' + index));
  await world.writeToStream('lines', 'shared', process.pid + ' ' + index);
  console.log(run.runId);
}));`;

it('takes the writes of several processes at once, each acknowledged one whole', { timeout: 60_000 }, async () => {
  const folder = await scratchFolder();
  const url = `sqlite:${join(folder, 'pawl.db')}`;
  const share = `
    await world.events.create('shared', { eventType: 'run_created', specVersion: 3, eventData: { deploymentId: 'd', workflowName: 'w', input: 1 } });`;
  expect(await worldProgram(share, { url, cwd: folder }).ended()).toMatchObject({ code: 0, stderr: '' });

  const writers = Array.from({ length: processes }, () => worldProgram(write, { url, cwd: folder }).ended());
  const ends = await Promise.all(writers);
  expect(ends.map(({ code, stderr }) => ({ code, stderr }))).toEqual(ends.map(() => ({ code: 0, stderr: '' })));

  const acknowledged = ends.flatMap(({ stdout }) => stdout.trim().split('\n'));
  const openDatabase = await loadDriver();
  const database = openDatabase(join(folder, 'pawl.db'), { readOnly: true });
  const all = (sql: string) => database.prepare(sql).all();
  const total = processes * runsEach;
  expect(all('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  expect(new Set(acknowledged).size).toBe(total);
  expect(all("select run_id as id from runs where status = 'running'").map(({ id }) => id)).toEqual(expect.arrayContaining(acknowledged));
  expect(all("select count(*) as n, max(seq) as last from events where run_id = 'shared'")).toEqual([{ n: total + 1, last: total + 1 }]);
  expect(all('select count(*) as n, max(chunk_index) as last from stream_chunks')).toEqual([{ n: total, last: total - 1 }]);
  database.close();
});
