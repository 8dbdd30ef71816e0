import { isUnavailable } from '../world/errors.ts';
import { kindsOf, leftOf, onlyKinds } from '../world/claim-filter.ts';
import type { Claims, Outcomes } from '../world/port.ts';
import { shardOfAct } from './act-shard.ts';
import type { BatchAct } from './batch.ts';
import { listDueShards, nextDueAt } from './claim.ts';
import { type AnyOutcome, type Committer, scatterLane, type Way } from './committer.ts';
import type { Database } from './database.ts';
import { listShardsHeldBy } from './workers.ts';

export interface ByShardOptions {
  readonly db: Database;
  readonly committer: Committer;
  /** The workers that are dead, or gone and still hold something. */
  readonly listDead: () => Promise<readonly string[]>;
}

type Answer = AnyOutcome | Promise<AnyOutcome>;
type ScatteredAct = Extract<BatchAct, { kind: 'claim' | 'reap' | 'leave' }>;

// As many as have a connection, with some left for reads.
const width = 5;

/**
 * Commits on Citus: a transaction is of one shard, because one of several is agreed on by several servers, and locks are asked for shard by
 * shard, because they cannot be had otherwise. So the acts of a batch go apart by their shards, at the same time, and what concerns no shard
 * more than another asks first where there is something to do.
 */
export class ByShard {
  readonly #options: ByShardOptions;
  #scattering: Promise<unknown> = Promise.resolve();

  constructor(options: ByShardOptions) {
    this.#options = options;
  }

  async transact(acts: readonly BatchAct[], lane: number): Promise<readonly Answer[]> {
    const outcomes = new Map<BatchAct, Answer>();
    const groups = [...groupByShard(acts.filter((act) => !isScattered(act)))];
    for (const shard of this.#options.committer.unsureShards) {
      // What lost answers have leased there is given back by a batch of that shard.
      if (!groups.some(([other]) => other === shard)) groups.push([shard, []]);
    }
    await inLanes(groups, async ([shard, group]) => {
      for (const [index, outcome] of (await this.#perform(group, { shard, lane })).entries())
        outcomes.set(group[index] as BatchAct, outcome);
    });
    for (const act of acts) if (isScattered(act)) outcomes.set(act, this.#scatter(act));
    return acts.map((act) => outcomes.get(act) as Answer);
  }

  /** Where one of several acts makes all fail, each is tried by itself: the other shards are not to wait for that. */
  async #perform(acts: readonly BatchAct[], way: Way): Promise<readonly Answer[]> {
    const { committer } = this.#options;
    try {
      return await committer.transact(acts, way);
    } catch (error) {
      const alone = acts.length > 1 && !isUnavailable(error);
      if (!alone) return acts.map(() => rejected(error));
      const outcomes: Answer[] = [];
      for (const act of acts) {
        const tried = await committer.transact([act], way).catch((refused: unknown) => [rejected(refused)]);
        outcomes.push(tried[0] as Answer);
      }
      return outcomes;
    }
  }

  #scatter(act: ScatteredAct): Promise<AnyOutcome> {
    const outcome = this.#scattering.then(() => this.#ask(act));
    this.#scattering = outcome.catch(() => {});
    return outcome;
  }

  async #ask(act: ScatteredAct): Promise<AnyOutcome> {
    const { db, listDead } = this.#options;
    switch (act.kind) {
      case 'claim':
        return this.#claim(act);
      case 'leave': {
        for (const shard of await listShardsHeldBy(db, [act.workerId])) await this.#send({ ...act, shard });
        return this.#send({ ...act, forget: true });
      }
      case 'reap': {
        const workers = await listDead();
        let deliveries = 0;
        for (const shard of await listShardsHeldBy(db, workers)) deliveries += (await this.#send({ ...act, shard })).deliveries;
        await this.#send({ ...act, forget: true });
        return { kind: 'reaped', workers, deliveries };
      }
    }
  }

  /**
   * The shards with what is due longest come first. What one of them has given is this worker's, whatever becomes of the others: it is told of
   * by this answer and by no other.
   */
  async #claim(act: Extract<ScatteredAct, { kind: 'claim' }>): Promise<Outcomes['claim']> {
    const { db } = this.#options;
    const claims: { -readonly [K in keyof Claims]: Claims[K][number][] } = { runs: [], steps: [], messages: [] };
    let left = act.limits;
    const wanted = () => onlyKinds(act.filter, (kind) => left[kind] > 0);
    const some = () => kindsOf(act.filter).some((kind) => left[kind] < act.limits[kind]);
    try {
      for (const shard of await listDueShards(db, act)) {
        if (kindsOf(wanted()).length === 0) break;
        const { claims: found, ownerAlive } = await this.#send({ ...act, limits: left, shard });
        if (!ownerAlive) return { kind: 'claimed', claims, nextDueAt: act.now, ownerAlive: some() };
        claims.runs.push(...found.runs);
        claims.steps.push(...found.steps);
        claims.messages.push(...found.messages);
        left = leftOf(left, found);
      }
      const next = act.until === undefined ? undefined : await nextDueAt(db, wanted(), { from: act.now + 1, until: act.until });
      return { kind: 'claimed', claims, nextDueAt: next, ownerAlive: true };
    } catch (error) {
      if (!some()) throw error;
      return { kind: 'claimed', claims, nextDueAt: act.now, ownerAlive: true };
    }
  }

  async #send<A extends ScatteredAct>(act: A): Promise<Outcomes[A['kind']]> {
    const [outcome] = await this.#options.committer.transact([act], { shard: act.shard ?? 0, lane: scatterLane });
    return (await outcome) as Outcomes[A['kind']];
  }
}

function isScattered(act: BatchAct): act is ScatteredAct {
  return act.kind === 'claim' || act.kind === 'reap' || act.kind === 'leave';
}

function groupByShard(acts: readonly BatchAct[]): Map<number, BatchAct[]> {
  const groups = new Map<number, BatchAct[]>();
  for (const act of acts) {
    const shard = shardOfAct(act) ?? 0;
    groups.set(shard, [...(groups.get(shard) ?? []), act]);
  }
  return groups;
}

async function inLanes<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
}

/** Whoever waits for it hears of it; until then nobody else is to. */
function rejected(failure: unknown): Promise<never> {
  const failed = fail(failure);
  void failed.catch(() => {});
  return failed;
}

async function fail(failure: unknown): Promise<never> {
  throw failure;
}
