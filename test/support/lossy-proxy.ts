import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface LossyProxy {
  /** The same database, through the proxy. */
  readonly url: string;
  /** What is asked from now on reaches the server, but no answer comes back; after a while the connections break. */
  loseAnswers(afterMs: number): Promise<void>;
  close(): Promise<void>;
}

/** A network that fails at the worst moment: when the server has done what it was asked and its answer is on the way. */
export async function startLossyProxy(databaseUrl: string): Promise<LossyProxy> {
  const target = new URL(databaseUrl);
  const pairs = new Set<{ readonly near: Socket; readonly far: Socket; deaf: boolean }>();
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    const pair = { near, far, deaf: false };
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    near.on('data', (data) => far.write(data));
    far.on('data', (data) => {
      if (!pair.deaf) near.write(data);
    });
    for (const socket of [near, far]) socket.on('close', end).on('error', end);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.port = String((server.address() as { port: number }).port);
  return {
    url: String(url),
    async loseAnswers(afterMs) {
      const struck = [...pairs];
      for (const pair of struck) pair.deaf = true;
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      for (const { near } of struck) near.destroy();
    },
    async close() {
      for (const { near } of pairs) near.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
