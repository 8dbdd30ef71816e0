import type { Clock } from '../../base/clock.ts';
import type { ChildResult } from '../children.ts';
import { isTerminal } from '../decide/transition.ts';
import { FlowError } from '../errors.ts';
import type { CancelChildren, DuePage, ExecutionClaim, ExecutionCommit, ExecutionIndex, ResultsPage } from '../execution-index.ts';
import type { IdempotencyScope } from '../ports.ts';
import type { CancellationInfo, ChildJoin, Execution } from '../types.ts';
import { DueQueue } from './due-queue.ts';
import { MemoryChildren } from './memory-children.ts';

interface Claim {
  readonly owner: string;
  readonly epoch: number;
  readonly controller: AbortController;
}

interface Row {
  execution: Execution;
  /** Of its last claim. */
  epoch: number;
  dueAt: number | null;
  join: ChildJoin | null;
  cancelRequested?: CancellationInfo;
}

/**
 * The index capability in memory. Every method does its work without an await in it, which is what makes it atomic.
 * A claim lasts until it is released or abandoned.
 */
export class MemoryIndex implements ExecutionIndex {
  readonly #clock: Clock;
  readonly #rows = new Map<string, Row>();
  readonly #claims = new Map<string, Claim>();
  readonly #due = new DueQueue();
  readonly #children = new MemoryChildren();
  /** Executions by idempotency key, the newest last. */
  readonly #keys = new Map<string, Set<string>>();
  /** The highest so far. A row begins with it, so that one that is deleted and made again has no epoch twice. */
  #epochs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async commit(commit: ExecutionCommit): Promise<void> {
    const { execution, expectedRevision, epoch, spawn } = commit;
    this.#expect(execution.id, expectedRevision, epoch);
    if (expectedRevision === 0) this.expectKeyFree(execution);
    for (const child of spawn) {
      if (child.kind === 'flow') this.#expect(child.execution.id, 0);
    }
    // Nothing above has changed anything and nothing below fails.
    for (const child of spawn) {
      this.#children.add(execution.id, child);
      if (child.kind === 'flow') this.put(child.execution, child.execution.createdAt, null);
    }
    this.put(execution, commit.dueAt, commit.join);
    if (commit.cancelChildren) this.#cancelChildren(execution.id, commit.cancelChildren);
    if (commit.settles) this.#settle(commit.settles);
    if (isTerminal(execution) && epoch === undefined) this.#claims.get(execution.id)?.controller.abort();
  }

  async read(id: string): Promise<Execution | null> {
    return this.peek(id) ?? null;
  }

  async claim(id: string, { owner }: { readonly owner: string }): Promise<ExecutionClaim | undefined> {
    const row = this.#rows.get(id);
    if (!row || this.#claims.has(id)) return undefined;
    row.epoch += 1;
    this.#epochs = Math.max(this.#epochs, row.epoch);
    const claim: Claim = { owner, epoch: row.epoch, controller: new AbortController() };
    this.#claims.set(id, claim);
    return {
      execution: row.execution,
      epoch: claim.epoch,
      signal: claim.controller.signal,
      ...(row.cancelRequested ? { cancelRequested: row.cancelRequested } : {}),
      release: async () => {
        if (this.#claims.get(id) === claim) this.#claims.delete(id);
      },
    };
  }

  async due({ now, limit }: { readonly now: number; readonly limit: number }): Promise<DuePage> {
    return this.#due.due(now, limit, (id) => this.#claims.has(id));
  }

  async tally(parentId: string, group: string) {
    return this.#children.tally(parentId, group);
  }

  async results(parentId: string, group: string, page: ResultsPage): Promise<readonly ChildResult[]> {
    return this.#children.results(parentId, group, page);
  }

  async settleChild(result: ChildResult): Promise<void> {
    this.#settle(result);
  }

  peek(id: string): Execution | undefined {
    return this.#rows.get(id)?.execution;
  }

  put(execution: Execution, dueAt: number | null, join: ChildJoin | null): void {
    const row = this.#rows.get(execution.id);
    if (!row && execution.idempotencyKey !== undefined) this.#rememberKey(execution.idempotencyKey, execution.id);
    const next: Row = row ?? { execution, dueAt, join, epoch: this.#epochs };
    Object.assign(next, { execution, dueAt, join });
    if (isTerminal(execution)) delete next.cancelRequested;
    this.#rows.set(execution.id, next);
    this.#schedule(execution.id, next);
  }

  remove(id: string): void {
    const key = this.peek(id)?.idempotencyKey;
    if (key !== undefined) this.#keys.get(key)?.delete(id);
    this.#rows.delete(id);
    this.#children.delete(id);
    this.#due.set(id, null);
    this.#claims.get(id)?.controller.abort();
    this.#claims.delete(id);
  }

  findByKey(key: string, scope?: IdempotencyScope): Execution | undefined {
    const now = this.#clock.now();
    return [...(this.#keys.get(key) ?? [])].reverse().flatMap((id) => {
      const execution = this.peek(id);
      const lives = execution !== undefined && (execution.idempotencyExpiresAt ?? 0) > now;
      const fits = !scope || (execution?.flowId === scope.flowId && execution.tenantId === scope.tenantId);
      return lives && fits ? [execution] : [];
    })[0];
  }

  expectKeyFree({ id, idempotencyKey, flowId, tenantId }: Execution): void {
    if (idempotencyKey === undefined) return;
    const holder = this.findByKey(idempotencyKey, { flowId, ...(tenantId === undefined ? {} : { tenantId }) });
    if (!holder || holder.id === id) return;
    throw new FlowError('EXECUTION_CONFLICT', `Execution ${holder.id} holds the idempotency key "${idempotencyKey}" of flow "${flowId}".`);
  }

  abandonClaims(owner: string): void {
    for (const [id, claim] of this.#claims) {
      if (claim.owner === owner) this.#claims.delete(id);
    }
  }

  #expect(id: string, revision: number, epoch?: number): void {
    const stored = this.peek(id)?.revision ?? 0;
    if (stored !== revision) throw conflict(id, `is at revision ${stored}, not ${revision}`);
    if (epoch !== undefined && this.#claims.get(id)?.epoch !== epoch) throw conflict(id, 'is claimed by someone else now');
  }

  #settle(result: ChildResult): void {
    if (!this.#children.settle(result)) return;
    const parent = this.#rows.get(result.parentId);
    if (parent?.join) this.#schedule(result.parentId, parent);
  }

  #cancelChildren(parentId: string, { group, cancellation }: CancelChildren): void {
    for (const child of this.#children.open(parentId, group)) {
      const row = this.#rows.get(child.id);
      if (row) {
        row.cancelRequested = cancellation;
        this.#schedule(child.id, row);
        this.#claims.get(child.id)?.controller.abort();
      } else {
        this.#settle({ parentId, group: child.group, index: child.index, childId: child.id, status: 'cancelled' });
      }
    }
  }

  #schedule(id: string, { execution, dueAt, join, cancelRequested }: Row): void {
    if (cancelRequested) return this.#due.set(id, cancelRequested.cancelledAt);
    const fulfilled = join !== null && execution.status === 'waiting' && this.#children.fulfilled(id, join);
    this.#due.set(id, fulfilled ? Math.min(dueAt ?? Number.POSITIVE_INFINITY, execution.updatedAt) : dueAt);
  }

  #rememberKey(key: string, id: string): void {
    this.#keys.set(key, (this.#keys.get(key) ?? new Set()).add(id));
  }
}

function conflict(id: string, why: string): FlowError {
  return new FlowError('EXECUTION_CONFLICT', `Execution ${id} ${why}.`);
}
