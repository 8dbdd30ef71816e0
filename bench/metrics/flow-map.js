import { openFlows } from '../flows.js';
import { timed } from '../statistics.js';

const atOnce = 100;

/** What `map` over many items costs, as a multiple of what a tenth of them does. */
export async function measureAlone(world, { few = 1_000, many = 10_000 }) {
  const flows = await openFlows(world);
  await flows.fanOut(few, atOnce);
  const fewMs = await timed(() => flows.fanOut(few, atOnce));
  const manyMs = await timed(() => flows.fanOut(many, atOnce));
  await flows.close();
  return { samples: [manyMs / fewMs], details: { few, many, fewMs, manyMs } };
}
