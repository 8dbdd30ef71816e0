import type { WorkflowRunStatus, World } from '@workflow/world';
import { brokenLogRules } from '../../src/testing/log-rules.ts';
import { readLog } from '../../src/testing/read-log.ts';
import { isTerminal } from '../../src/world/rows.ts';
import { pause } from '../load/monotonic.ts';
import type { Parked } from './parked.ts';

const lookEveryMs = 200;

/** Waits for the end of a run; says what is wrong with it, its log included, which has to begin as it did. */
export async function awaitEnd(reader: World, parked: Parked, { patienceMs, before = '' }: { patienceMs: number; before?: string }) {
  const { runId, workflow, steps, token } = parked;
  let status: WorkflowRunStatus = 'pending';
  // By looks, not by the clock: while the whole machine stands still, nobody could have carried it on.
  for (let looks = 0; looks * lookEveryMs < patienceMs && !isTerminal(status); looks += 1) {
    await pause(lookEveryMs);
    ({ status } = await reader.runs.get(runId, { resolveData: 'none' }));
  }
  const log = await readLog(reader, runId);
  const faults = status === 'completed' ? brokenLogRules(log) : [`is ${status}`];
  const done = log.filter(({ eventType }) => eventType === 'step_completed').length;
  if (done !== steps) faults.push(`has ${done} results of ${steps} steps`);
  if (!JSON.stringify(log).startsWith(before)) faults.push('has a log that begins otherwise than before');
  return faults.map((fault) => `${workflow} ${runId} ${token ?? ''} ${fault}`);
}
