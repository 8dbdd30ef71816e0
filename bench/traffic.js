import { once } from 'node:events';
import { connect, createServer } from 'node:net';

const simpleQuery = 'Q'.charCodeAt(0);
const execute = 'E'.charCodeAt(0);
const sync = 'S'.charCodeAt(0);

/**
 * Stands between a World and its database and counts what it says, on all connections: statements, and round trips, which are what the
 * server has to answer before the World can go on. `urlVariable` of the environment leads through it from now on.
 */
export async function countTraffic(urlVariable) {
  const direct = process.env[urlVariable];
  const { hostname, port } = new URL(direct);
  const traffic = { direct, statements: 0, roundTrips: 0 };
  const server = createServer({ noDelay: true }, (client) => {
    const database = connect({ host: hostname, port: Number(port), noDelay: true });
    const count = readMessages((type) => {
      if (type === simpleQuery || type === execute) traffic.statements += 1;
      if (type === simpleQuery || type === sync) traffic.roundTrips += 1;
    });
    client.on('data', count);
    client.pipe(database).pipe(client);
    client.on('error', () => database.destroy());
    database.on('error', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();

  const through = new URL(direct);
  through.port = String(server.address().port);
  process.env[urlVariable] = through.href;
  return traffic;
}

/** Calls `onMessage` with the type of each message of a client; the first one, which opens the connection, has none. */
function readMessages(onMessage) {
  let rest = Buffer.alloc(0);
  let opening = true;
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      const head = opening ? 0 : 1;
      if (rest.length < head + 4) return;
      const end = head + rest.readInt32BE(head);
      if (rest.length < end) return;
      if (!opening) onMessage(rest[0]);
      opening = false;
      rest = rest.subarray(end);
    }
  };
}
