import type { World } from '@workflow/world';
import { brokenLogRules } from '../../src/testing/log-rules.ts';
import { readLog } from '../../src/testing/read-log.ts';
import { monotonic, pause } from '../load/monotonic.ts';
import type { Parked } from './parked.ts';

/** Waits for the end of a run; says what is wrong with it, its log included, which has to begin as it did. */
export async function awaitEnd(reader: World, parked: Parked, { patienceMs, before = '' }: { patienceMs: number; before?: string }) {
  const { runId, workflow, steps, token } = parked;
  const deadline = monotonic() + patienceMs;
  let status: string;
  do {
    await pause(200);
    ({ status } = await reader.runs.get(runId, { resolveData: 'none' }));
  } while (!['completed', 'failed', 'cancelled'].includes(status) && monotonic() < deadline);
  const log = await readLog(reader, runId);
  const faults = status === 'completed' ? brokenLogRules(log) : [`is ${status}`];
  const done = log.filter(({ eventType }) => eventType === 'step_completed').length;
  if (done !== steps) faults.push(`has ${done} results of ${steps} steps`);
  if (!JSON.stringify(log).startsWith(before)) faults.push('has a log that begins otherwise than before');
  return faults.map((fault) => `${workflow} ${runId} ${token ?? ''} ${fault}`);
}
