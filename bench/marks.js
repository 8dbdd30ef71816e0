const heard = new Map();
globalThis[Symbol.for('bench.mark')] = (key, begun, ended) => heard.get(key)?.push({ begun, ended });
let count = 0;

/** Runs a chain of steps: the instant before `start()`, and when the body of each step began and ended. */
export async function runMarked(session, steps) {
  const key = `marked-${(count += 1)}`;
  const bodies = [];
  heard.set(key, bodies);
  const startedAt = performance.now();
  await session.run('marked', [key, steps]);
  heard.delete(key);
  if (bodies.length !== steps) throw new Error(`${bodies.length} bodies of steps ran instead of ${steps}.`);
  return { startedAt, bodies };
}

/** From the end of each step's body to the begin of the next one's, in milliseconds. */
export function gapsBetween(bodies) {
  return bodies.slice(1).map(({ begun }, index) => begun - bodies[index].ended);
}
