import { memoryGrowth } from '../held-memory.js';
import { inLanes } from '../statistics.js';

/** Memory after many runs, as a share of what it was after a tenth of them. */
export function measure(session, { runs = 10_000 }) {
  return memoryGrowth(runs, (count) => inLanes(count, 20, () => session.run('sequence', [1])));
}
