import { createRequire } from 'node:module';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { getWorld } from 'workflow/runtime';

/**
 * A worker: the compiled workflows, a World, and a port. It is all an application needs; with a
 * framework that the Workflow SDK supports, its build writes the two routes.
 */
const { flow, step } = loadRoutes();
const app = new Hono();
app.all('/.well-known/workflow/v1/flow', (context) => flow.POST(context.req.raw));
app.all('/.well-known/workflow/v1/step', (context) => step.POST(context.req.raw));

const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.ORDERS_WORKER_PORT ?? 0) }, async ({ port }) => {
  process.env.PORT = String(port);
  await getWorld().start?.();
  process.send?.({ ready: true });
});

let stopping = false;
process.on('SIGTERM', stop);
// Ctrl-C reaches every process of the terminal; the runner decides when its worker ends.
process.on('SIGINT', () => {});
process.once('disconnect', stop);
// The runner may have gone while this process was still loading.
if (process.send && !process.connected) void stop();

async function stop() {
  // The group and the runner may both say it; said twice it must not cut the drain short.
  if (stopping) return;
  stopping = true;
  // A worker that cannot drain in time is cut off; its leases expire and another one carries on.
  setTimeout(() => process.exit(1), 4000).unref();
  server.close();
  await getWorld().close?.();
  process.exit(0);
}

function loadRoutes() {
  const require = createRequire(import.meta.url);
  return { flow: require(process.env.ORDERS_FLOW_ROUTE), step: require(process.env.ORDERS_STEP_ROUTE) };
}
