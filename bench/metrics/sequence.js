import { timed, warmUp } from '../statistics.js';

/** 10 steps one after another, one run at a time. */
export async function measure(session, { warmUpMs, runs = 20 }) {
  await warmUp(warmUpMs, () => session.run('sequence', [10]));
  const samples = [];
  for (let run = 0; run < runs; run++) samples.push(await timed(() => session.run('sequence', [10])));
  return { samples };
}
