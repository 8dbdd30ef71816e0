import { timed } from '../statistics.js';

/** A number of steps all at once, in one run. */
export async function measure(session, { steps, runs = 5 }) {
  await session.run('fanOut', [5]);
  const samples = [];
  for (let run = 0; run < runs; run++) samples.push(await timed(() => session.run('fanOut', [steps])));
  return { samples };
}
