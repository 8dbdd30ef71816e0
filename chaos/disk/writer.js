// Writes runs and steps as fast as it can, several at a time, until it is killed or refused. Each acknowledged event becomes a line of the
// file ACKNOWLEDGED, written before anything else is asked.
import { openSync, writeSync } from 'node:fs';
import { createWorld } from '../../dist/index.js';

const acknowledged = openSync(process.env.ACKNOWLEDGED, 'a');
const world = createWorld();
const size = Number(process.env.PAYLOAD ?? 200);
const event = (eventType, eventData, correlationId) => ({ eventType, specVersion: 3, correlationId, eventData });

async function create(runId, request) {
  const { event: done, run } = await world.events.create(runId, request);
  writeSync(acknowledged, `${JSON.stringify({ runId: run?.runId ?? runId, eventId: done.eventId })}\n`);
  return run?.runId ?? runId;
}

async function write() {
  for (;;) {
    const input = new Uint8Array(size);
    const runId = await create(null, event('run_created', { deploymentId: 'd', workflowName: 'w', input }));
    await create(runId, event('run_started'));
    for (let step = 0; step < 5; step += 1) {
      await create(runId, event('step_created', { stepName: 's', input }, `step_${step}`));
      await create(runId, event('step_started', undefined, `step_${step}`));
      await create(runId, event('step_completed', { result: input }, `step_${step}`));
    }
    await create(runId, event('run_completed', { output: input }));
  }
}

try {
  await Promise.all(Array.from({ length: 4 }, write));
} catch ({ status, code, message }) {
  process.stdout.write(JSON.stringify({ status, code, message }));
}
