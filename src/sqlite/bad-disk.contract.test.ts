import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { WorkflowWorldError } from '@workflow/errors';
import { expect, it, onTestFinished } from 'vitest';
import { worldProgram } from '../../test/support/built-world.ts';
import { Program } from '../../test/support/program.ts';
import { scratchFolder } from '../../test/support/scratch.ts';
import { createWorld } from '../connect/create-world.ts';
import { build } from '../testing/index.ts';
import { loadDriver } from './driver.ts';

const openDatabase = await loadDriver();
const isRoot = process.geteuid?.() === 0;
const nobody = 65_534;

it('refuses a write that the disk has no room for, and keeps every one that it acknowledged', { timeout: 60_000 }, async () => {
  const folder = await scratchFolder();
  const { code, stdout, stderr } = await limitedTo(1_024, fillingUp, folder).ended();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { acknowledged, refused } = JSON.parse(stdout) as { acknowledged: string[]; refused: Record<string, unknown> };

  expect(acknowledged.length).toBeGreaterThan(5);
  expect(refused).toMatchObject({ name: 'WorkflowWorldError', status: 503, code: 'TRANSPORT' });
  expect(refused['message']).toMatch(/database .*pawl\.db cannot be used: the disk (?:is full|reported an I\/O error)/);
  expect(runsIn(join(folder, 'pawl.db'))).toEqual(acknowledged.toSorted());
});

it.skipIf(!canMount())('stops writing while the disk is full, and carries on when there is room again', async () => {
  const folder = await smallDisk();
  const world = createWorld({ env: { WORKFLOW_PAWL_URL: `sqlite:${join(folder, 'pawl.db')}`, WORKFLOW_PAWL_LOG_LEVEL: 'silent' } });
  try {
    const { run } = await world.events.create(null, build.runCreated());
    const runId = String(run?.runId);
    const ballast = join(folder, 'ballast');
    fillDisk(ballast);

    const large = { input: new Uint8Array(500_000) };
    const refused = await world.events.create(runId, build.stepCreated('step_1', large)).catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'WorkflowWorldError', status: 503, message: expect.stringContaining('the disk is full') });
    // Nothing of it was written, and what was there before can still be read.
    expect((await world.steps.list({ runId })).data).toEqual([]);
    expect((await world.events.list({ runId })).data.map(({ eventType }) => eventType)).toEqual(['run_created']);

    rmSync(ballast);
    await world.events.create(runId, build.stepCreated('step_1', large));
    expect((await world.events.list({ runId })).data.map(({ eventType }) => eventType)).toEqual(['run_created', 'step_created']);
  } finally {
    await world.close();
  }
});

it('says that a file may not be written to', async () => {
  const folder = await scratchFolder();
  const file = join(folder, 'pawl.db');
  await createDatabase(file);
  readOnly(folder);
  expectUnavailable(await asNobody(() => firstCall(file)), file, /the file or its folder is read-only/);
});

it('says that a folder cannot be made', async () => {
  const folder = await scratchFolder();
  const inTheWay = join(folder, 'file');
  writeFileSync(inTheWay, '');
  expectUnavailable(await firstCall(join(inTheWay, 'deeper', 'pawl.db')), inTheWay, /a part of its path is a file/);

  readOnly(folder);
  const refused = await asNobody(() => firstCall(join(folder, 'new', 'pawl.db')));
  expectUnavailable(refused, folder, /its folder may not be written to/);
});

it('says that a file is no database, and leaves it as it is', async () => {
  const file = join(await scratchFolder(), 'pawl.db');
  writeFileSync(file, 'Dear diary, today was a long day. '.repeat(1_000));
  const before = statSync(file);
  expectUnavailable(await firstCall(file), file, /not a SQLite database/);
  expect(statSync(file)).toMatchObject({ size: before.size, mtimeMs: before.mtimeMs });
});

it('says that a database is damaged, for the call that meets the damage', async () => {
  const file = join(await scratchFolder(), 'pawl.db');
  await createDatabase(file);
  const page = rootPageOf(file, 'runs');
  const handle = await open(file, 'r+');
  await handle.write(Buffer.alloc(4_096, 0xee), 0, 4_096, (page - 1) * 4_096);
  await handle.close();

  const world = worldOn(file);
  try {
    expectUnavailable(await world.runs.list().catch((error: unknown) => error), file, /damaged: restore it from a copy/);
    const written = await world.events.create(null, build.runCreated()).catch((error: unknown) => error);
    expectUnavailable(written, file, /damaged/);
    // Streams lie on other pages.
    await world.writeToStream('lines', 'run', 'one');
    expect((await world.getStreamInfo('lines', 'run')).tailIndex).toBe(0);
  } finally {
    await world.close();
  }
});

function worldOn(file: string) {
  return createWorld({ env: { WORKFLOW_PAWL_URL: `sqlite:${file}`, WORKFLOW_PAWL_LOG_LEVEL: 'silent' } });
}

async function firstCall(file: string): Promise<unknown> {
  const world = worldOn(file);
  try {
    return await world.runs.list().catch((error: unknown) => error);
  } finally {
    await world.close();
  }
}

/** With one run in it, made by another process: what that had open is closed. */
async function createDatabase(file: string): Promise<void> {
  const event = '{ eventType: "run_created", specVersion: 3, eventData: { deploymentId: "d", workflowName: "w", input: 1 } }';
  const program = worldProgram(`await world.events.create(null, ${event});`, { url: `sqlite:${file}`, cwd: dirname(file) });
  expect(await program.ended()).toMatchObject({ code: 0, stderr: '' });
}

function expectUnavailable(error: unknown, path: string, reason: RegExp): void {
  expect(WorkflowWorldError.is(error), String(error)).toBe(true);
  expect(error).toMatchObject({ status: 503, code: 'TRANSPORT', message: expect.stringMatching(reason) });
  expect((error as Error).message).toContain(path);
}

/** Writes runs until it is refused, and tells which were acknowledged. */
const fillingUp = `
import { createWorld } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
const world = createWorld();
const acknowledged = [];
const input = new Uint8Array(40_000).map((_, index) => index * 31);
try {
  for (;;) {
    const event = { eventType: 'run_created', specVersion: 3, eventData: { deploymentId: 'd', workflowName: 'w', input } };
    const { run } = await world.events.create(null, event);
    acknowledged.push(run.runId);
  }
} catch ({ name, status, code, message }) {
  console.log(JSON.stringify({ acknowledged, refused: { name, status, code, message } }));
}
await world.close();`;

/** The program cannot write files larger than this, as on a disk that is full; ignored signals stay ignored across exec. */
function limitedTo(kibibytes: number, code: string, cwd: string): Program {
  const script = `trap '' XFSZ; ulimit -f ${kibibytes}; exec "$0" --input-type=module --eval "$1"`;
  return new Program('bash', ['-c', script, process.execPath, code], { cwd, env: { WORKFLOW_PAWL_URL: 'sqlite:./pawl.db' } });
}

/** The runs in the file, each with its event, or it would not be one. */
function runsIn(file: string): unknown[] {
  const database = openDatabase(file);
  try {
    expect(database.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    const runs = database.prepare('select run_id as id from runs order by run_id').all();
    const events = database.prepare('select run_id as id from events where seq = 1 order by run_id').all();
    expect(events).toEqual(runs);
    return runs.map(({ id }) => id);
  } finally {
    database.close();
  }
}

function rootPageOf(file: string, table: string): number {
  const database = openDatabase(file, { readOnly: true });
  const row = database.prepare('select rootpage from sqlite_schema where name = ?').get(table);
  database.close();
  return Number(row?.['rootpage']);
}

function canMount(): boolean {
  if (process.platform !== 'linux' || !isRoot) return false;
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function smallDisk(): Promise<string> {
  const folder = join(await scratchFolder(), 'disk');
  mkdirSync(folder);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder]);
  onTestFinished(() => void execFileSync('umount', ['--lazy', folder]));
  return folder;
}

function fillDisk(ballast: string): void {
  const piece = Buffer.alloc(64 * 1_024);
  for (let pieces = 1; ; pieces += 1) {
    try {
      writeFileSync(ballast, Buffer.concat(Array.from({ length: pieces }, () => piece)));
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' });
      return;
    }
  }
}

/** Nobody may write into the folder, nor to what is in it. */
function readOnly(folder: string): void {
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o444);
  chmodSync(folder, 0o555);
  onTestFinished(() => chmodSync(folder, 0o755));
}

/** Root may write anything, so what root's tests do here is done as somebody else. */
async function asNobody<T>(act: () => Promise<T>): Promise<T> {
  if (!isRoot) return await act();
  process.seteuid?.(nobody);
  try {
    return await act();
  } finally {
    process.seteuid?.(0);
  }
}
