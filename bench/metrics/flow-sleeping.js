import { setTimeout as delay } from 'node:timers/promises';
import { openFlows } from '../flows.js';
import { measureIdle } from '../idle.js';
import { inLanes } from '../statistics.js';

const settleMs = 5_000;

/** What an engine costs that has nothing to do: many executions sleep, and nobody comes. */
export async function measureAlone(world, { runs = 10_000, idleMs = 20_000 }) {
  const flows = await openFlows(world);
  await inLanes(runs, 50, () => flows.sleep());
  await delay(settleMs);
  const { share, grownMiB } = await measureIdle(idleMs);
  return { samples: [share], details: { runs, grownMiB } };
}
