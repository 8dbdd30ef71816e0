import { newUlid } from '../base/ulid.ts';
import type { Clock } from '../base/clock.ts';
import type { PawlWorld } from '../connect/create-world.ts';
import type { Settings } from '../connect/settings.ts';

export interface AskHealth {
  readonly kind: 'workflow' | 'step';
  readonly settings: Settings;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/**
 * Sends the SDK's own health check through the queue, which a worker delivers as it delivers everything, and waits for what the handler
 * writes into the stream that the message names (spec/world.md D9). The milliseconds that it took; undefined: there was no answer in time.
 */
export async function askHealth(world: PawlWorld, { kind, settings, timeoutMs, clock }: AskHealth): Promise<number | undefined> {
  const correlationId = `doctor_${newUlid(clock.now())}`;
  const prefix = settings.namespace === '' ? '__wkf' : `__${settings.namespace}_wkf`;
  const askedAt = clock.monotonic();
  const { deploymentId } = settings;
  const answer = (await world.readFromStream(`__health_check__${correlationId}`)).getReader();
  await world.queue(`${prefix}_${kind}_health_check`, { __healthCheck: true, correlationId }, { deploymentId });
  let cancelTimer = () => {};
  const silence = new Promise<undefined>((resolve) => {
    cancelTimer = clock.after(timeoutMs, () => resolve(undefined), { keepAlive: true });
  });
  try {
    const first = await Promise.race([answer.read(), silence]);
    return first?.value === undefined ? undefined : clock.monotonic() - askedAt;
  } finally {
    cancelTimer();
    await answer.cancel();
  }
}
