import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../../../base/fake-clock.ts';
import { dueAtOf } from '../../decide/due.ts';
import { settlesOf } from '../../decide/end.ts';
import { applyWrites } from '../../context.ts';
import type { ExecutionCommit, ExecutionIndex } from '../../execution-index.ts';
import { adoptExecution, revise, type Revision } from '../../execution-record.ts';
import type { Execution } from '../../types.ts';
import { smallExecution } from './sample-execution.ts';
import type { StoreFactory, StoreUnderTest } from './state-store.ts';

/** What the optional `index` capability promises (decisions C2). A store without it is asked nothing here. */
export function testExecutionIndex(name: string, factory: StoreFactory): void {
  describe(`${name}: execution index`, () => {
    let clock: FakeClock;
    let underTest: StoreUnderTest;
    let index: ExecutionIndex;

    beforeEach(async ({ skip }) => {
      clock = createFakeClock(Date.UTC(2026, 0, 1));
      underTest = await factory({ clock });
      if (!underTest.store.index) return skip('the store does not have the index capability');
      index = underTest.store.index;
    });
    afterEach(async () => {
      await underTest.close?.();
    });

    const create = async (changes: Partial<Execution> = {}, more: Partial<ExecutionCommit> = {}) => {
      const execution = adoptExecution(smallExecution({ revision: 1, createdAt: clock.now(), updatedAt: clock.now(), ...changes }));
      await index.commit(commitOf(execution, { expectedRevision: 0, facts: [{ type: 'created', at: clock.now() }], ...more }));
      return execution;
    };
    const next = async (previous: Execution, revision: Revision, more: Partial<ExecutionCommit> = {}) => {
      const context = applyWrites(previous.context, more.writes ?? []) as Execution['context'];
      const changes = { ...revision.changes, context, revision: previous.revision + 1, updatedAt: clock.now() };
      const execution = revise(previous, { ...revision, changes });
      await index.commit(commitOf(execution, { previous, tail: revision.tail ?? [], ...more }));
      return execution;
    };
    const stored = async (id: string) => plain(await underTest.store.load(id));

    it('reads what was committed, step by step, whole', async () => {
      let execution = await create({ context: { a: { kept: true } } });
      execution = await next(execution, { changes: { status: 'running', stepCount: 1 }, enters: 'first' });
      for (let n = 1; n <= 5; n += 1) {
        const entry = {
          stepId: 'first',
          type: 't',
          attempt: n,
          status: 'success',
          input: n,
          startedAt: n,
          completedAt: n,
          duration: 0,
        } as const;
        const writes = [{ path: ['out', `k${n}`], value: { n } }];
        execution = await next(execution, { tail: [entry], enters: n % 2 === 0 ? 'first' : 'second' }, { writes });
      }
      execution = await next(execution, {}, { writes: [{ path: ['a'], removed: true }] });
      expect(plain(await index.read(execution.id))).toEqual(plain(execution));
      expect(await stored(execution.id)).toEqual(plain(execution));
      expect(execution.visits).toEqual({ first: 3, second: 3 });
    });

    it('is one with save and load', async () => {
      const execution = await create();
      const copy = await underTest.store.load(execution.id);
      await underTest.store.save({ ...(copy as Execution), stepCount: 7 });
      await expect(next(execution, {})).rejects.toMatchObject({ code: 'EXECUTION_CONFLICT' });
      expect(await index.read(execution.id)).toMatchObject({ revision: 2, stepCount: 7 });
    });

    it('lets one of many commits at one revision win', async () => {
      const execution = await create();
      const commits = Array.from({ length: 20 }, (_, n) => next(execution, { changes: { stepCount: n } }));
      const settled = await Promise.allSettled(commits);
      expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    it('writes all of a commit or nothing', async () => {
      const execution = await create();
      await create({ id: 'taken' });
      const child = adoptExecution(smallExecution({ id: 'child', revision: 1, parentExecutionId: execution.id }));
      const taken = adoptExecution(smallExecution({ id: 'taken', revision: 1 }));
      const spawn = [child, taken].map((one) => ({ kind: 'flow' as const, execution: one }));
      await expect(next(execution, { changes: { stepCount: 3 } }, { spawn })).rejects.toMatchObject({
        code: 'EXECUTION_CONFLICT',
      });
      expect(await index.read('child')).toBeNull();
      expect(await index.read(execution.id)).toMatchObject({ stepCount: 0, revision: 1 });
    });

    describe('claims', () => {
      it('gives an execution to one holder at a time', async () => {
        const { id } = await create();
        const claims = await Promise.all(['a', 'b', 'c'].map((owner) => index.claim(id, { owner })));
        const won = claims.find((claim) => claim !== undefined);
        expect(claims.filter((claim) => claim !== undefined)).toHaveLength(1);
        expect(won?.execution.id).toBe(id);
        await won?.release();
        expect(await index.claim(id, { owner: 'd' })).toBeDefined();
      });

      it('has none for an execution that does not exist', async () => {
        expect(await index.claim('nobody', { owner: 'a' })).toBeUndefined();
      });

      it('refuses commits under a claim that was given back', async () => {
        const execution = await create();
        const old = await index.claim(execution.id, { owner: 'a' });
        await old?.release();
        const current = await index.claim(execution.id, { owner: 'b' });
        await expect(next(execution, {}, { epoch: old?.epoch ?? -1 })).rejects.toMatchObject({
          code: 'EXECUTION_CONFLICT',
        });
        await next(execution, {}, { epoch: current?.epoch ?? -1 });
      });

      it('aborts the signal of a claim whose execution ends without it', async () => {
        const execution = await create();
        const claim = await index.claim(execution.id, { owner: 'a' });
        await next(execution, { changes: { status: 'cancelled', cancelledAt: clock.now() } });
        expect(claim?.signal.aborted).toBe(true);
      });
    });

    describe('what is due', () => {
      const due = async (now = clock.now(), limit = 10) => (await index.due({ now, limit })).ids;

      it('lists what is due, the longest due first, and says when the next one is', async () => {
        await create({ id: 'late', createdAt: clock.now() - 10 });
        await create({ id: 'later', createdAt: clock.now() - 5 });
        await create({ id: 'future', status: 'waiting', waitMetadata: { wakeAt: clock.now() + 100 } });
        await create({ id: 'signal', status: 'waiting', waitMetadata: { reason: 'approval' } });
        expect(await due()).toEqual(['late', 'later']);
        expect((await index.due({ now: clock.now(), limit: 10 })).nextDueAt).toBe(clock.now() + 100);
        expect(await due(clock.now(), 1)).toEqual(['late']);
        expect(await due(clock.now() + 100)).toEqual(['late', 'later', 'future']);
        expect(await due(clock.now() + 1e12)).not.toContain('signal');
      });

      it('leaves out what is claimed, until it is given back', async () => {
        const { id } = await create();
        const claim = await index.claim(id, { owner: 'a' });
        expect(await due()).toEqual([]);
        await claim?.release();
        expect(await due()).toEqual([id]);
      });

      it('forgets what has ended', async () => {
        const execution = await create();
        await next(execution, { changes: { status: 'completed', completedAt: clock.now() } });
        expect(await due(clock.now() + 1e12)).toEqual([]);
      });
    });

    describe('children', () => {
      const group = 'each#1.1';
      const spawnOf = (parentId: string, count: number, from = 0) =>
        Array.from({ length: count }, (_, n) => {
          const place = { stepId: 'each', group, index: from + n };
          const changes = { id: `child-${from + n}`, revision: 1, parentExecutionId: parentId, parentStep: place };
          const times = { createdAt: clock.now(), updatedAt: clock.now() };
          return { kind: 'flow' as const, execution: adoptExecution(smallExecution({ ...changes, ...times })) };
        });
      const waiting = (created: number, wakeWhen: number) => ({ status: 'waiting', join: { group, created, wakeWhen } }) as const;
      const endChild = async (n: number, status: 'completed' | 'failed' = 'completed') => {
        const child = (await index.read(`child-${n}`)) as Execution;
        const end =
          status === 'completed' ? { completedAt: clock.now(), output: n } : { failedAt: clock.now(), error: { code: 'X', message: 'x' } };
        await next(child, { changes: { status, ...end } });
      };

      it('are started with the commit of their parent, due at once', async () => {
        const parent = await create();
        await next(parent, { changes: waiting(2, 2) }, { spawn: spawnOf(parent.id, 2) });
        expect(await index.read('child-1')).toMatchObject({ status: 'pending', parentExecutionId: parent.id });
        expect(new Set((await index.due({ now: clock.now(), limit: 10 })).ids)).toEqual(new Set(['child-0', 'child-1']));
        expect(await index.tally(parent.id, group)).toEqual({ created: 2, finished: 0, succeeded: 0 });
      });

      it('make their parent due once enough of them are finished', async () => {
        const parent = await create();
        await next(parent, { changes: waiting(3, 2) }, { spawn: spawnOf(parent.id, 3) });
        const due = async () => (await index.due({ now: clock.now(), limit: 10 })).ids;
        await endChild(2);
        expect(await due()).not.toContain(parent.id);
        await endChild(0, 'failed');
        expect(await due()).toContain(parent.id);
        expect(await index.tally(parent.id, group)).toEqual({ created: 3, finished: 2, succeeded: 1 });
      });

      it('make it due at once if they were finished before it waited', async () => {
        const parent = await create();
        const running = await next(parent, { changes: waiting(1, 1) }, { spawn: spawnOf(parent.id, 1) });
        await endChild(0);
        await next(running, { changes: waiting(1, 1) });
        expect((await index.due({ now: clock.now(), limit: 10 })).ids).toContain(parent.id);
      });

      it('leave a result each, in order of their index, a page at a time', async () => {
        const parent = await create();
        await next(parent, { changes: waiting(4, 4) }, { spawn: spawnOf(parent.id, 4) });
        for (const n of [3, 0, 2]) await endChild(n, n === 2 ? 'failed' : 'completed');
        const page = await index.results(parent.id, group, { limit: 2 });
        expect(page).toMatchObject([
          { index: 0, childId: 'child-0', status: 'completed', output: 0 },
          { index: 2, childId: 'child-2', status: 'failed', error: { code: 'X' } },
        ]);
        expect((await index.results(parent.id, group, { after: 2, limit: 2 })).map(({ index: at }) => at)).toEqual([3]);
        expect(await index.results(parent.id, 'other#1.1', { limit: 2 })).toEqual([]);
      });

      it('settle once when they are not executions', async () => {
        const parent = await create();
        const place = { stepId: 'each', group, index: 0 };
        const code = {
          kind: 'code' as const,
          workflow: 'w',
          args: [],
          id: 'run-1',
          parent: { ...place, executionId: parent.id },
        };
        await next(parent, { changes: waiting(1, 1) }, { spawn: [code] });
        const result = {
          parentId: parent.id,
          group,
          index: 0,
          childId: 'run-1',
          status: 'completed',
          output: 'first',
        } as const;
        await index.settleChild(result);
        await index.settleChild({ ...result, output: 'second' });
        expect(await index.tally(parent.id, group)).toEqual({ created: 1, finished: 1, succeeded: 1 });
        expect(await index.results(parent.id, group, { limit: 9 })).toMatchObject([{ output: 'first' }]);
      });

      it('are asked to be cancelled with the commit that gives them up', async () => {
        const parent = await create();
        const joined = await next(parent, { changes: waiting(2, 2) }, { spawn: spawnOf(parent.id, 2) });
        await endChild(0);
        const cancellation = { source: 'parent', reason: 'gone', cancelledAt: clock.now() } as const;
        await next(joined, { changes: { status: 'cancelled', join: undefined } }, { cancelChildren: { cancellation } });
        const claim = await index.claim('child-1', { owner: 'a' });
        expect(claim?.cancelRequested).toEqual(cancellation);
        await claim?.release();
        expect((await index.due({ now: clock.now(), limit: 10 })).ids).toEqual(['child-1']);
        expect((await index.claim('child-0', { owner: 'a' }))?.cancelRequested).toBeUndefined();
      });
    });
  });
}

function commitOf(execution: Execution, more: Partial<ExecutionCommit>): ExecutionCommit {
  const settles = settlesOf(execution);
  return {
    execution,
    expectedRevision: execution.revision - 1,
    writes: [],
    tail: [],
    facts: [],
    spawn: [],
    dueAt: dueAtOf(execution),
    join: execution.join ?? null,
    ...(settles ? { settles } : {}),
    ...more,
  };
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
