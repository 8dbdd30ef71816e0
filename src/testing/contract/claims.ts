import { beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../../base/fake-clock.ts';
import type { ClaimAct, ClaimFilter, Store } from '../../world/port.ts';
import type { MessageRow } from '../../world/rows.ts';
import { shardOf } from '../../world/shard.ts';
import * as build from '../event-builders.ts';
import { newRunId, newStepId } from '../ids.ts';
import { registerWorker } from '../register-worker.ts';
import { ruled } from '../ruled.ts';

const here = { namespace: 'here', deploymentId: 'dpl_here', encryptionKeyId: 'key_here', stepName: 'step_here' };
const filter: ClaimFilter = {
  namespaces: { run: ['here', 'also here'], step: ['here'], message: ['here'] },
  stepNames: [here.stepName],
  deploymentId: here.deploymentId,
  keyIds: [here.encryptionKeyId],
};
const none = { run: [], step: [], message: [] };

interface Due extends Partial<typeof here> {
  readonly kind: 'run' | 'step' | 'message';
  readonly dueAt: number;
}

/** What is due, though not to a worker that asks with this filter. */
const elsewhere: Readonly<Record<string, Omit<Due, 'dueAt'>>> = {
  'a run of another namespace': { kind: 'run', namespace: 'there' },
  'a run of another build': { kind: 'run', deploymentId: 'dpl_there' },
  'a run whose key it has not': { kind: 'run', encryptionKeyId: 'key_there' },
  'a step of another namespace': { kind: 'step', namespace: 'there' },
  'a step of a namespace of which it takes runs only': { kind: 'step', namespace: 'also here' },
  'a step that it does not know': { kind: 'step', stepName: 'step_there' },
  'a step of a run of another build': { kind: 'step', deploymentId: 'dpl_there' },
  'a step of a run whose key it has not': { kind: 'step', encryptionKeyId: 'key_there' },
  'a message of another namespace': { kind: 'message', namespace: 'there' },
  'a message for another build': { kind: 'message', deploymentId: 'dpl_there' },
};
const kinds = ['run', 'step', 'message'] as const;

/** A worker takes what is due to it, is told of what becomes due to it next, and of nothing else. */
export function testClaims(name: string, open: (clock: FakeClock) => Promise<{ readonly store: Store; close(): Promise<void> }>): void {
  let store: Store;
  let now: number;

  beforeEach(async () => {
    const clock = createFakeClock(Date.now());
    const opened = await open(clock);
    store = opened.store;
    now = store.now();
    await registerWorker(store, 'wkr', 60_000);
    return () => opened.close();
  });

  function claim(more: Partial<ClaimAct> = {}) {
    const limits = { run: 10, flow: 10, step: 10, message: 10 };
    return store.commit({ kind: 'claim', owner: 'wkr', now, filter, limits, until: now + 2_000, ...more });
  }

  describe(name, () => {
    it.each(Object.entries(elsewhere))('a worker is told of what becomes due to it though %s is due', async (_, other) => {
      await makeDue(store, { ...other, dueAt: now - 1_000 });
      await makeDue(store, { kind: other.kind, dueAt: now + 500 });
      expect(await store.nextDueAt(filter, now + 2_000)).toBe(now + 500);
      const claims = { runs: [], steps: [], messages: [] };
      expect(await claim()).toEqual({ kind: 'claimed', claims, nextDueAt: now + 500, ownerAlive: true });
    });

    describe.each(kinds)('of a %s that becomes due', (kind) => {
      it('a worker is told while it takes another', async () => {
        for (const dueAt of [now + 300, now - 300, now + 100]) await makeDue(store, { kind, dueAt });
        const { claims, nextDueAt } = await claim();
        expect([claims.runs.length + claims.steps.length + claims.messages.length, nextDueAt]).toEqual([1, now + 100]);
      });

      it('a worker is not told where that is later than it asks about', async () => {
        await makeDue(store, { kind, dueAt: now + 500 });
        expect(await store.nextDueAt(filter, now + 499)).toBeUndefined();
        expect((await claim({ until: now + 499 })).nextDueAt).toBeUndefined();
      });

      it('a worker is not told if it does not ask for that kind', async () => {
        await makeDue(store, { kind, dueAt: now });
        const others = { ...filter, namespaces: { ...filter.namespaces, [kind]: [] } };
        expect(await store.nextDueAt(others, now + 2_000)).toBeUndefined();
        expect(await store.nextDueAt({ ...filter, namespaces: { ...none, [kind]: ['here'] } }, now)).toBe(now);
        const { claims } = await claim({ filter: others });
        expect(claims).toEqual({ runs: [], steps: [], messages: [] });
      });
    });

    it('a look tells of what is due longest', async () => {
      for (const [index, kind] of kinds.entries()) await makeDue(store, { kind, dueAt: now - index });
      expect(await store.nextDueAt(filter, now)).toBe(now - 2);
    });

    it('what is due longest is taken first', async () => {
      const dueAts = [now - 1, now - 3, now - 2];
      for (const kind of kinds) for (const dueAt of dueAts) await makeDue(store, { kind, dueAt });
      const { claims } = await claim({ limits: { run: 2, flow: 2, step: 2, message: 2 } });
      expect(claims.steps.map(({ step }) => step.dueAt)).toEqual([now - 3, now - 2]);
      expect(new Set(claims.messages.map(({ dueAt }) => dueAt))).toEqual(new Set([now - 3, now - 2]));
      // A run that is taken is due for what is still ahead.
      expect(claims.runs).toHaveLength(2);
      expect(await store.nextDueAt(filter, now)).toBe(now - 1);
    });

    it('a claim that got as many as it may says nothing of those that it left', async () => {
      for (const kind of kinds) for (const dueAt of [now - 2, now - 1, now + 1]) await makeDue(store, { kind, dueAt });
      expect((await claim({ limits: { run: 1, flow: 1, step: 1, message: 1 } })).nextDueAt).toBeUndefined();
    });

    it('executions of flows and runs of code are claimed apart, so many of each as there may be', async () => {
      for (const namespace of ['here', 'flow'])
        for (let age = 0; age < 5; age += 1) await makeDue(store, { kind: 'run', namespace, dueAt: now - age });
      const both = { ...filter, namespaces: { ...none, run: ['here', 'flow'] } };
      const counted = async (more: Partial<ClaimAct>) => {
        const { claims } = await claim({ filter: both, ...more });
        const flows = claims.runs.filter(({ namespace }) => namespace === 'flow').length;
        return { run: claims.runs.length - flows, flow: flows };
      };
      expect(await counted({ limits: { run: 1, flow: 2, step: 0, message: 0 } })).toEqual({ run: 1, flow: 2 });
      expect(await counted({ limits: { run: 3, flow: 0, step: 0, message: 0 } })).toEqual({ run: 3, flow: 0 });
      expect(await counted({ filter: { ...both, namespaces: { ...none, run: ['flow'] } } })).toEqual({ run: 0, flow: 3 });
      expect(await counted({})).toEqual({ run: 1, flow: 0 });
    });

    it('a claim that got as many runs of code as it may tells of the next execution of a flow, and the other way round', async () => {
      const both = { ...filter, namespaces: { ...none, run: ['here', 'flow'] } };
      for (const dueAt of [now, now, now + 100]) await makeDue(store, { kind: 'run', dueAt });
      for (const dueAt of [now, now + 200]) await makeDue(store, { kind: 'run', namespace: 'flow', dueAt });
      const limits = { run: 1, flow: 2, step: 0, message: 0 };
      expect((await claim({ filter: both, limits })).nextDueAt).toBe(now + 200);
      expect((await claim({ filter: both, limits: { ...limits, run: 2, flow: 0 } })).nextDueAt).toBe(now + 100);
    });

    it('a claim begins with what is due from an instant on, where it names one', async () => {
      for (const kind of kinds) for (const dueAt of [now - 2, now - 1]) await makeDue(store, { kind, dueAt });
      const { claims } = await claim({ from: now - 1 });
      expect([claims.runs.length, claims.steps.length, claims.messages.length]).toEqual([1, 1, 1]);
      expect(await store.nextDueAt(filter, now)).toBe(now - 2);
    });

    it('a claim tells of nothing where it does not ask', async () => {
      await makeDue(store, { kind: 'run', dueAt: now + 500 });
      expect((await claim({ until: undefined })).nextDueAt).toBeUndefined();
    });
  });
}

async function makeDue(store: Store, { kind, dueAt, ...other }: Due): Promise<void> {
  const { namespace, deploymentId, encryptionKeyId, stepName } = { ...here, ...other };
  if (kind === 'message') return enqueue(store, { namespace, deploymentId, dueAt });
  const runId = newRunId(store.now());
  const created = ruled(store, runId, build.runCreated({ deploymentId }), { state: { run: undefined }, namespace, encryptionKeyId });
  await store.commit({ kind: 'write', transition: { ...created, wakeAt: kind === 'run' ? dueAt : null }, takeRunFor: null });
  if (kind === 'run') return;
  const { run } = await store.loadState({ runId });
  const { steps, ...more } = ruled(store, runId, build.stepCreated(newStepId(), { stepName }), { state: { run }, namespace });
  const transition = { ...more, steps: steps.map((step) => ({ ...step, dueAt })) };
  await store.commit({ kind: 'write', transition, takeRunFor: null });
}

async function enqueue(store: Store, due: Pick<MessageRow, 'namespace' | 'deploymentId' | 'dueAt'>): Promise<void> {
  const messageId = `msg_${newRunId(store.now())}`;
  const message: MessageRow = {
    ...due,
    shard: shardOf(messageId),
    messageId,
    queueName: '__wkf_workflow_w',
    payload: new Uint8Array(),
    headers: null,
    idempotencyKey: null,
    runId: null,
    createdAt: store.now(),
    leaseOwner: null,
    leaseEpoch: 0,
    deliveries: 0,
  };
  await store.commit({ kind: 'enqueue', message, wakeRunAt: null });
}
