import { randomUUID } from 'node:crypto';
import { isBuiltin } from 'node:module';
import type { Event, Hook, Step, WorkflowRun } from '@workflow/world';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { App } from './support/app.ts';
import { finish, untilEvent, valueOf } from './support/finish.ts';
import { freePort } from '../../src/testing/free-port.ts';
import { openSqliteWorld } from './support/sqlite-world.ts';
import { until } from './support/until.ts';
import { type CliAnswer, UserProject } from './support/user-project.ts';

// Every call starts npx and the command line anew, which takes seconds on a busy machine.
type Page<T> = { readonly data: readonly T[] };

describe('the official command line on Pawl', { timeout: 120_000 }, () => {
  const secret = Buffer.alloc(32, 'secret').toString('base64');
  const token = randomUUID();
  let app: App;
  let project: UserProject;
  let completed: string;
  let waiting: string;
  let sleeping: string;
  let streamed: string;

  beforeAll(async () => {
    const world = await openSqliteWorld();
    app = await App.open(world, { env: { WORKFLOW_PAWL_ENCRYPTION_KEYS: secret } });
    project = await UserProject.create({
      WORKFLOW_PAWL_URL: world.env.WORKFLOW_PAWL_URL ?? '',
      WORKFLOW_PAWL_ENCRYPTION_KEYS: secret,
    });
    ({ runId: completed } = await app.complete('basics//addition', 123));
    ({ runId: streamed } = await app.complete('streams//writeNamed'));
    waiting = await app.start('hooks//collect', token, 'metadata');
    sleeping = await app.start('sleeps//longSleep');
    await untilEvent(app.worker, waiting, 'hook_created');
    await untilEvent(app.worker, sleeping, 'wait_created');
  }, 120_000);

  afterAll(async () => {
    await project?.remove();
    await app?.close();
  }, 60_000);

  test('lists runs, newest first', async () => {
    const { data: runs } = await json<Page<WorkflowRun>>('inspect', 'runs');

    expect(runs.map(({ runId }) => runId)).toEqual([sleeping, waiting, streamed, completed]);
    expect(runs.map(({ status }) => status)).toEqual(['running', 'running', 'completed', 'completed']);
  });

  test('lists the runs of one status or one workflow', async () => {
    const running = await json<Page<WorkflowRun>>('inspect', 'runs', '--status=running', '--sort=asc');
    const additions = await json<Page<WorkflowRun>>('inspect', 'runs', '--workflowName=workflow//./workflows/basics//addition');

    expect(running.data.map(({ runId }) => runId)).toEqual([waiting, sleeping]);
    expect(additions.data.map(({ runId }) => runId)).toEqual([completed]);
  });

  test('shows a run with its decrypted data', async () => {
    const run = await json<WorkflowRun>('inspect', 'run', completed, '--decrypt');

    expect(run).toMatchObject({ runId: completed, status: 'completed', input: [123], output: 132 });
  });

  test('lists the steps of a run, and shows one', async () => {
    const steps = await json<Step[]>('inspect', 'steps', `--runId=${completed}`);
    const found = await json<Step>('inspect', 'step', steps[0]?.stepId ?? '', `--runId=${completed}`);

    expect(steps).toHaveLength(3);
    expect(steps.map(({ status, attempt }) => [status, attempt])).toEqual(steps.map(() => ['completed', 1]));
    expect(found).toMatchObject({ runId: completed, stepId: steps[0]?.stepId });
  });

  test('lists the events of a run and of one step', async () => {
    const events = await json<Event[]>('inspect', 'events', `--runId=${completed}`, '--sort=asc');
    const stepId = events.find(({ eventType }) => eventType === 'step_created')?.correlationId ?? '';
    const ofStep = await json<Event[]>('inspect', 'events', `--stepId=${stepId}`, '--sort=asc');

    expect(events.map(({ eventId }) => eventId)).toEqual((await app.worker.api.events(completed)).map(({ eventId }) => eventId));
    expect(ofStep.map(({ eventType }) => eventType)).toEqual(['step_created', 'step_started', 'step_completed']);
  });

  test('lists hooks, and shows one', async () => {
    const { data: hooks } = await json<Page<Hook>>('inspect', 'hooks');
    const hook = await json<Hook>('inspect', 'hook', hooks[0]?.hookId ?? '');

    expect(hooks).toMatchObject([{ runId: waiting, token }]);
    expect(hook).toMatchObject({ runId: waiting, token });
  });

  test('lists sleeps', async () => {
    const sleeps = await json<{ runId: string }[]>('inspect', 'sleeps', `--runId=${sleeping}`);

    expect(sleeps).toHaveLength(1);
    expect(JSON.stringify(sleeps)).toContain('wait_');
  });

  test('lists the streams of a run, and prints one', async () => {
    const streams = await json<{ runId: string; streamId: string }[]>('inspect', 'streams', `--runId=${streamed}`);
    const printed = await Promise.all(
      streams.map(async ({ streamId }) => await cli('inspect', 'stream', streamId, `--runId=${streamed}`, '--decrypt', '--json')),
    );

    expect(streams.map(({ runId }) => runId)).toEqual([streamed, streamed]);
    const chunks = printed.map(({ stdout }) =>
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    );
    expect(new Set(chunks.map((lines) => lines.length))).toEqual(new Set([1, 2]));
  });

  test('starts a run, which only the worker runs, and prints no secret', async () => {
    const { stdout } = await cli('start', 'workflow//./workflows/basics//addition', '7', '--json');
    const { runId } = JSON.parse(stdout) as { runId: string };
    await finish(app.worker, runId);

    expect(await valueOf(app.worker, runId)).toBe(16);
    expect(new Set((await app.executions(runId)).map(({ host }) => host))).toEqual(new Set([app.worker.id]));
    expect(stdout).not.toContain(secret);
  });

  test('cancels one run, and all of a workflow', async () => {
    const first = await app.start('sleeps//longSleep');
    const others = [await app.start('sleeps//twoLongSleeps'), await app.start('sleeps//twoLongSleeps')];
    const one = await cli('cancel', first, '--json');
    const all = await cli('cancel', '--status=running', '--workflowName=workflow//./workflows/sleeps//twoLongSleeps', '-y', '--json');

    expect([one.stdout, all.stdout]).toEqual(['', '']);
    for (const runId of [first, ...others]) {
      expect((await finish(app.worker, runId)).run.status).toBe('cancelled');
    }
  });

  test('finds both endpoints healthy', async () => {
    const health = await json<{ allHealthy: boolean; results: { endpoint: string }[] }>('health');

    expect(health).toMatchObject({
      allHealthy: true,
      results: [{ endpoint: 'workflow' }, { endpoint: 'step' }],
    });
  });

  // The interface itself needs a Node that has SQLite: on Node 20 its server starts, but answers every page with an error.
  test('starts the web interface, with the runs of this World', async () => {
    const port = await freePort();
    const web = project.keepRunning('web', '--backend', 'pawl', '--noBrowser', '--webPort', String(port));
    onTestFinished(async () => await web.end());
    const url = `http://localhost:${port}`;
    const icon = await until('the web interface', async () => await fetch(`${url}/favicon.ico`).catch(() => undefined), {
      onDeadline: () => web.output(),
    });

    expect(icon.status).toBe(200);
    if (!isBuiltin('node:sqlite')) return;
    const page = await fetch(url);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<html');
    const runs = await fetch(`${url}/api/rpc`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ method: 'fetchRuns', params: {} }),
    });
    expect(runs.status).toBe(200);
    // The answer is CBOR, in which text stands as it is.
    const answer = await runs.text();
    for (const runId of [completed, streamed, waiting, sleeping]) expect(answer).toContain(runId);
  });

  /** Runs a command and takes everything on stdout for one JSON value. */
  async function json<T>(...args: readonly string[]): Promise<T> {
    const { exitCode, stdout, stderr } = await cli(...args, '--json');
    expect(exitCode, stderr).toBe(0);
    return JSON.parse(stdout) as T;
  }

  async function cli(...args: readonly string[]): Promise<CliAnswer> {
    return await project.workflow(...args, '--backend', 'pawl');
  }
});
