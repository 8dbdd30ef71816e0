import { timed, warmUp } from '../statistics.js';

/** A number of steps all at once, in one run. */
export async function measure(session, { warmUpMs, steps, runs = 5 }) {
  await warmUp(warmUpMs, () => session.run('fanOut', [5]));
  const samples = [];
  for (let run = 0; run < runs; run++) samples.push(await timed(() => session.run('fanOut', [steps])));
  return { samples };
}
