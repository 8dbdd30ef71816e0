import type { World } from '@workflow/world';
import type { Random } from '../../test/e2e/support/random.ts';
import { type HowToRush, rush } from './rush.ts';

export interface Rush extends HowToRush {
  readonly runs: number;
  readonly say: (line: string) => void;
  readonly isOver?: () => boolean;
}

export interface RushedAll {
  runs: number;
  calls: number;
  refused: number;
  /** How many calls failed with what is no refusal; the first of them are in `unexpected`. */
  failed: number;
  readonly broken: string[];
  readonly untrue: string[];
  readonly unexpected: string[];
}

// One defect may be met by every call.
const mostUnexpected = 100;

/** One run after the other, each with all its writers at the same time. */
export async function rushAll(
  worlds: readonly World[],
  random: Random,
  { runs, say, isOver = () => false, ...how }: Rush,
): Promise<RushedAll> {
  const total: RushedAll = { runs: 0, calls: 0, refused: 0, failed: 0, broken: [], untrue: [], unexpected: [] };
  while (total.runs < runs && !isOver()) {
    const { calls, refused, broken, untrue, unexpected } = await rush(worlds, random, how);
    total.runs += 1;
    total.calls += calls;
    total.refused += refused;
    total.failed += unexpected.length;
    total.broken.push(...broken);
    total.untrue.push(...untrue);
    total.unexpected.push(...unexpected.slice(0, mostUnexpected - total.unexpected.length));
    if (total.runs % 1_000 === 0) say(`${total.runs} runs, ${total.broken.length + total.untrue.length} broken rules`);
  }
  return total;
}
