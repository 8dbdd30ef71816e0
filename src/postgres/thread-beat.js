// How a thread renews a lease in PostgreSQL (`ThreadBeat` of the port): on a connection of its own, for threads share none.
import pg from 'pg';

const patienceMs = 5_000;

/** @param {{ connection: object, statement: string }} options how to connect, what renews a lease */
export async function connect({ connection, statement }) {
  const client = new pg.Client({ ...connection, connectionTimeoutMillis: patienceMs, query_timeout: patienceMs });
  // Told by the next beat as well.
  client.on('error', () => {});
  await client.connect();
  return {
    beat: async (workerId, leaseMs) => void (await client.query(statement, [workerId, leaseMs])),
    close: () => client.end(),
  };
}
