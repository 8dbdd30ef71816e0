import { describeError } from '../../base/logger.ts';
import type { Delivery } from '../../world/delivery.ts';
import type { ExecutionMark, FlowCommitAct, FlowLoss, FlowOutcomes, FlowStore } from '../../world/flow-port.ts';
import { isTerminal as isTerminalRun, type RunRow, type TakenRun } from '../../world/rows.ts';
import { shardOf } from '../../world/shard.ts';
import type { ChildResult } from '../children.ts';
import { isTerminal } from '../decide/transition.ts';
import { FlowError } from '../errors.ts';
import type { DuePage, ExecutionClaim, ExecutionCommit, ExecutionIndex, ResultsPage } from '../execution-index.ts';
import type { CancellationInfo, Execution } from '../types.ts';
import { childResults } from './child-results.ts';
import { Claims, isLeased } from './claims.ts';
import { decodeExecution } from './decode-execution.ts';
import { encodeChild, encodeCodeRun, encodeCommit, encodeEnd, type WriteContext } from './encode-commit.ts';
import { ExecutionCache } from './execution-cache.ts';
import { flowNamespace, flowStore, type FlowWorld, workflowNameOf } from './flow-world.ts';

/** The index capability over the World: an execution is a run, its commit one act with the events of its log (flow.md §3). */
export class WorldIndex implements ExecutionIndex {
  readonly consumesTokens = true;
  readonly startsCode = true;
  readonly freesTokens = true;
  readonly #world: FlowWorld;
  readonly #claims: Claims;
  readonly #cache: ExecutionCache;
  /** Under which executions are carried on here. */
  readonly #deliveries = new Map<string, Pick<Delivery, 'lease' | 'leaseEnded' | 'carriedOn' | 'run'>>();
  /** By the row that their deliveries begin with. */
  readonly #born = new WeakMap<RunRow, Execution>();

  constructor(world: FlowWorld) {
    this.#world = world;
    this.#claims = new Claims(world);
    this.#cache = new ExecutionCache(world.clock);
  }

  async commit(commit: ExecutionCommit): Promise<void> {
    await this.commitAll([commit], null);
  }

  /** Several commits in one act, with the firing of the trigger that caused them. */
  async commitAll(commits: readonly ExecutionCommit[], firing: FlowCommitAct['firing']): Promise<void> {
    const flows = await flowStore(this.#world);
    const writes: { readonly commit: ExecutionCommit; readonly context: WriteContext }[] = [];
    for (const commit of commits) {
      // A step of a held execution asks nobody anything.
      const { consumesToken, disposesToken, execution } = commit;
      const usedHookId = consumesToken === undefined ? undefined : await this.#hookOf(flows, consumesToken);
      const leftHookId = disposesToken === undefined ? undefined : await this.#hookOf(flows, disposesToken, execution.id);
      const deploymentId = commit.spawn.length === 0 ? this.#world.deploymentId : await this.#deploymentOf(commit);
      writes.push({ commit, context: this.#context({ deploymentId, usedHookId, leftHookId }) });
    }
    const act = {
      kind: 'flowCommit',
      writes: writes.flatMap(({ commit, context }) => [
        encodeCommit(commit, context),
        ...commit.spawn.flatMap((child) => (child.kind === 'flow' ? [encodeChild(child.execution, context)] : [])),
      ]),
      codeRuns: writes.flatMap(({ commit, context }) =>
        commit.spawn.flatMap((child) => (child.kind === 'code' ? [encodeCodeRun(child, context)] : [])),
      ),
      firing,
    } as const;
    const takeRunFor = mayOffer(commits) ? await this.#offer(commits) : null;
    let taken: TakenRun | undefined;
    const onWritten = (written: FlowOutcomes['flowCommit']) => {
      taken = written.kind === 'committed' ? written.taken : undefined;
      return false;
    };
    const outcome = await flows.commit({ ...act, takeRunFor }, { onWritten }).catch((error: unknown) => {
      // Where the disk did not keep it, it is this worker's all the same.
      if (taken) this.#world.dispatcher().runTaken(taken);
      else if (takeRunFor !== null) this.#world.dispatcher().dropRun({ namespace: flowNamespace });
      throw error;
    });
    taken = outcome.kind === 'committed' ? outcome.taken : undefined;
    if (takeRunFor !== null && !taken) this.#world.dispatcher().dropRun({ namespace: flowNamespace });
    if (outcome.kind === 'lost') throw lost(outcome.why, outcome.runId);
    for (const commit of commits) this.#publish(commit);
    if (taken) this.#begin(taken, commits[0]);
    this.#wake(commits, outcome);
  }

  async read(id: string): Promise<Execution | null> {
    const flows = await flowStore(this.#world);
    const mark = await flows.getExecutionMark(id);
    return mark ? this.#load(flows, id, mark) : null;
  }

  async hasEnded(id: string): Promise<boolean | undefined> {
    // Its end would be a commit of this process, or would take the delivery away from it.
    if (this.#deliveries.has(id)) return false;
    const mark = await (await flowStore(this.#world)).getExecutionMark(id);
    return mark && isTerminalRun(mark.status);
  }

  async claim(id: string, { owner: engine }: { readonly owner: string }): Promise<ExecutionClaim | undefined> {
    const flows = await flowStore(this.#world);
    const owner = this.#claims.nameOf(engine);
    try {
      await this.#claims.enlist(owner);
      const epoch = await this.#lease(flows, id, owner);
      const claim = epoch === undefined ? undefined : await this.#claimed(flows, id, epoch);
      if (claim) return { ...claim, release: () => this.#release(flows, claim, { engine, owner }) };
    } catch (error) {
      this.#claims.giveUp(engine, owner);
      throw error;
    }
    this.#claims.dismiss(owner);
    return undefined;
  }

  /** The claim of a worker of the World, which has the lease already and settles it itself. */
  async adopt(id: string, delivery: Pick<Delivery, 'lease' | 'leaseEnded' | 'carriedOn' | 'run'>): Promise<ExecutionClaim | undefined> {
    const born = delivery.run && this.#born.get(delivery.run);
    const { epoch } = delivery.lease;
    const claim = born ? this.#hold(born, epoch) : await this.#claimed(await flowStore(this.#world), id, epoch);
    if (!claim) return undefined;
    this.#deliveries.set(id, delivery);
    return {
      ...claim,
      release: async () => {
        if (this.#deliveries.get(id) === delivery) this.#deliveries.delete(id);
        await claim.release();
      },
    };
  }

  async due({ now, limit }: { readonly now: number; readonly limit: number }): Promise<DuePage> {
    const rows = await (await flowStore(this.#world)).listDueExecutions({ limit: limit + 1 });
    const ids = rows.slice(0, limit).flatMap(({ runId, dueAt }) => (dueAt <= now ? [runId] : []));
    const next = rows[ids.length]?.dueAt;
    return { ids, ...(next === undefined ? {} : { nextDueAt: next }) };
  }

  async tally(parentId: string, group: string) {
    return (await flowStore(this.#world)).tallyChildren(parentId, group);
  }

  async results(parentId: string, group: string, { after = -1, limit }: ResultsPage): Promise<readonly ChildResult[]> {
    return childResults(await this.#world.open(), { parentId, group, after, limit });
  }

  async settleChild(result: ChildResult): Promise<void> {
    const flows = await flowStore(this.#world);
    const now = this.#world.clock.now();
    const { first } = await flows.commit({ kind: 'settleChild', child: encodeEnd(result), now });
    if (first) this.#world.dispatcher().somethingDue(now);
  }

  forget(id: string): void {
    this.#cache.forget(id);
    this.#claims.abort(id);
  }

  /** Gives up what is claimed outside the workers of the World. */
  close(): Promise<void> {
    return this.#claims.close();
  }

  async #release(
    flows: FlowStore,
    claim: ExecutionClaim,
    { engine, owner }: { readonly engine: string; readonly owner: string },
  ): Promise<void> {
    const { id } = claim.execution;
    await claim.release();
    try {
      const lease = { owner, epoch: claim.epoch };
      const { dueAt } = await flows.commit({ kind: 'releaseExecution', shard: shardOf(id), runId: id, lease });
      this.#claims.dismiss(owner);
      if (dueAt !== null) this.#world.dispatcher().somethingDue(dueAt);
    } catch (error) {
      this.#claims.giveUp(engine, owner);
      this.#world.logger.warn(
        `Execution ${id} could not be given back, so that others get it when its lease is over: ${describeError(error)}`,
      );
    }
  }

  /** Who stood still for longer than its lease is made known again, and asks once more. */
  async #lease(flows: FlowStore, id: string, owner: string): Promise<number | undefined> {
    const claim = { kind: 'claimExecution', shard: shardOf(id), runId: id, owner } as const;
    const { epoch, ownerAlive } = await flows.commit(claim);
    if (ownerAlive) return epoch;
    await this.#claims.revive(owner);
    return (await flows.commit(claim)).epoch;
  }

  #context(known: Pick<WriteContext, 'deploymentId' | 'usedHookId' | 'leftHookId'>): WriteContext {
    const { namespace, clock } = this.#world;
    return { namespace, now: clock.now(), ...known };
  }

  async #hookOf(flows: FlowStore, token: string, runId?: string): Promise<string | undefined> {
    const holder = await flows.findTokenHolder(token, this.#world.clock.now());
    return runId === undefined || holder?.runId === runId ? holder?.hookId : undefined;
  }

  async #claimed(flows: FlowStore, id: string, epoch: number): Promise<ExecutionClaim | undefined> {
    const mark = await flows.getExecutionMark(id);
    // Whoever stood still on the way here may find the lease with another one, whose handler calls are not to be repeated.
    if (!mark || !isLeased(mark, epoch)) return undefined;
    const execution = await this.#load(flows, id, mark);
    if (!execution) return undefined;
    const { cancelRequest } = mark;
    const claim = this.#hold(execution, epoch);
    return cancelRequest === null ? claim : { ...claim, cancelRequested: JSON.parse(cancelRequest) as CancellationInfo };
  }

  #hold(execution: Execution, epoch: number): ExecutionClaim {
    const held = this.#claims.hold(execution.id, epoch);
    return { execution, epoch, signal: held.controller.signal, release: async () => this.#claims.drop(held) };
  }

  /** What was leased in the act that created it is as that act left it, and need not be read. */
  #begin(taken: TakenRun, commit: ExecutionCommit | undefined): void {
    if (commit?.expectedRevision === 0) this.#born.set(taken, commit.execution);
    this.#world.dispatcher().runTaken(taken);
  }

  async #load(flows: FlowStore, id: string, { revision }: ExecutionMark): Promise<Execution | null> {
    const known = this.#cache.get(id, revision);
    if (known) return known;
    const rows = await flows.readExecution(id);
    if (!rows) return null;
    const execution = decodeExecution(rows);
    this.#cache.put(execution);
    return execution;
  }

  /** A worker of this process that would begin at once with the one execution that this makes due. */
  async #offer(commits: readonly ExecutionCommit[]): Promise<string | null> {
    const [only] = commits;
    if (!only || only.dueAt === null || only.dueAt > this.#world.clock.now()) return null;
    const deploymentId = await this.#deploymentOf(only);
    // Who creates the next execution when one ends is to find the slot of that one free. The commit waits for this turn to end anyway.
    await new Promise<void>((turn) => setImmediate(turn));
    const subject = { namespace: flowNamespace, workflowName: workflowNameOf(only.execution), deploymentId };
    return this.#world.dispatcher().offerRun(subject) ?? null;
  }

  /** Whoever resumes or cancels an execution may be of another build than it is pinned to, it and what it starts. */
  async #deploymentOf({ execution, expectedRevision }: ExecutionCommit): Promise<string> {
    if (expectedRevision === 0) return this.#world.deploymentId;
    const run = this.#deliveries.get(execution.id)?.run ?? (await (await this.#world.open()).getRun(execution.id));
    return run?.deploymentId ?? this.#world.deploymentId;
  }

  #publish({ execution, epoch, spawn }: ExecutionCommit): void {
    this.#cache.put(execution);
    for (const child of spawn) if (child.kind === 'flow') this.#cache.put(child.execution);
    const delivery = this.#deliveries.get(execution.id);
    const isOurs = epoch !== undefined && delivery?.lease.epoch === epoch;
    if (isOurs) delivery.carriedOn = true;
    if (!isTerminal(execution)) return;
    // The run is over, and its lease with it: nothing is left to settle.
    if (isOurs) delivery.leaseEnded = true;
    if (epoch === undefined) this.#claims.abort(execution.id);
  }

  #wake(commits: readonly ExecutionCommit[], outcome: Extract<FlowOutcomes['flowCommit'], { kind: 'committed' }>): void {
    for (const id of outcome.cancelledChildren) this.#claims.abort(id);
    const free = commits.flatMap(({ dueAt, epoch }) => (dueAt === null || epoch !== undefined || outcome.taken ? [] : [dueAt]));
    const others = outcome.wokeParent || outcome.cancelledChildren.length > 0 || commits.some(({ spawn }) => spawn.length > 0);
    const next = Math.min(...free, ...(others ? [this.#world.clock.now()] : []));
    if (next === Infinity) return;
    this.#world.dispatcher().somethingDue(next);
    if (next <= this.#world.clock.now()) this.#world.executionLeft();
  }
}

function mayOffer(commits: readonly ExecutionCommit[]): boolean {
  return commits.length === 1 && commits[0]?.epoch === undefined;
}

function lost(why: FlowLoss, runId: string): FlowError {
  switch (why) {
    case 'token':
      return new FlowError('INVALID_RESUME_TOKEN', 'The resume token is unknown, used, revoked or expired.');
    case 'key':
      return new FlowError('EXECUTION_CONFLICT', `A live execution holds the idempotency key of ${runId}.`);
    case 'exists':
      return new FlowError('EXECUTION_CONFLICT', `There is a run ${runId} already.`, { retryable: false });
    case 'lease':
      return new FlowError('EXECUTION_CONFLICT', `Execution ${runId} is claimed by someone else now.`);
    case 'revision':
      return new FlowError('EXECUTION_CONFLICT', `Execution ${runId} was changed meanwhile.`);
    case 'trigger':
      return new FlowError('EXECUTION_CONFLICT', 'The trigger was changed meanwhile.');
  }
}
