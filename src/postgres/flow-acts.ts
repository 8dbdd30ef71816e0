import type { FlowAct, FlowOutcomeOf } from '../world/flow-port.ts';
import { shardOf } from '../world/shard.ts';
import { listOpenChildren } from './children.ts';
import type { Database } from './database.ts';
import type { FlowBatchAct, RunKey } from './flow-batch.ts';
import { findTokenHolder } from './resume-tokens.ts';

type Commit = <A extends FlowBatchAct & FlowAct>(act: A) => Promise<FlowOutcomeOf<A>>;

/**
 * Performs an act of a flow. All locks of a batch are taken before its first act, in one order, so what an act touches beside its own run is
 * looked up here; whether that still holds is asked again by the act.
 */
export async function commitFlowAct<A extends FlowAct>(db: Database, act: A, commit: Commit): Promise<FlowOutcomeOf<A>> {
  if (!needsLocks(act)) return commit(act as A & FlowBatchAct);
  const locks = await locksOf(db, act);
  if (act.kind === 'disposeTokens' && locks.length === 0) return { kind: 'disposed', runId: undefined } as FlowOutcomeOf<A>;
  return commit({ ...act, locks } as A & FlowBatchAct);
}

function needsLocks(act: FlowAct): boolean {
  return act.kind === 'disposeTokens' || (act.kind === 'flowCommit' && act.writes.some(({ cancelChildren }) => cancelChildren !== null));
}

async function locksOf(db: Database, act: FlowAct): Promise<readonly RunKey[]> {
  if (act.kind === 'disposeTokens') {
    const runId = 'runId' in act.of ? act.of.runId : (await findTokenHolder(db, act.of.token, act.now))?.runId;
    return runId === undefined ? [] : [{ shard: shardOf(runId), runId }];
  }
  if (act.kind !== 'flowCommit') return [];
  const parents = act.writes.filter((write) => write.cancelChildren !== null);
  return (await Promise.all(parents.map(({ runId }) => listOpenChildren(db, runId)))).flat();
}
