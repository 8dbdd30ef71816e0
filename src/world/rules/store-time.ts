import type { RuleContext } from './request.ts';

// What two looks at the same clock may differ by.
const slackMs = 50;

/**
 * When an instant that this host named comes by the clock of the store. Hosts name instants by clocks of their own, which may be minutes
 * off; the store's clock alone says what is due, so that a timer lasts as long as it was set for, whoever set it (decisions A6).
 */
export function inStoreTime(instant: number, { now, hostNow }: RuleContext): number {
  const behind = now - hostNow;
  return Math.abs(behind) <= slackMs ? instant : instant + behind;
}
