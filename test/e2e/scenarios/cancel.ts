import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { App } from '../support/app.ts';
import { countEvents, untilEvent } from '../support/finish.ts';
import { until } from '../support/until.ts';
import type { Scenario } from './scenario.ts';

export function cancelScenarios(scenario: Scenario): void {
  scenario('cancels a run during a step and begins no further step', async (app) => {
    const gate = app.stage.newGate();
    const runId = await app.start('gated//heldStep', gate);
    await untilNote(app, runId, `held ${gate}`);
    await app.producer.api.cancel(runId);
    expect((await app.finish(runId)).run.status).toBe('cancelled');

    await app.stage.openGate(gate);
    await untilNote(app, runId, `released ${gate}`);
    // A run that starts and completes after the step had ended: what the cancelled run still had to do is done by then.
    await app.complete('basics//addition', 1);
    const { run, events } = await app.finish(runId);
    expect(run.status).toBe('cancelled');
    expect(countEvents(events, 'step_created')).toBe(1);
    expect((await app.executions(runId)).map(({ note }) => note)).not.toContain('behind');
  });

  scenario('cancels a sleeping run', async (app) => {
    const runId = await app.start('sleeps//longSleep');
    await untilEvent(app.worker, runId, 'wait_created');
    await app.worker.api.cancel(runId);

    expect((await app.finish(runId)).run.status).toBe('cancelled');
    expect(await app.worker.api.wake(runId)).toEqual({ stoppedCount: 1 });
    const { run, events } = await app.finish(runId);
    expect(run.status).toBe('cancelled');
    expect(countEvents(events, 'wait_completed')).toBe(0);
  });

  scenario('frees the token of a cancelled run', async (app) => {
    const token = randomUUID();
    const runId = await app.start('hooks//waitFor', token);
    await untilEvent(app.worker, runId, 'hook_created');
    await app.worker.api.cancel(runId);

    await expect(app.worker.api.resume(token, { data: 'too late' })).rejects.toThrow(
      expect.objectContaining({ name: 'HookNotFoundError' }),
    );
    expect((await app.complete('hooks//claim', token)).value).toEqual({ holder: null });
  });

  scenario('does not cancel a run that has completed', async (app) => {
    const { runId } = await app.complete('basics//addition', 1);

    await expect(app.worker.api.cancel(runId)).rejects.toThrow(expect.objectContaining({ name: 'EntityConflictError' }));
    expect((await app.finish(runId)).run.status).toBe('completed');
  });

  scenario('tells who waits for a cancelled run that it is cancelled', async (app) => {
    const runId = await app.start('sleeps//longSleep');
    await app.worker.api.cancel(runId);

    expect(await app.producer.api.result(runId)).toMatchObject({
      ok: false,
      error: { name: 'WorkflowRunCancelledError' },
    });
  });

  scenario('completes a run whose race is decided while a step still runs', async (app) => {
    const gate = app.stage.newGate();
    const { runId, value } = await app.complete('gated//raceSteps', gate);
    expect(value).toBe('open');

    await app.stage.openGate(gate);
    await untilNote(app, runId, `released ${gate}`);
    const { run } = await app.finish(runId);
    expect(run.status).toBe('completed');
    expect((await app.executions(runId)).filter(({ note }) => note === `held ${gate}`)).toHaveLength(1);
  });

  scenario('resolves parallel steps in the order in which they end', async (app) => {
    const gates = Array.from({ length: 4 }, () => app.stage.newGate());
    const runId = await app.start('gated//heldSteps', gates);
    for (const gate of gates) await untilNote(app, runId, `held ${gate}`);
    const reversed = gates.toReversed();
    for (const [index, gate] of reversed.entries()) {
      await app.stage.openGate(gate);
      await untilEvent(app.worker, runId, 'step_completed', index + 1);
    }

    await app.finish(runId);
    expect(await app.worker.api.result(runId)).toEqual({ ok: true, value: reversed });
  });
}

async function untilNote(app: App, runId: string, note: string): Promise<void> {
  await until(`a step body at "${note}"`, async () => (await app.executions(runId)).find((line) => line.note === note));
}
