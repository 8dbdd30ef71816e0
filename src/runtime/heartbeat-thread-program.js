// The program of the thread of heartbeat-thread.ts. It is JavaScript, because a thread begins with a file, and this one is the same in the
// sources and in the package. The store's own module connects and beats; it is loaded when it is needed first, which is mostly never.
import { parentPort, workerData } from 'node:worker_threads';

const { beat, leaseMs, lookEveryMs, overdueMs, patienceMs } = workerData;
/** When the store last heard of each worker from its own event loop, in milliseconds of the monotonic clock. */
const heardAt = new Map();
let connection;
let looking;

parentPort.on('message', (word) => {
  if (word === 'end') void end();
  else if (word.at === undefined) heardAt.delete(word.workerId);
  else heardAt.set(word.workerId, word.at);
});
const looks = setInterval(() => (looking ??= look().finally(() => (looking = undefined))), lookEveryMs);

async function look() {
  try {
    const overdue = [...heardAt.keys()].filter(isOverdue);
    if (overdue.length > 0) await standInFor(overdue);
    else await disconnect();
  } catch {
    // The database is away, which the worker says itself; the next look tries again.
    await disconnect().catch(() => {});
  }
}

function isOverdue(workerId) {
  const silentMs = Number(process.hrtime.bigint() / 1_000_000n) - heardAt.get(workerId);
  return silentMs > overdueMs && silentMs < patienceMs;
}

async function standInFor(workerIds) {
  const { connect } = await import(beat.module);
  connection ??= await connect(beat.options);
  for (const workerId of workerIds) await connection.beat(workerId, leaseMs);
}

async function disconnect() {
  const open = connection;
  connection = undefined;
  await open?.close();
}

/** Nothing keeps the thread any more, and it ends by itself. */
async function end() {
  clearInterval(looks);
  await looking;
  await disconnect().catch(() => {});
  parentPort.close();
}
