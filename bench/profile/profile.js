import { Session } from 'node:inspector/promises';
import { attribute } from './attribute.js';

const everyUs = 250;

/** Does some work under V8's sampling profiler: how long it took, and whose time that was. */
export async function profile(work) {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: everyUs });
  await session.post('Profiler.start');
  const startedAt = performance.now();
  await work();
  const ms = performance.now() - startedAt;
  const { profile: recorded } = await session.post('Profiler.stop');
  session.disconnect();
  return { samples: [ms], details: attribute(recorded) };
}
