/** Shorter replays than this cost less than waiting for anything. */
export const leastMs = 50;
/** So many runs are remembered. */
export const mostRuns = 1_000;
// Measured with 400 and with 1,000 steps (SDK 4.8, Node 20): half of them ended, a replay takes 24 and 375 s; all ended, 1 and 16 s.
const msPerTriple = 1.5e-3;

/** About what a replay costs the SDK, in milliseconds, with so many steps under way at the same time of which some have ended. */
export function costMs(ended: number, open: number): number {
  return msPerTriple * ended * open * (ended + open);
}
