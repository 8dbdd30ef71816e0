import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { apiOf } from '../../test/support/api.ts';
import { scratchFolder } from '../../test/support/scratch.ts';
import { systemClock } from '../base/clock.ts';
import { createWorld } from '../connect/create-world.ts';
import { createServer } from '../server/index.ts';
import type { AppendAct } from '../world/port.ts';
import { createSqliteStore } from './store.ts';

describe('a store whose file went from under it', () => {
  it.each([
    ['was deleted with its log', (file: string) => ['', '-wal', '-shm'].forEach((end) => rmSync(`${file}${end}`)), false],
    ['was deleted', (file: string) => rmSync(file), false],
    ['was renamed', (file: string) => renameSync(file, `${file}.old`), false],
    ['was replaced by a copy', replaceByCopy, true],
    ['has lost its folder', (file: string) => renameSync(join(file, '..'), join(file, '..', '..', 'elsewhere')), false],
  ])('refuses what it cannot keep, and makes no other file: it %s', async (_, lose, there) => {
    const file = await newFile();
    const store = await openStore(file);
    await store.commit(append('before'));
    expect(await store.getStream('before')).toBeDefined();
    lose(file);

    const writes = ['one', 'another'].map((name) => store.commit(append(name)));
    for (const write of writes) await expect(write).rejects.toMatchObject({ ...refusal, message: messageOf(file) });
    expect(existsSync(file)).toBe(there);
    // Taken back, rather than kept where nobody will look.
    expect(await store.getStream('one')).toBeUndefined();
    expect(await store.getStream('before')).toBeDefined();
  });

  it('says so of a file that went before the first write', async () => {
    const file = await newFile();
    const store = await openStore(file);
    for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true });
    await expect(store.commit(append('one'))).rejects.toMatchObject({ ...refusal, message: messageOf(file) });
    expect(existsSync(file)).toBe(false);
  });

  it('says so of a read that finds nothing any more', async () => {
    const file = await newFile();
    const store = await openStore(file);
    await store.commit(append('before'));
    rmSync(file);
    // The connection that reads looks for the log when it first reads.
    await expect(store.getStream('before')).rejects.toMatchObject({ ...refusal, message: messageOf(file) });
  });

  it('writes again once the very file is back in its place', async () => {
    const file = await newFile();
    const store = await openStore(file);
    renameSync(file, `${file}.aside`);
    await expect(store.commit(append('one'))).rejects.toMatchObject(refusal);
    renameSync(`${file}.aside`, file);
    await store.commit(append('two'));
    expect(await store.getStream('two')).toBeDefined();
  });

  it('is not ready', async () => {
    const file = await newFile();
    const env = { WORKFLOW_PAWL_URL: `sqlite:${file}`, WORKFLOW_PAWL_LOG_LEVEL: 'silent' };
    const world = createWorld({ env, apart: true });
    const server = createServer({ world, dashboard: false });
    onTestFinished(async () => {
      await server.close();
      await world.close();
    });
    await world.runs.list();
    rmSync(file);
    expect(await apiOf(world, server.fetch).get('//readyz')).toMatchObject({ status: 503, body: { ready: false } });
    expect(existsSync(file)).toBe(false);
  });
});

it('goes on writing where a file was written over in its place, and where there is none', async () => {
  const file = await newFile();
  const store = await openStore(file);
  await store.commit(append('one'));
  writeFileSync(file, readFileSync(file));
  await store.commit(append('two'));
  const inMemory = await openStore(':memory:');
  await inMemory.commit(append('one'));
});

const refusal = { name: 'WorkflowWorldError', status: 503, code: 'TRANSPORT' };

function messageOf(file: string): string {
  return `The SQLite file "${file}" was moved, deleted or replaced while this process had it open: restart this process (nothing was written).`;
}

async function newFile(): Promise<string> {
  return join(await scratchFolder(), 'data', 'pawl.db');
}

async function openStore(path: string) {
  const store = createSqliteStore({ path, clock: systemClock });
  onTestFinished(() => store.close());
  await store.open();
  return store;
}

function replaceByCopy(file: string): void {
  copyFileSync(file, `${file}.copy`);
  renameSync(`${file}.copy`, file);
}

function append(name: string): AppendAct {
  return { kind: 'append', shard: 0, name, runId: name, chunks: [new Uint8Array(10)], close: false, now: 0 };
}
