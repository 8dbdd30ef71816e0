import { getWorld } from 'workflow/runtime';

/**
 * Reads out of the event logs what a kill interrupted and when it went on: a step was in flight
 * when it had started before the kill and had neither ended nor asked for a retry by then.
 */
export async function measureRecovery(runIds, killedAt) {
  const resumedAfterMs = [];
  for (const runId of runIds) {
    const { data } = await getWorld().events.list({ runId, resolveData: 'none', pagination: { limit: 1000 } });
    for (const stepId of stepsInFlight(data, killedAt)) {
      const again = data.find((event) => event.correlationId === stepId && event.createdAt > killedAt);
      if (again) resumedAfterMs.push(again.createdAt - killedAt);
    }
  }
  resumedAfterMs.sort((a, b) => a - b);
  return { steps: resumedAfterMs.length, firstMs: resumedAfterMs[0], lastMs: resumedAfterMs.at(-1) };
}

function stepsInFlight(events, killedAt) {
  const inFlight = new Set();
  for (const { eventType, correlationId, createdAt } of events) {
    if (createdAt > killedAt) break;
    if (eventType === 'step_started') inFlight.add(correlationId);
    if (['step_completed', 'step_failed', 'step_retrying'].includes(eventType)) inFlight.delete(correlationId);
  }
  return inFlight;
}
