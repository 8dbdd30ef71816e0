import { warmUp } from '../statistics.js';
import { gapsBetween, runMarked } from '../marks.js';

/**
 * What a run costs beside its steps, in the words of the SDK's own benchmark: TTFS, from `start()` to the first body; STSO, from the end of
 * one body to the begin of the next; WO, all time until the last body has ended that was not spent in a body. One run at a time.
 */
export async function measure(session, { warmUpMs, of, steps = 10, runs = 20 }) {
  await warmUp(warmUpMs, () => runMarked(session, steps));
  const samples = [];
  for (let run = 0; run < runs; run++) samples.push(...overheads[of](await runMarked(session, steps)));
  return { samples };
}

const overheads = {
  ttfs: ({ startedAt, bodies }) => [bodies[0].begun - startedAt],
  stso: ({ bodies }) => gapsBetween(bodies),
  wo: ({ startedAt, bodies }) => [bodies.at(-1).ended - startedAt - bodies.reduce((sum, { begun, ended }) => sum + ended - begun, 0)],
};
