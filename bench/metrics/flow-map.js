import { openFlows } from '../flows.js';
import { timed } from '../statistics.js';

/** What `map` over many items costs, as a multiple of what a tenth of them does. */
export async function measureAlone(world, { few = 1_000, many = 10_000 }) {
  const flows = await openFlows(world);
  await flows.mapOver(few);
  const fewMs = await timed(() => flows.mapOver(few));
  const manyMs = await timed(() => flows.mapOver(many));
  await flows.close();
  return { samples: [manyMs / fewMs], details: { few, many, fewMs, manyMs } };
}
