import { openFlows } from '../flows.js';
import { inLanes, timed, warmUp } from '../statistics.js';

const atOnce = 50;

/** Steps per second of executions of 10 steps, 50 at once. */
export async function measureAlone(world, { warmUpMs, runs = 1_000, steps = 10 }) {
  const flows = await openFlows(world);
  await warmUp(warmUpMs, () => inLanes(atOnce, atOnce, () => flows.run(steps)));
  const ms = await timed(() => inLanes(runs, atOnce, () => flows.run(steps)));
  await flows.close();
  return { samples: [(runs * steps) / (ms / 1000)] };
}
