import { ulid } from '../ulid.js';
import { inLanes, timed, warmUp } from '../statistics.js';
import { openWorldAlone } from '../world-alone.js';

const stepsPerRun = 10;

/** Steps per second of the World without the SDK, 50 runs at once. */
export async function measureAlone({ target, deliversOverHttp }, { warmUpMs, runs = 500 }) {
  const alone = await openWorldAlone({ target, deliversOverHttp, stepsPerRun });
  await alone.world.start?.();
  await warmUp(warmUpMs, () => inLanes(50, 50, () => alone.run(`wrun_${ulid()}`)));
  const ms = await timed(() => inLanes(runs, 50, () => alone.run(`wrun_${ulid()}`)));
  await alone.world.close?.();
  return { samples: [(runs * stepsPerRun) / (ms / 1000)] };
}
