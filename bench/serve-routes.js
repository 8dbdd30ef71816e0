import { serve } from '@hono/node-server';
import { Hono } from 'hono';

/** Serves the two routes of a worker, each a function of a request, and tells the World their port by the environment. */
export function serveRoutes({ flow, step }) {
  const app = new Hono();
  app.all('/.well-known/workflow/v1/flow', (context) => flow(context.req.raw));
  app.all('/.well-known/workflow/v1/step', (context) => step(context.req.raw));
  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => {
      process.env.PORT = String(port);
      resolve({
        close() {
          server.closeAllConnections();
          server.close();
        },
      });
    });
  });
}
