import { createServer, listen } from 'pawl/server';
import { getWorld } from 'workflow/runtime';

const favouritePort = 7295;

/** Serves the dashboard and the HTTP API of the example's World. Only this machine can reach it. */
export async function serveDashboard() {
  const server = createServer({ world: getWorld() });
  const host = '127.0.0.1';
  const wanted = Number(process.env.PORT ?? favouritePort);
  try {
    return await listen(server, { host, port: wanted });
  } catch (error) {
    if (error.code !== 'EADDRINUSE') throw error;
    return await listen(server, { host, port: 0 });
  }
}
