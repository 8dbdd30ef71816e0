import type { Event } from '@workflow/world';
import { expect } from 'vitest';
import { countEvents, untilEvent } from '../support/finish.ts';
import type { Scenario } from './scenario.ts';

export function sleepScenarios(scenario: Scenario): void {
  scenario('completes 60 sleeps in sequence', async (app) => {
    const { value, events } = await app.complete('sleeps//naps', 60, 20);

    expect(value).toBe(60);
    expect(countEvents(events, 'wait_created')).toBe(60);
    expect(countEvents(events, 'wait_completed')).toBe(60);
  });

  scenario('completes sleeps that go on at the same time', async (app) => {
    const { value, events } = await app.complete('sleeps//parallelNaps', 20, 30);

    expect(value).toBe(20);
    expect(countEvents(events, 'wait_completed')).toBe(20);
  });

  scenario('never ends a sleep before its time', async (app) => {
    const { events } = await app.complete('sleeps//naps', 5, 40);

    for (const event of events) {
      if (event.eventType !== 'wait_completed') continue;
      const resumeAt = event.eventData?.resumeAt?.getTime();
      expect(event.createdAt.getTime()).toBeGreaterThanOrEqual(resumeAt ?? Number.POSITIVE_INFINITY);
    }
  });

  scenario('sleeps until an instant given as a Date', async (app) => {
    const { value } = await app.complete('sleeps//sleepUntil', new Date(Date.now() + 200));

    expect(value).toBe(true);
  });

  scenario('gives a workflow the clock of its log', async (app) => {
    const { run, value, events } = await app.complete('sleeps//clock', 30);
    const clock = value as { atStart: number; afterStep: number; afterSleep: number; iso: string };

    expect(clock).toEqual({
      atStart: run.startedAt?.getTime(),
      afterStep: instantOf(events, 'step_completed'),
      afterSleep: instantOf(events, 'wait_completed'),
      iso: new Date(instantOf(events, 'wait_completed')).toISOString(),
    });
  });

  scenario('leaves a sleep behind that has lost a race', async (app) => {
    const { value, events } = await app.complete('sleeps//raceSleepAgainstStep');

    expect(value).toBe('step won');
    expect(countEvents(events, 'wait_completed')).toBe(0);
  });

  scenario('wakes a run from a long sleep', async (app) => {
    const runId = await app.start('sleeps//longSleep');
    await untilEvent(app.worker, runId, 'wait_created');

    expect(await app.worker.api.wake(runId)).toEqual({ stoppedCount: 1 });
    const { events } = await app.finish(runId);
    expect(countEvents(events, 'wait_completed')).toBe(1);
    expect(await app.executions(runId)).toHaveLength(2);
  });

  scenario('wakes a run from another process, one sleep at a time', async (app) => {
    const runId = await app.start('sleeps//twoLongSleeps');
    const first = await untilEvent(app.producer, runId, 'wait_created', 1);
    expect(await app.producer.api.wake(runId, ['wait_unknown'])).toEqual({ stoppedCount: 0 });
    expect(await app.producer.api.wake(runId, [first.correlationId ?? ''])).toEqual({
      stoppedCount: 1,
    });
    await untilEvent(app.producer, runId, 'wait_created', 2);
    expect(await app.producer.api.wake(runId)).toEqual({ stoppedCount: 1 });

    const { run } = await app.finish(runId);
    expect(run.status).toBe('completed');
  });
}

function instantOf(events: readonly Event[], type: Event['eventType']): number {
  const event = events.find(({ eventType }) => eventType === type);
  if (event === undefined) throw new Error(`The log has no ${type}.`);
  return event.createdAt.getTime();
}
