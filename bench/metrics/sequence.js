import { timed } from '../statistics.js';

/** 10 steps one after another, one run at a time. */
export async function measure(session, { runs = 20 }) {
  for (let warmUp = 0; warmUp < 5; warmUp++) await session.run('sequence', [10]);
  const samples = [];
  for (let run = 0; run < runs; run++) samples.push(await timed(() => session.run('sequence', [10])));
  return { samples };
}
