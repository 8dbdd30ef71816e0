import { newUlid } from '../base/ulid.ts';
import type { Clock } from '../base/clock.ts';
import { insidesOf, type PawlWorld } from '../connect/create-world.ts';
import type { Settings } from '../connect/settings.ts';
import { shardOf } from '../world/shard.ts';

export interface AskHealth {
  readonly kind: 'workflow' | 'step';
  readonly settings: Settings;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/**
 * Sends the SDK's own health check through the queue, which a worker delivers as it delivers everything, and waits for what the handler
 * writes into the stream that the message names (spec/world.md D9). The milliseconds that it took; undefined: there was no answer in time.
 * What no worker has taken by then is taken back: nobody waits for its answer any more.
 */
export async function askHealth(world: PawlWorld, { kind, settings, timeoutMs, clock }: AskHealth): Promise<number | undefined> {
  const correlationId = `doctor_${newUlid(clock.now())}`;
  const prefix = settings.namespace === '' ? '__wkf' : `__${settings.namespace}_wkf`;
  const askedAt = clock.monotonic();
  const { deploymentId } = settings;
  const answer = (await world.readFromStream(`__health_check__${correlationId}`)).getReader();
  const { messageId } = await world.queue(`${prefix}_${kind}_health_check`, { __healthCheck: true, correlationId }, { deploymentId });
  let cancelTimer = () => {};
  const silence = new Promise<undefined>((resolve) => {
    cancelTimer = clock.after(timeoutMs, () => resolve(undefined), { keepAlive: true });
  });
  try {
    const first = await Promise.race([answer.read(), silence]);
    if (first?.value !== undefined) return clock.monotonic() - askedAt;
    await takeBack(world, String(messageId));
    return undefined;
  } finally {
    cancelTimer();
    await answer.cancel();
  }
}

async function takeBack(world: PawlWorld, messageId: string): Promise<void> {
  const store = await insidesOf(world).flows.open();
  await store.commit({ kind: 'withdraw', shard: shardOf(messageId), messageId });
}
