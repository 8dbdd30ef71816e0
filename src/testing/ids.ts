import { randomBytes } from 'node:crypto';
import { renderUlid } from '../base/ulid.ts';

let lastMs = 0;
let lastHigh40 = 0;
let lastLow40 = 0;

/** A ULID that sorts after every one made before in this process, so that creation order and id order agree. */
export function nextUlid(now = Date.now()): string {
  if (now > lastMs) {
    lastMs = now;
    [lastHigh40, lastLow40] = [randomBytes(5).readUIntBE(0, 5), randomBytes(4).readUIntBE(0, 4)];
  } else {
    lastLow40 += 1;
  }
  return renderUlid({ ms: lastMs, high40: lastHigh40, low40: lastLow40 });
}

// The shapes the SDK itself uses.
export const newRunId = (now?: number): string => `wrun_${nextUlid(now)}`;
/** Without a time in it, for a test that has moved the World's clock far from this process's. */
export const newTimelessRunId = (): string => `run-${nextUlid()}`;
export const newStepId = (): string => `step_${nextUlid()}`;
export const newHookId = (): string => `hook_${nextUlid()}`;
export const newWaitId = (): string => `wait_${nextUlid()}`;
export const newStreamName = (): string => `strm_${nextUlid()}_user`;
export const newToken = (): string => `token-${nextUlid().toLowerCase()}`;
export const newWorkflowName = (): string => `workflow//./workflows/w${nextUlid().toLowerCase()}//run`;
export const newStepName = (): string => `step//./steps/s${nextUlid().toLowerCase()}//work`;
