import { expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { Committer } from './committer.ts';
import type { Database } from './database.ts';
import { ServerClock } from './server-clock.ts';

const heartbeat = { kind: 'heartbeat', workerId: 'wkr_1', leaseMs: 1_000, register: null } as const;

it('asks for no more to be given back the longer the server is away, and under a new name each time', async () => {
  const { committer, sent } = openAway();
  await expect(committer.transact([heartbeat])).rejects.toMatchObject({ code: 'TRANSPORT' });
  await vi.waitUntil(() => sent.length === 4);
  expect(sent.map(({ givenBack }) => givenBack)).toEqual([0, 1, 1, 1]);
  expect(new Set(sent.map(({ writer }) => writer)).size).toBe(4);
  expect(committer.unsureShards).toEqual([0]);
});

it('is closed at once, though something is yet to be given back', async () => {
  const { committer, sent } = openAway();
  await expect(committer.transact([heartbeat])).rejects.toThrow('may have been committed');
  await committer.close();
  expect(sent.length).toBeLessThan(3);
});

/** A server that is lost with every statement. */
function openAway() {
  const sent: { writer: unknown; givenBack: number }[] = [];
  const send = async (_: string, [writer, , givenBack]: readonly (string | null)[]) => {
    sent.push({ writer, givenBack: givenBack ? (JSON.parse(givenBack) as unknown[]).length : 0 });
    throw Object.assign(new Error('lost'), { code: 'ECONNRESET' });
  };
  const db = { name: { user: 'u', where: 'here', schema: 's' }, send } as unknown as Database;
  // Nobody has so much patience as passes between two looks.
  let ticks = 0;
  const clock = { ...systemClock, monotonic: () => (ticks += 60_000) };
  const committer = new Committer({
    db,
    clock,
    serverClock: new ServerClock(clock),
    now: () => 0,
    leaseClock: () => null,
    sync: 'full',
    citus: () => false,
    onShared: () => {},
  });
  onTestFinished(() => committer.close());
  return { committer, sent };
}
