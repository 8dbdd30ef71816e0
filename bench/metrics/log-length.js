import { gapsBetween, runMarked } from '../marks.js';
import { median, warmUp } from '../statistics.js';

const windowSize = 20;

/** STSO at the end of a long run, and on the way there: the median of each window of steps. */
export async function measure(session, { warmUpMs, steps = 301 }) {
  await warmUp(warmUpMs, () => runMarked(session, 20));
  const { bodies } = await runMarked(session, steps);
  const gaps = gapsBetween(bodies);
  const windows = [];
  for (let from = 0; from + windowSize <= gaps.length; from += windowSize) {
    windows.push({ step: from + windowSize / 2, ms: median(gaps.slice(from, from + windowSize)) });
  }
  return { samples: gaps.slice(-windowSize), details: { steps, windows } };
}
