import { describe, expect, it, onTestFinished } from 'vitest';
import { createFakeClock } from '../base/fake-clock.ts';
import { clockRow, Committer } from './committer.ts';
import type { Database, Parameters } from './database.ts';
import { ServerClock } from './server-clock.ts';

// How a node of Citus says that the one it spoke to was gone at the commit (shared/spec/citus.md 2.12): the transaction may be there or not.
const lostByNode = Object.assign(new Error('could not commit transaction for shard 102009 on at least one active node'), { code: 'XX000' });
const committedBefore = Object.assign(new Error('batch 1 of wtr was committed before'), { code: 'PW001' });
const row = { held: true, seq: null, at: 0, detail: null, bytes: null };
const answer = [
  { ...row, act: clockRow },
  { ...row, act: 0 },
];
const acts = [{ kind: 'heartbeat', workerId: 'wkr', leaseMs: 1_000, register: null }] as const;

describe('a batch of which Citus does not know whether it was committed', () => {
  it('is sent again under its number, so that it is performed once', async () => {
    const { committer, sent } = open({ citus: true, answers: [lostByNode, answer] });
    expect(await committer.transact(acts, { shard: 3 })).toMatchObject([{ known: true }]);
    expect(sent).toHaveLength(2);
    expect(sent[1]?.slice(0, 2)).toEqual(sent[0]?.slice(0, 2));
  });

  it('is told of as committed where it turns out to have been', async () => {
    const { committer, sent } = open({ citus: true, answers: [lostByNode, committedBefore] });
    await expect(committer.transact(acts, { shard: 3 })).rejects.toMatchObject({
      status: 503,
      message: expect.stringContaining('it was committed'),
    });
    expect(sent).toHaveLength(2);
    expect(committer.unsureShards).toEqual([3]);
  });
});

it('the same on one server is an error like any other: there it comes before the commit', async () => {
  const { committer, sent } = open({ citus: false, answers: [lostByNode] });
  await expect(committer.transact(acts)).rejects.toBe(lostByNode);
  expect(sent).toHaveLength(1);
  expect(committer.unsureShards).toEqual([]);
});

function open({ citus, answers }: { readonly citus: boolean; readonly answers: (typeof answer | Error)[] }) {
  const clock = createFakeClock();
  const sent: Parameters[] = [];
  const db = {
    name: { user: 'pawl', where: 'here:5432/pawl', schema: 'pawl' },
    async send(_: string, parameters: Parameters) {
      sent.push(parameters);
      const next = answers.shift() ?? answer;
      if (next instanceof Error) throw next;
      return next;
    },
  } as unknown as Database;
  const committer = new Committer({
    db,
    clock,
    serverClock: new ServerClock(clock),
    now: () => clock.now(),
    leaseClock: () => null,
    sync: 'full',
    citus: () => citus,
    onShared: () => {},
  });
  onTestFinished(() => committer.close());
  return { committer, sent };
}
