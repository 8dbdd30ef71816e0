import { expect, it } from 'vitest';
import { unavailable } from '../world/errors.ts';
import type { ClaimAct } from '../world/port.ts';
import { ByShard } from './by-shard.ts';
import type { Committer } from './committer.ts';
import type { Database } from './database.ts';

const act: ClaimAct = {
  kind: 'claim',
  owner: 'wkr',
  now: 1_000,
  filter: { namespaces: { run: [''], step: [], message: [] }, stepNames: null, deploymentId: null },
  limits: { run: 10, flow: 0, step: 0, message: 0 },
};
const dead = { kind: 'claimed', claims: { runs: [], steps: [], messages: [] }, nextDueAt: undefined, ownerAlive: false };
const given = (runId: string) => ({ ...dead, claims: { ...dead.claims, runs: [{ runId }] }, ownerAlive: true });

/** Two shards are due; what they answer, one after the other. */
async function claimOf(...answers: unknown[]): Promise<unknown> {
  const db = { query: async () => [1, 2].map((shard) => ({ shard, dueAt: shard })) } as unknown as Database;
  const committer = {
    unsureShards: [],
    async transact() {
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return [answer];
    },
  } as unknown as Committer;
  const [outcome] = await new ByShard({ db, committer, listDead: async () => [] }).transact([act], 0);
  return outcome;
}

it.each([
  ['the database goes away', unavailable('away')],
  ['this worker is given up', dead],
])('what a shard has given is told although %s before the next one answers', async (_, next) => {
  const claims = { ...dead.claims, runs: [{ runId: 'one' }] };
  expect(await claimOf(given('one'), next)).toEqual({ kind: 'claimed', claims, nextDueAt: 1_000, ownerAlive: true });
});

it('a claim that got nothing says what stood in its way', async () => {
  await expect(claimOf(unavailable('away'))).rejects.toMatchObject({ status: 503 });
  expect(await claimOf(dead)).toMatchObject({ ownerAlive: false });
});
