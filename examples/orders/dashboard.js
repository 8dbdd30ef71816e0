import { createAdaptorServer } from '@hono/node-server';
import { createServer } from 'pawl/server';
import { getWorld } from 'workflow/runtime';

const favouritePort = 7295;

/** Serves the dashboard and the HTTP API of the example's World. Only this machine can reach it. */
export async function serveDashboard() {
  const pawl = createServer({ world: getWorld() });
  const server = createAdaptorServer({ fetch: pawl.fetch });
  const wanted = Number(process.env.PORT ?? favouritePort);
  await listen(server, wanted).catch((error) => {
    if (error.code !== 'EADDRINUSE') throw error;
    return listen(server, 0);
  });
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async close() {
      await pawl.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}
