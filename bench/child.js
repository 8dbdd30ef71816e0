import { metrics } from './metrics/index.js';
import { worlds } from './worlds.js';

/**
 * One measurement of one metric on one World, in a process that ends with it. The World is chosen
 * by the environment before anything of the SDK is loaded.
 */
// Whoever started it is gone: then nobody hears the figure.
process.once('disconnect', () => process.exit(1));

const { metricName, worldName, options, routes } = JSON.parse(process.argv[2]);
const world = worlds[worldName];
const metric = metrics[metricName];
if (world.target) process.env.WORKFLOW_TARGET_WORLD = world.target;

try {
  if (world.tracing) {
    const { traceEverything } = await import('./tracing.js');
    traceEverything();
  }
  if (metric.countsTraffic) {
    const { countTraffic } = await import('./traffic.js');
    options.traffic = await countTraffic(world.urlVariable);
  }
  const { measure, measureAlone } = await import(new URL(metric.module, new URL('./metrics/', import.meta.url)));
  const result = measureAlone ? await measureAlone(world, options) : await inSession(measure);
  process.send({ result });
} catch (error) {
  process.send({ error: error.stack });
}
process.exit();

async function inSession(measure) {
  const { openSession } = await import('./session.js');
  const session = await openSession(routes);
  try {
    return await measure(session, options);
  } finally {
    await session.close();
  }
}
