import { expect, it } from 'vitest';
import { createFakeClock } from './fake-clock.ts';
import { Pauses } from './pauses.ts';

it('lasts as long as it is asked to', async () => {
  const clock = createFakeClock();
  const pauses = new Pauses(clock);
  let over = false;
  const pause = pauses.for(1_000).then(() => (over = true));
  clock.advance(999);
  await Promise.resolve();
  expect(over).toBe(false);
  clock.advance(1);
  await pause;
});

it('ends early for all who pause, and for all who come later', async () => {
  const pauses = new Pauses(createFakeClock());
  const underway = [pauses.for(1_000), pauses.for(10_000)];
  pauses.end();
  await Promise.all([...underway, pauses.for(1_000)]);
});
