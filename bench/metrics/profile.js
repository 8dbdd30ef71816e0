import { profile } from '../profile/profile.js';
import { inLanes } from '../statistics.js';

/** Runs of 10 steps under the profiler, `width` at once; its optimiser has seen them all before. */
export async function measure(session, { runs, width }) {
  const work = () => inLanes(runs, width, () => session.run('sequence', [10]));
  await work();
  return await profile(work);
}
