import type { World } from '@workflow/world';
import type { Random } from '../../test/e2e/support/random.ts';
import { rush } from './rush.ts';

export interface Rush {
  readonly runs: number;
  readonly compareRows: boolean;
  readonly say: (line: string) => void;
  readonly isOver?: () => boolean;
}

/** One run after the other, each with all its writers at the same time. */
export async function rushAll(worlds: readonly World[], random: Random, { runs, compareRows, say, isOver = () => false }: Rush) {
  const total = { runs: 0, calls: 0, refused: 0, broken: [] as string[] };
  while (total.runs < runs && !isOver()) {
    const { calls, refused, broken } = await rush(worlds, random, { compareRows });
    total.runs += 1;
    total.calls += calls;
    total.refused += refused;
    total.broken.push(...broken);
    if (total.runs % 1_000 === 0) say(`${total.runs} runs, ${total.broken.length} broken rules`);
  }
  return total;
}
