import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { App } from '../support/app.ts';
import { countEvents, untilEvent, valueOf } from '../support/finish.ts';
import { until } from '../support/until.ts';
import type { Scenario } from './scenario.ts';

export function hookScenarios(scenario: Scenario): void {
  scenario('resumes a hook three times, with metadata and a stream', async (app) => {
    const { token, runId } = await startWithToken(app, 'hooks//collect', 'for the owner');
    const chunks = app.worker.api.readStream(runId);
    for (const payload of [{ data: 'one' }, { data: 'two' }, { data: 'three', done: true }]) {
      expect(await app.worker.api.resume(token, payload)).toMatchObject({ runId });
    }
    const { events } = await app.finish(runId);

    const received = [
      { data: 'one', customData: 'for the owner' },
      { data: 'two', customData: 'for the owner' },
      { data: 'three', done: true, customData: 'for the owner' },
    ];
    expect(await valueOf(app.worker, runId)).toEqual(received);
    expect(await chunks).toEqual(received);
    expect(countEvents(events, 'hook_received')).toBe(3);
    expect((await app.executions(runId)).map(({ note }) => note)).toEqual(['one', 'two', 'three', undefined]);
  });

  scenario('loses no payload of resumes that come at the same time', async (app) => {
    const { token, runId } = await startWithToken(app, 'hooks//collect', 'all of them');
    const sent = Array.from({ length: 15 }, (_, index) => `payload ${index}`);
    await Promise.all(sent.map(async (data) => await app.worker.api.resume(token, { data })));
    await app.worker.api.resume(token, { data: 'last', done: true });
    await app.finish(runId);

    const payloads = (await valueOf(app.worker, runId)) as { data: string }[];
    expect(payloads.map(({ data }) => data).toSorted()).toEqual([...sent, 'last'].toSorted());
  });

  scenario('resumes a hook from another process', async (app) => {
    const { token, runId } = await startWithToken(app, 'hooks//waitFor');
    await app.producer.api.resume(token, { data: 'from afar' });
    await app.finish(runId);

    expect(await valueOf(app.worker, runId)).toEqual({ payload: { data: 'from afar' } });
  });

  scenario('tells a run that its token is taken', async (app) => {
    const { token, runId: owner } = await startWithToken(app, 'hooks//waitFor');
    const { value, events } = await app.complete('hooks//waitFor', token);

    expect(value).toEqual({ conflict: 'HookConflictError' });
    expect(countEvents(events, 'hook_conflict')).toBe(1);
    expect(await app.worker.api.hook(token)).toMatchObject({ runId: owner });
    await app.worker.api.resume(token, { data: 'for the owner' });
    await app.finish(owner);
    expect(await valueOf(app.worker, owner)).toEqual({ payload: { data: 'for the owner' } });
  });

  scenario('gives a token to one of many runs that claim it at once', async (app) => {
    const token = randomUUID();
    const claims = await Promise.all(Array.from({ length: 10 }, async () => await app.start('hooks//waitFor', token)));
    const losers = await until('nine runs to lose', async () => {
      const runs = await Promise.all(claims.map(async (runId) => await app.worker.api.run(runId)));
      const completed = runs.filter(({ status }) => status === 'completed');
      return completed.length === 9 ? completed : undefined;
    });
    const { runId: winner } = await app.worker.api.resume(token, { data: 'won' });
    await app.finish(winner);

    expect(losers.map(({ runId }) => runId)).not.toContain(winner);
    expect(await valueOf(app.worker, winner)).toEqual({ payload: { data: 'won' } });
    for (const { runId } of losers) {
      expect(await valueOf(app.worker, runId)).toEqual({ conflict: 'HookConflictError' });
    }
  });

  scenario('names the owner of a token to the run that claims it', async (app) => {
    const { token, runId: owner } = await startWithToken(app, 'hooks//waitFor');

    expect((await app.complete('hooks//claim', token)).value).toEqual({ holder: owner });
    await app.worker.api.resume(token, { data: 'done' });
    await app.finish(owner);
    expect((await app.complete('hooks//claim', token)).value).toEqual({ holder: null });
  });

  scenario('frees a token when its run disposes the hook', async (app) => {
    const next = randomUUID();
    const { token, runId } = await startWithToken(app, 'hooks//passOn', next);
    await app.worker.api.resume(token, { data: 'first' });
    await untilEvent(app.worker, runId, 'hook_disposed');

    expect((await app.complete('hooks//claim', token)).value).toEqual({ holder: null });
    await untilHook(app, next);
    await app.worker.api.resume(next, { data: 'second' });
    await app.finish(runId);
    expect(await valueOf(app.worker, runId)).toEqual({ data: 'second' });
  });

  scenario('lets the first of two hooks win', async (app) => {
    const [left, right] = [randomUUID(), randomUUID()];
    const runId = await app.start('hooks//raceHooks', left, right);
    await untilHook(app, left);
    await untilHook(app, right);
    await app.worker.api.resume(right, { data: 'right' });
    await app.finish(runId);

    expect(await valueOf(app.worker, runId)).toBe('right');
    await expect(app.worker.api.resume(left, { data: 'too late' })).rejects.toThrow(expect.objectContaining({ name: 'HookNotFoundError' }));
  });

  scenario('refuses a token that nobody holds', async (app) => {
    await expect(app.worker.api.resume('nobody', { data: 'hello?' })).rejects.toThrow(
      expect.objectContaining({ name: 'HookNotFoundError' }),
    );
  });

  scenario('answers an HTTP request to a webhook from inside the run', async (app) => {
    const runId = await app.start('hooks//webhook');
    const [published] = await until('the webhook to publish its token', async () => {
      const executions = await app.executions(runId);
      return executions.length > 0 ? executions : undefined;
    });
    const token = published?.note ?? '';
    await untilHook(app, token);
    const response = await fetch(`${app.worker.api.url}/.well-known/workflow/v1/webhook/${token}`, {
      method: 'POST',
      body: 'knock knock',
    });

    expect(response.status).toBe(201);
    expect(await response.text()).toBe('heard: knock knock');
    await app.finish(runId);
    expect(await valueOf(app.worker, runId)).toBe('knock knock');
  });
}

/** Starts a workflow that begins with a hook, under a token of its own, and waits until the hook is there. */
async function startWithToken(app: App, workflow: string, ...args: unknown[]): Promise<{ token: string; runId: string }> {
  const token = randomUUID();
  const runId = await app.start(workflow, token, ...args);
  await untilHook(app, token);
  return { token, runId };
}

async function untilHook(app: App, token: string): Promise<void> {
  await until(`a hook with the token ${token}`, async () => await app.worker.api.hook(token).catch(() => undefined));
}
