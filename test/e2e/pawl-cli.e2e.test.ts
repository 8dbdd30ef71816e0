import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createFakeClock } from '../../src/base/fake-clock.ts';
import { runCli } from '../../src/cli/run-cli.ts';
import { createWorld, type PawlWorld } from '../../src/index.ts';
import { type Ending, endingEvent, pendingRun, runningRun } from '../../src/testing/arrange.ts';
import { readCodeBlocks } from '../docs/code-blocks.ts';
import { databases } from '../support/databases.ts';
import { type Ended, Program } from '../support/program.ts';
import { App } from './support/app.ts';
import { openSqliteWorld } from './support/sqlite-world.ts';

type Env = Record<string, string>;

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const dayMs = 86_400_000;

beforeAll(() => {
  if (!existsSync(main)) throw new Error('dist is missing: run `npm run build` first.');
});

describe.each(Object.entries(databases))('pawl on %s', (_, database) => {
  it('migrates once, and says before what it would do', async () => {
    const env = await database();
    const planned = await json(env, 'migrate', '--dry-run');
    expect(planned).toMatchObject({ dryRun: true, from: 0, to: 0 });
    expect(planned['migrations']).toContain('0001_world');
    const done = await json(env, 'migrate');
    expect(done).toMatchObject({ from: 0, to: planned['newest'], migrations: planned['migrations'] });
    expect(await json(env, 'migrate')).toMatchObject({ from: planned['newest'], migrations: [] });
    expect((await pawl(env, 'migrate')).stdout).toMatch(/is up to date/);
  });

  it('prunes what is kept no longer, after it has only counted it', async () => {
    const env = { ...(await database()), WORKFLOW_PAWL_RETENTION: 'failed=never' };
    const old = await oldRuns(env, ['completed', 'completed', 'failed', 'cancelled']);
    const world = openWorld(env);
    const recent = await pendingRun(world);
    const counts = { completed: 2, failed: 0, cancelled: 1 };
    const day = { completed: 30 * dayMs, failed: null, cancelled: 30 * dayMs };
    expect(await json(env, 'prune', '--dry-run')).toEqual({ dryRun: true, runs: counts, total: 3, retentionMs: day });
    expect((await world.runs.list({})).data).toHaveLength(5);
    const said = await pawl(env, 'prune');
    expect(said).toMatchObject({ code: 0, stderr: '' });
    expect(said.stdout).toMatch(/failed +for ever +0\n[^]*3 runs deleted\.\n$/);
    expect(new Set((await world.runs.list({})).data.map(({ runId }) => runId))).toEqual(new Set([old[2], recent]));
    expect(await json(env, 'prune')).toMatchObject({ total: 0 });
  });

  it('says what still waits for another build, and ends with 3 while something does', async () => {
    const env = { ...(await database()), WORKFLOW_PAWL_DEPLOYMENT_ID: 'dpl_new', WORKFLOW_PAWL_DEPLOYMENT_POLICY: 'pinned' };
    const world = openWorld(env);
    await pendingRun(world, { deploymentId: 'dpl_new' });
    expect(await json(env, 'drain')).toMatchObject({ current: 'dpl_new', waiting: 0, drained: true });
    const runId = await runningRun(world, { deploymentId: 'dpl_old' });
    const waiting = await pawl(env, 'drain', '--json');
    expect(waiting.code).toBe(3);
    expect(JSON.parse(waiting.stdout)).toMatchObject({
      policy: 'pinned',
      waiting: 1,
      drained: false,
      deployments: [
        { deploymentId: 'dpl_new', current: true, pending: 1, running: 0, workers: 0 },
        { deploymentId: 'dpl_old', current: false, pending: 0, running: 1, workers: 0, oldestCreatedAt: expect.any(Number) },
      ],
    });
    expect((await pawl(env, 'drain')).stdout).toMatch(/dpl_old +0 +1 [^]*1 run began under another build than dpl_new: keep its workers/);
    expect((await pawl(env, 'runs', 'cancel', runId)).code).toBe(0);
    expect((await pawl(env, 'drain')).code).toBe(0);
  });

  it('lists, shows and cancels runs', async () => {
    const env = await database();
    const world = openWorld(env);
    const [first, second] = [await pendingRun(world), await runningRun(world)];
    // Both may be of the same millisecond.
    const [newest, oldest] = (await world.runs.list({})).data.map(({ runId }) => runId);
    const page = await json(env, 'runs', 'list', '--limit', '1');
    expect(page).toMatchObject({ runs: [{ runId: newest, kind: 'code' }], cursor: expect.any(String) });
    expect(await json(env, 'runs', 'list', '--limit', '1', '--cursor', String(page['cursor']))).toMatchObject({
      runs: [{ runId: oldest }],
    });
    expect(await json(env, 'runs', 'list', '--status', 'running', '--kind', 'code')).toMatchObject({ runs: [{ runId: second }] });
    expect(await json(env, 'runs', 'list', '--since', '2999-01-01')).toEqual({ runs: [], cursor: null });
    expect(await json(env, 'explain', first)).toMatchObject({ runId: first, facts: [{ kind: 'queued', why: 'no worker' }] });
    expect((await pawl(env, 'explain', first)).stdout).toMatch(/^Run wrun_\w+ \(.*\) is pending\. .*no worker is alive\. Start one/);
    expect(await json(env, 'runs', 'list', '--status', 'failed')).toEqual({ runs: [], cursor: null });
    expect((await pawl(env, 'runs', 'list')).stdout.split('\n').filter((line) => line.startsWith('wrun_'))).toHaveLength(2);

    expect(await json(env, 'runs', 'cancel', first)).toEqual({ runId: first, status: 'cancelled', cancelled: true });
    expect(await json(env, 'runs', 'cancel', first)).toEqual({ runId: first, status: 'cancelled', cancelled: false });
    const shown = await json(env, 'runs', 'show', first);
    expect(shown).toMatchObject({
      run: { status: 'cancelled' },
      steps: [],
      events: [{ eventType: 'run_created' }, { eventType: 'run_cancelled' }],
    });
    expect((await pawl(env, 'runs', 'show', first)).stdout).toMatch(/status +cancelled/);

    await world.events.create(second, endingEvent('completed'));
    const late = await pawl(env, 'runs', 'cancel', second, '--json');
    expect({ ...late, stderr: JSON.parse(late.stderr) as unknown }).toMatchObject({
      code: 3,
      stdout: '',
      stderr: { error: { code: 'RUN_ENDED' } },
    });
    const missing = await pawl(env, 'runs', 'show', 'nowhere', '--json');
    expect(missing).toMatchObject({ code: 4, stdout: '' });
    expect(await pawl(env, 'explain', 'nowhere')).toMatchObject({ code: 4, stdout: '', stderr: 'There is no run "nowhere".\n' });
    expect(JSON.parse(missing.stderr)).toMatchObject({ error: { code: 'RUN_NOT_FOUND' } });
  });

  it('finds a database without a schema, changes nothing about it, and says what to do', async () => {
    const env = await database();
    const found = await pawl(env, 'doctor', '--json');
    expect(found).toMatchObject({ code: 3, stderr: '' });
    expect(JSON.parse(found.stdout)).toMatchObject({
      healthy: false,
      findings: [
        { status: 'ok' },
        { check: 'database', status: 'ok' },
        { check: 'schema', status: 'failed', advice: expect.stringContaining('pawl migrate') },
      ],
    });
    const empty = await pawl(env, 'runs', 'list', '--json');
    expect(empty).toMatchObject({ code: 4, stdout: '' });
    expect(JSON.parse(empty.stderr)).toMatchObject({
      error: { code: 'DATABASE_EMPTY', message: expect.stringContaining('WORKFLOW_PAWL_URL') },
    });
    expect(await json(env, 'migrate', '--dry-run')).toMatchObject({ from: 0 });
    await json(env, 'migrate');
    const after = await json(env, 'doctor');
    const statuses = Object.fromEntries(
      (after['findings'] as { check: string; status: string }[]).map(({ check, status }) => [check, status]),
    );
    expect(statuses).toEqual({
      settings: 'ok',
      database: 'ok',
      schema: 'ok',
      clock: 'ok',
      workers: 'warning',
      queue: 'ok',
      delivery: 'skipped',
      workflows: 'skipped',
      steps: 'skipped',
    });
  });
});

describe('pawl beside a worker', () => {
  let app: App;
  let completed: string;
  let env: Env;

  beforeAll(async () => {
    const world = await openSqliteWorld();
    env = { WORKFLOW_PAWL_URL: world.env['WORKFLOW_PAWL_URL'] ?? '' };
    app = await App.open(world);
    ({ runId: completed } = await app.complete('basics//addition', 123));
  }, 120_000);

  afterAll(() => app?.close());

  it('has its message answered by the handlers of the app, through the queue', async () => {
    const found = await pawl(env, 'doctor', '--timeout', '60s', '--json');
    expect(found, found.stdout + found.stderr).toMatchObject({ code: 0, stderr: '' });
    const { findings } = JSON.parse(found.stdout) as { findings: { check: string; status: string }[] };
    expect(findings.map(({ check, status }) => [check, status])).toEqual([
      ...['settings', 'database', 'schema', 'clock', 'workers', 'queue'].map((check) => [check, 'ok']),
      ['delivery', 'skipped'],
      ...['workflows', 'steps'].map((check) => [check, 'ok']),
    ]);
  });

  it('asks whether the app answers where messages are sent', async () => {
    const nowhere = { ...env, WORKFLOW_PAWL_BASE_URL: 'http://user:hush-hush@127.0.0.1:1' };
    const deliveryOf = async (more: Env) => {
      const { stdout } = await pawl({ ...nowhere, ...more }, 'doctor', '--no-message', '--json');
      expect(stdout).not.toContain('hush-hush');
      const { findings } = JSON.parse(stdout) as { findings: { check: string; status: string }[] };
      return findings.find(({ check }) => check === 'delivery');
    };
    expect(await deliveryOf({})).toMatchObject({ status: 'warning', finding: expect.stringContaining('does not answer') });
    expect(await deliveryOf({ WORKFLOW_PAWL_DELIVERY: 'http' })).toMatchObject({ status: 'failed' });
    expect(await deliveryOf({ WORKFLOW_PAWL_DELIVERY: 'inprocess' })).toMatchObject({ status: 'skipped' });
  });

  it('tells that nobody answered', async () => {
    const nobody = { ...env, WORKFLOW_QUEUE_NAMESPACE: 'nobody' };
    const found = await pawl(nobody, 'doctor', '--timeout', '200ms');
    expect(found.code).toBe(3);
    expect(found.stdout).toMatch(/workflows +failed +a message through the queue was not answered within 200 ms/);
  });

  it('cancels a run that the worker sleeps on', async () => {
    const runId = await app.start('sleeps//longSleep');
    await json(env, 'runs', 'cancel', runId);
    expect((await app.finish(runId)).run.status).toBe('cancelled');
  });

  it('takes every command of docs/cli.md', async () => {
    const lines = (await readCodeBlocks('docs/cli.md')).filter(({ info }) => info === 'sh').flatMap(({ text }) => text.split('\n'));
    const commands = lines.flatMap((line) => /^npx pawl (.+)$/.exec(line)?.[1] ?? []);
    expect(commands.length).toBeGreaterThan(15);
    for (const command of commands) {
      let said = '';
      const session = { env, out: () => {}, err: (text: string) => void (said += text), terminal: false };
      // In this process: that the program passes on what it says is asked above.
      const code = await runCli(
        command.split(' ').map((word) => (word === '<run>' ? completed : word)),
        session,
      );
      // What has ended cannot be cancelled or resumed.
      expect({ command, code, said }).toMatchObject({ code: /cancel|resume/.test(command) ? 3 : 0 });
    }
  });
});

describe('the command line of pawl', () => {
  it('explains itself, and says which version it is', async () => {
    const help = await pawl({}, '--help');
    expect(help).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^Usage: pawl /) });
    expect(await pawl({}, '--version')).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  });

  it('ends quietly where nobody reads what it says', async () => {
    const child = spawn(process.execPath, [main, 'completion', 'bash'], { stdio: ['ignore', 'pipe', 'pipe'] });
    // Closed before it can have written: it is still loading.
    child.stdout.destroy();
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => void (said += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    expect({ code, said }).toEqual({ code: 0, said: '' });
  });

  it.each([
    ['a command that there is not', ['explode']],
    ['an option that there is not', ['prune', '--all']],
    ['a status that there is not', ['runs', 'list', '--status', 'tired']],
    ['a limit that is none', ['runs', 'list', '--limit', 'many']],
    ['an instant that is none', ['runs', 'list', '--since', 'yesterday']],
    ['a run that was not named', ['runs', 'show']],
    ['no command at all', []],
  ])('ends with 2 on %s, and says so on stderr only', async (__, args) => {
    const { code, stdout, stderr } = await pawl({}, ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toBe('');
  });

  it('ends with 2 on a wrong setting, in JSON where JSON was asked for', async () => {
    const wrong = { WORKFLOW_PAWL_RETENTION: 'completed=soon' };
    const { code, stdout, stderr } = await pawl(wrong, 'prune', '--json');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: 'INVALID_SETTING', message: expect.stringContaining('WORKFLOW_PAWL_RETENTION is "completed=soon"') },
    });
    expect((await pawl(wrong, 'doctor')).stdout).toMatch(/settings +failed +WORKFLOW_PAWL_RETENTION/);
  });

  it('ends with 1 where there is no database, and shows no password', async () => {
    const url = 'postgres://someone:hush-hush@127.0.0.1:1/nowhere';
    const { code, stdout, stderr } = await pawl({ WORKFLOW_PAWL_URL: url }, 'drain');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^PostgreSQL at 127\.0\.0\.1:1\/nowhere cannot be reached: .*\.\n$/);
    const found = await pawl({ WORKFLOW_PAWL_URL: url }, 'doctor');
    expect(found.code).toBe(3);
    expect(found.stdout).toMatch(/database +failed/);
    expect(stderr + found.stdout + found.stderr).not.toContain('hush-hush');
  });
});

/** Runs ended forty days ago, each in its own way. */
async function oldRuns(env: Env, ended: readonly Ending[]): Promise<string[]> {
  const world = createWorld({
    env: { WORKFLOW_PAWL_LOG_LEVEL: 'silent', ...env },
    clock: createFakeClock(Date.now() - 40 * dayMs),
    apart: true,
  });
  const runs: string[] = [];
  try {
    for (const [index, ending] of ended.entries()) {
      const runId = await runningRun(world, {}, `old-${index}`);
      await world.events.create(runId, endingEvent(ending));
      runs.push(runId);
    }
  } finally {
    await world.close();
  }
  return runs;
}

function openWorld(env: Env): PawlWorld {
  const world = createWorld({ env: { WORKFLOW_PAWL_LOG_LEVEL: 'silent', ...env }, apart: true });
  onTestFinished(() => world.close());
  return world;
}

async function pawl(env: Env, ...args: readonly string[]): Promise<Ended> {
  const cwd = await mkdtemp(join(tmpdir(), 'pawl-cli-'));
  try {
    return await Program.node([main, ...args], { cwd, env }).ended();
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}

async function json(env: Env, ...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await pawl(env, ...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Record<string, unknown>;
}
