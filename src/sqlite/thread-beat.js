// How a thread renews a lease in a SQLite file (`ThreadBeat` of the port): on a connection of its own, for threads share none.

/** @param {{ driver: string, path: string, statement: string }} options the module of the driver, the file, what renews a lease */
export async function connect({ driver, path, statement }) {
  const { DatabaseSync } = await import(driver);
  const database = new DatabaseSync(path);
  // A lease needs no disk, and a checkpoint is the worker's own affair.
  database.exec('pragma busy_timeout = 1000; pragma synchronous = off; pragma wal_autocheckpoint = 0');
  const renew = database.prepare(statement);
  const tick = () => Number(process.hrtime.bigint() / 1_000_000n);
  return {
    beat: (workerId, leaseMs) => void renew.run(tick() + leaseMs, workerId),
    close: () => database.close(),
  };
}
