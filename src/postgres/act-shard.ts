import { shardOf } from '../world/shard.ts';
import { type BatchAct, runsOf } from './batch.ts';
import { isFlowBatchAct } from './flow-batch.ts';

/** The shard whose rows an act writes, runs being written before anything else; undefined: none, or whichever it finds something in. */
export function shardOfAct(act: BatchAct): number | undefined {
  const [run] = runsOf(act);
  if (run) return run.shard;
  if (isFlowBatchAct(act)) return shardOfFlow(act);
  switch (act.kind) {
    case 'settle':
    case 'adopt':
    case 'append':
      return act.shard;
    case 'enqueue':
      return act.message.shard;
    default:
      return undefined;
  }
}

function shardOfFlow(act: Extract<BatchAct, { kind: 'flowCommit' }> | { readonly kind: string }): number | undefined {
  if ('writes' in act) return act.writes[0]?.shard;
  return 'triggerId' in act ? shardOf(String(act.triggerId)) : undefined;
}
