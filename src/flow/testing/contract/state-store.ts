import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../base/clock.ts';
import { createFakeClock, type FakeClock } from '../../../base/fake-clock.ts';
import type { StateStore } from '../../ports.ts';
import type { Execution } from '../../types.ts';
import { testExecutionIndex } from './execution-index.ts';
import { fullExecution, smallExecution } from './sample-execution.ts';

export interface StoreUnderTest {
  readonly store: StateStore;
  close?(): Promise<void>;
}

/** An empty store that judges time by this clock. */
export type StoreFactory = (options: { readonly clock: Clock }) => Promise<StoreUnderTest> | StoreUnderTest;

/** What every StateStore promises (flow.md §1, decisions C1 and C3); with the `index` capability also what that adds. */
export function testStateStore(name: string, factory: StoreFactory): void {
  describe(`${name}: state store`, () => {
    let clock: FakeClock;
    let underTest: StoreUnderTest;
    let store: StateStore;

    beforeEach(async () => {
      clock = createFakeClock(Date.UTC(2026, 0, 1));
      underTest = await factory({ clock });
      store = underTest.store;
    });
    afterEach(async () => {
      await underTest.close?.();
    });

    async function loaded(id: string): Promise<Execution> {
      const execution = await store.load(id);
      if (!execution) throw new Error(`Execution ${id} is not there.`);
      return execution;
    }

    it('keeps every field of an execution', async () => {
      await store.save(fullExecution());
      expect(plain(await loaded('exec-full'))).toEqual({ ...fullExecution(), revision: 1 });
    });

    it('adds no field to the smallest execution', async () => {
      await store.save(smallExecution());
      expect(plain(await loaded('exec-small'))).toEqual({ ...smallExecution(), revision: 1 });
    });

    it('keeps every status', async () => {
      for (const status of ['pending', 'running', 'waiting', 'completed', 'failed', 'cancelled'] as const) {
        await store.save(smallExecution({ id: `exec-${status}`, status }));
        expect((await loaded(`exec-${status}`)).status).toBe(status);
      }
    });

    it('answers null for an execution it does not have', async () => {
      expect(await store.load('nobody')).toBeNull();
    });

    it('forgets a field that is gone', async () => {
      await store.save(fullExecution());
      const { waitMetadata: _, error: __, ...rest } = await loaded('exec-full');
      await store.save(rest);
      const after = await loaded('exec-full');
      expect('waitMetadata' in after || 'error' in after).toBe(false);
    });

    it('takes a save at the revision it has, and counts on', async () => {
      await store.save(smallExecution());
      await store.save({ ...(await loaded('exec-small')), stepCount: 1 });
      expect(await loaded('exec-small')).toMatchObject({ revision: 2, stepCount: 1 });
    });

    it('refuses a save at another revision and changes nothing', async () => {
      await store.save(smallExecution());
      const stale = await loaded('exec-small');
      await store.save({ ...stale, stepCount: 1 });
      await expect(store.save({ ...stale, stepCount: 9 })).rejects.toMatchObject({ code: 'EXECUTION_CONFLICT' });
      await expect(store.save(smallExecution())).rejects.toMatchObject({ code: 'EXECUTION_CONFLICT' });
      await expect(store.save(smallExecution({ id: 'new', revision: 3 }))).rejects.toMatchObject({
        code: 'EXECUTION_CONFLICT',
      });
      expect(await loaded('exec-small')).toMatchObject({ revision: 2, stepCount: 1 });
      expect(await store.load('new')).toBeNull();
    });

    it('lets one of many saves at the same revision win', async () => {
      await store.save(smallExecution());
      const base = await loaded('exec-small');
      const saves = Array.from({ length: 20 }, (_, n) => store.save({ ...base, stepCount: n + 1 }));
      const settled = await Promise.allSettled(saves);
      expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect((await loaded('exec-small')).revision).toBe(2);
    });

    it('stores an execution without a revision whatever is there', async () => {
      const { revision: _, ...free } = smallExecution();
      await store.save(free as Execution);
      await store.save({ ...free, stepCount: 5 } as Execution);
      expect(await loaded('exec-small')).toMatchObject({ stepCount: 5, revision: 2 });
    });

    it('does not change what it is given', async () => {
      const execution = fullExecution();
      await store.save(execution);
      expect(execution).toEqual(fullExecution());
    });

    it('hands out copies that may be changed and saved', async () => {
      await store.save(fullExecution());
      const copy = await loaded('exec-full');
      copy.context.added = { by: 'hand' };
      copy.history.pop();
      expect(plain(await loaded('exec-full'))).toEqual({ ...fullExecution(), revision: 1 });
      await store.save(copy);
      const after = await loaded('exec-full');
      expect(after.context.added).toEqual({ by: 'hand' });
      expect(after.history).toHaveLength(1);
    });

    it('is not changed by later changes of what it was given', async () => {
      const execution = smallExecution({ context: { list: [1] } });
      await store.save(execution);
      (execution.context.list as number[]).push(2);
      expect((await loaded('exec-small')).context).toEqual({ list: [1] });
    });

    it('deletes an execution, also one that is not there', async () => {
      await store.save(smallExecution());
      await store.delete('exec-small');
      await store.delete('exec-small');
      expect(await store.load('exec-small')).toBeNull();
    });

    describe('idempotency keys', () => {
      const keyed = (id: string, changes: Partial<Execution> = {}) =>
        smallExecution({
          id,
          createdAt: clock.now(),
          idempotencyKey: 'k',
          idempotencyExpiresAt: clock.now() + 1_000,
          ...changes,
        });

      it('finds a live execution by its key', async () => {
        await store.save(keyed('a'));
        expect((await store.findByIdempotencyKey('k'))?.id).toBe('a');
        expect(await store.findByIdempotencyKey('other')).toBeNull();
      });

      it('finds the newest one when scopes share a key', async () => {
        await store.save(keyed('a'));
        clock.advance(10);
        await store.save(keyed('b', { flowId: 'invoices' }));
        expect((await store.findByIdempotencyKey('k'))?.id).toBe('b');
      });

      it('keeps tenants and flows apart', async () => {
        await store.save(keyed('a', { tenantId: 't1' }));
        await store.save(keyed('b', { tenantId: 't2' }));
        await store.save(keyed('c', { flowId: 'invoices', tenantId: 't1' }));
        await store.save(keyed('d'));
        const find = async (scope: { flowId: string; tenantId?: string }) => (await store.findByIdempotencyKey('k', scope))?.id;
        expect(await find({ flowId: 'orders', tenantId: 't1' })).toBe('a');
        expect(await find({ flowId: 'orders', tenantId: 't2' })).toBe('b');
        expect(await find({ flowId: 'invoices', tenantId: 't1' })).toBe('c');
        expect(await find({ flowId: 'orders' })).toBe('d');
        expect(await find({ flowId: 'invoices' })).toBeUndefined();
      });

      it('refuses a second execution with a live key in the same scope', async () => {
        await store.save(keyed('a'));
        await expect(store.save(keyed('b'))).rejects.toMatchObject({ code: 'EXECUTION_CONFLICT' });
        expect(await store.load('b')).toBeNull();
      });

      it('lets one of many first saves with one key win', async () => {
        const saves = Array.from({ length: 20 }, (_, n) => store.save(keyed(`e${n}`)));
        const settled = await Promise.allSettled(saves);
        expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      });

      it('frees a key when it expires', async () => {
        await store.save(keyed('a'));
        clock.advance(1_001);
        expect(await store.findByIdempotencyKey('k')).toBeNull();
        await store.save(keyed('b'));
        expect((await store.findByIdempotencyKey('k'))?.id).toBe('b');
      });

      it('lets the holder of a key be saved again', async () => {
        await store.save(keyed('a'));
        await store.save({ ...(await loaded('a')), stepCount: 1 });
        expect((await store.findByIdempotencyKey('k'))?.stepCount).toBe(1);
      });
    });
  });

  testExecutionIndex(name, factory);
}

/** Getters, frozen objects and missing prototypes do not matter: what JSON sees does. */
function plain(execution: Execution): unknown {
  return JSON.parse(JSON.stringify(execution));
}
