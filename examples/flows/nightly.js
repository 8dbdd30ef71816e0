import { createTriggers, defineFlow, MemoryTriggerStore, Result } from 'pawl';
import { TestHarness } from 'pawl/testing';
import { runAsProgram } from './run-as-program.js';

const cleanup = defineFlow({
  id: 'cleanup',
  version: '1.0.0',
  initialStepId: 'delete',
  steps: {
    delete: {
      type: 'delete-older-than',
      input: { type: 'template', template: { days: '${days}', at: '${scheduledFor}' } },
      outputKey: 'deleted',
      transitions: { onSuccess: null },
    },
  },
});

/** Half past two in Berlin, every night: also in the night that has no such time, and once in the night that has two. */
export async function main({ log }) {
  const start = Date.UTC(2026, 2, 27, 12);
  const nights = [];
  const sweep = {
    type: 'delete-older-than',
    async execute({ input }) {
      nights.push(input.at);
      return Result.success(input.days);
    },
  };
  const harness = new TestHarness({ flows: [cleanup], handlers: [sweep], start });
  const { engine, clock } = harness;
  const triggers = createTriggers({ engine, clock, store: new MemoryTriggerStore(engine.store.index) });
  await triggers.register({
    type: 'schedule',
    id: 'nightly-cleanup',
    flowId: 'cleanup',
    cron: '30 2 * * *',
    timezone: 'Europe/Berlin',
    context: { days: 30 },
    catchUp: 'latest',
  });
  // What a worker does: look when the next one is due, sleep until then, fire. Here the sleep is virtual.
  for (let night = 0; night < 4; night += 1) {
    const nextDueAt = await triggers.fireDue();
    await harness.simulateTime(nextDueAt - clock.now());
    await triggers.fireDue();
    await harness.simulateTime(0);
  }
  for (const firing of (await triggers.firings('nightly-cleanup')).toReversed()) {
    const { status } = await harness.getExecution(firing.executionId);
    log(`${new Date(firing.scheduledFor).toISOString()} ${status}`);
  }
  return nights;
}

await runAsProgram(import.meta.url, main);
