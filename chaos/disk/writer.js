// Writes runs and steps as fast as it can, several at a time, until it is killed or refused. What is to be written where is a line of JSON on
// stdin, so that it can be loaded beforehand: to load takes longer than it lives. Each acknowledged event becomes a line of a file, written
// before anything else is asked; the first is told on stdout too.
import { openSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
// The front door loads more, and most of what a kill costs is the loading.
import { createWorld } from '../../dist/connect/create-world.js';

const { url, acknowledgements, payloadBytes } = await readOrder();
const acknowledged = openSync(acknowledgements, 'a');
const world = createWorld({ env: { WORKFLOW_PAWL_URL: url, WORKFLOW_PAWL_LOG_LEVEL: 'silent' } });
let told = false;
const event = (eventType, eventData, correlationId) => ({ eventType, specVersion: 3, correlationId, eventData });

async function create(runId, request) {
  const { event: done, run } = await world.events.create(runId, request);
  writeSync(acknowledged, `${JSON.stringify({ runId: run?.runId ?? runId, eventId: done.eventId })}\n`);
  if (!told) process.stdout.write('first\n');
  told = true;
  return run?.runId ?? runId;
}

async function write() {
  for (;;) {
    const input = new Uint8Array(payloadBytes);
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

async function readOrder() {
  for await (const line of createInterface({ input: process.stdin })) return JSON.parse(line);
  // Nobody is there any more to be asked.
  return process.exit();
}
