import { inLanes, timed, warmUp } from '../statistics.js';

/** 100 runs of 10 steps, 10 at a time: the wall time, as runs and steps see it together. */
export async function measure(session, { warmUpMs, runs = 100 }) {
  await warmUp(warmUpMs, () => inLanes(10, 10, () => session.run('sequence', [10])));
  const ms = await timed(() => inLanes(runs, 10, () => session.run('sequence', [10])));
  return { samples: [ms * (100 / runs)] };
}
