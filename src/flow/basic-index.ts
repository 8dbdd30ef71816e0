import { childResultOf, type ChildResult, type ChildTally } from './children.ts';
import { FlowError } from './errors.ts';
import type { ExecutionClaim, ExecutionCommit, ExecutionIndex } from './execution-index.ts';
import { adoptExecution, revise } from './execution-record.ts';
import type { StateStore } from './ports.ts';
import type { CancellationInfo, ChildRef, Execution } from './types.ts';

/**
 * What the Engine needs, over a store that has only the four methods of the seed page (decisions C2). There are no
 * leases and nothing is due by itself: the caller drives. A commit that touches several executions saves one after
 * the other, children first, and children are found by the ids recorded in their parent.
 */
export function createBasicIndex(store: StateStore): ExecutionIndex {
  async function read(id: string): Promise<Execution | null> {
    const execution = await store.load(id);
    return execution && adoptExecution(execution);
  }

  return {
    read,
    async commit(commit) {
      for (const child of commit.spawn) {
        if (child.kind === 'flow') await store.save(atRevision(child.execution, 0));
      }
      await store.save(atRevision(withChildren(commit), commit.expectedRevision));
      if (commit.cancelChildren) await cancelChildren(commit);
    },
    async claim(id): Promise<ExecutionClaim | undefined> {
      const execution = await read(id);
      if (!execution) return undefined;
      // With one epoch for all, each call because of children is counted: who held it before is not known.
      return { execution, epoch: 0, signal: new AbortController().signal, release: async () => {} };
    },
    due: async () => ({ ids: [] }),
    async tally(parentId, group): Promise<ChildTally> {
      const { refs, results } = await resultsOf(parentId, group);
      const succeeded = results.filter(({ status }) => status === 'completed').length;
      return { created: refs.length, finished: results.length, succeeded };
    },
    async results(parentId, group, { after = -1, limit }) {
      const { results } = await resultsOf(parentId, group);
      return results.filter(({ index }) => index > after).slice(0, limit);
    },
    async settleChild() {
      throw new FlowError('HANDLER_ERROR', 'Code steps need a store with the index capability.', { retryable: false });
    },
  };

  async function resultsOf(parentId: string, group: string): Promise<{ refs: readonly ChildRef[]; results: ChildResult[] }> {
    const parent = await read(parentId);
    const refs = (parent?.children ?? []).filter((child) => child.group === group);
    const results: ChildResult[] = [];
    for (const { id } of refs) {
      const child = await read(id);
      const result = child ? childResultOf(child) : undefined;
      if (result) results.push(result);
    }
    return { refs, results: results.sort((a, b) => a.index - b.index) };
  }

  async function cancelChildren({ execution, cancelChildren: cancel }: ExecutionCommit): Promise<void> {
    if (!cancel) return;
    const refs = (execution.children ?? []).filter(({ group }) => cancel.group === undefined || group === cancel.group);
    for (const { id } of refs) await cancelTree(id, cancel.cancellation);
  }

  /** A child that its own driver changes meanwhile is looked at again; it cannot end twice. */
  async function cancelTree(id: string, cancellation: CancellationInfo): Promise<void> {
    for (;;) {
      const child = await read(id);
      if (!child || childResultOf(child)) return;
      try {
        const { cancelledAt } = cancellation;
        const changes = {
          status: 'cancelled',
          cancellation,
          cancelledAt,
          updatedAt: cancelledAt,
          waitMetadata: undefined,
        } as const;
        await store.save(atRevision(revise(child, { changes }), child.revision));
        for (const { id: grandchild } of child.children ?? []) await cancelTree(grandchild, cancellation);
        return;
      } catch (error) {
        if (!FlowError.is(error, 'EXECUTION_CONFLICT')) throw error;
      }
    }
  }
}

/** `save` compares with the revision that is stored, and stores one more. */
function atRevision(execution: Execution, revision: number): Execution {
  return revise(execution, { changes: { revision } });
}

function withChildren({ execution, previous, spawn }: ExecutionCommit): Execution {
  const refs = spawn.flatMap((child): ChildRef[] => {
    const step = child.kind === 'flow' ? child.execution.parentStep : undefined;
    return child.kind === 'flow' && step ? [{ id: child.execution.id, group: step.group, index: step.index }] : [];
  });
  const children = [...(previous?.children ?? []), ...refs];
  return children.length > 0 ? revise(execution, { changes: { children } }) : execution;
}
