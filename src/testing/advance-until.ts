import type { FakeClock } from '../base/fake-clock.ts';

/**
 * Moves the clock on until `awaited` is settled, in steps that double, so that a day takes no longer than a minute. Nothing should be under
 * way when it is called: a delivery would lose its lease over the first long step.
 */
export async function advanceUntil<T>(clock: FakeClock, awaited: Promise<T>, limitMs = 3_600_000, firstStepMs = 250): Promise<T> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  awaited.then(settle, settle);
  const breath = async () => {
    for (let waited = 0; !settled && waited < breathMs; waited += 5) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await breath();
  for (let [step, advanced] = [firstStepMs, 0]; !settled && advanced < limitMs; step *= 2) {
    clock.advance(step);
    advanced += step;
    await breath();
  }
  return awaited;
}

/** Does what is due by now, and nothing later, until `awaited` is settled. */
export async function standStillUntil<T>(clock: FakeClock, awaited: Promise<T>): Promise<T> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  awaited.then(settle, settle);
  for (let waited = 0; !settled && waited < patienceMs; waited += 5) {
    clock.advance(0);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  if (!settled) throw new Error('It did not happen in time: the clock would have to move on.');
  return awaited;
}

const patienceMs = 10_000;
// Real input and output takes real time, a server's more than a file's; without a pause the clock would run away from it.
const breathMs = 30;
