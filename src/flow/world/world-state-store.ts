import { shardOf } from '../../world/shard.ts';
import { dueAtOf } from '../decide/due.ts';
import { isTerminal } from '../decide/transition.ts';
import { FlowError } from '../errors.ts';
import type { ExecutionCommit } from '../execution-index.ts';
import { adoptExecution, revise } from '../execution-record.ts';
import type { ExecutionFact } from '../facts.ts';
import type { IdempotencyScope, StateStore } from '../ports.ts';
import type { Execution } from '../types.ts';
import { flowStore, type FlowWorld } from './flow-world.ts';
import { WorldIndex } from './world-index.ts';

/** Executions in the World: durable, and seen by whatever shows runs (flow.md §3). */
export class WorldStateStore implements StateStore {
  readonly index: WorldIndex;
  readonly #world: FlowWorld;

  constructor(world: FlowWorld) {
    this.#world = world;
    this.index = new WorldIndex(world);
  }

  async save(execution: Execution): Promise<void> {
    const given = adoptExecution(execution);
    for (;;) {
      const current = await this.index.read(given.id);
      const stored = current?.revision ?? 0;
      if (given.revision !== undefined && given.revision !== stored) {
        throw new FlowError('EXECUTION_CONFLICT', `Execution ${given.id} is at revision ${stored}, not ${given.revision}; load it again.`);
      }
      try {
        return await this.index.commit(wholeCommit(revise(given, { changes: { revision: stored + 1 } }), current, this.#world.clock.now()));
      } catch (error) {
        // Without a revision it is stored whatever is there.
        if (given.revision !== undefined || current === null || !FlowError.is(error, 'EXECUTION_CONFLICT')) throw error;
      }
    }
  }

  async load(id: string): Promise<Execution | null> {
    const execution = await this.index.read(id);
    return execution ? structuredClone(execution) : null;
  }

  async delete(id: string): Promise<void> {
    const flows = await flowStore(this.#world);
    await flows.commit({ kind: 'deleteExecution', shard: shardOf(id), runId: id });
    this.index.forget(id);
  }

  async findByIdempotencyKey(key: string, scope?: IdempotencyScope): Promise<Execution | null> {
    const flows = await flowStore(this.#world);
    const inScope = scope ? { tenantId: scope.tenantId ?? null, flowId: scope.flowId } : null;
    const id = await flows.findKeyHolder({ key, scope: inScope, now: this.#world.clock.now() });
    return id === undefined ? null : this.load(id);
  }

  /** Gives up what was claimed outside the workers of the World. */
  close(): Promise<void> {
    return this.index.close();
  }
}

/** A save says how things are, not what happened: the log tells what follows from the two states. */
function wholeCommit(execution: Execution, current: Execution | null, now: number): ExecutionCommit {
  return {
    execution,
    expectedRevision: execution.revision - 1,
    writes: [],
    tail: [],
    facts: factsBetween(current, execution, now),
    dueAt: dueAtOf(execution),
    join: execution.join ?? null,
    spawn: [],
  };
}

function factsBetween(before: Execution | null, after: Execution, at: number): ExecutionFact[] {
  const facts: ExecutionFact[] = before ? [] : [{ type: 'created', at }];
  const from = before?.status ?? 'pending';
  if (from === after.status || (before && isTerminal(before))) return facts;
  if (from === 'pending' && after.status !== 'cancelled') facts.push({ type: 'started', at });
  const { error = { code: 'HANDLER_ERROR', message: 'It failed.' }, cancellation = { source: 'system', cancelledAt: at }, output } = after;
  if (after.status === 'completed') facts.push({ type: 'completed', at, output });
  if (after.status === 'failed') facts.push({ type: 'failed', at, error });
  if (after.status === 'cancelled') facts.push({ type: 'cancelled', at, cancellation });
  return facts;
}
