import type { World } from '@workflow/world';
import { describe, expect, it } from 'vitest';
import { advanceUntil } from '../advance-until.ts';
import { createFakeClock, type FakeClock } from '../../base/fake-clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { smallExecution } from '../../flow/testing/contract/sample-execution.ts';
import { WorldStateStore } from '../../flow/world/world-state-store.ts';
import { type Dispatcher, noDispatcher } from '../../world/delivery.ts';
import type { ClaimAct, Store } from '../../world/port.ts';
import { startedAtBirth } from '../../world/rules/runs.ts';
import { shardOf } from '../../world/shard.ts';
import { pendingStep, runningRun } from '../arrange.ts';
import { forRun, recordDeliveries } from '../delivery-recorder.ts';
import * as build from '../event-builders.ts';
import { newRunId, newStepName, newWaitId } from '../ids.ts';
import { wakeRun } from '../queueing.ts';
import { logOf } from '../read-log.ts';
import { registerWorker } from '../register-worker.ts';
import { ruled } from '../ruled.ts';

/** A World that is not started, and beside it a store on the same data, as another process has one. */
export interface LeaseScene {
  readonly world: World;
  readonly store: Store;
  close(): Promise<void>;
}

const leaseMs = 1_000;

/** How a worker that still runs comes to be dead for the others. */
const deaths: Readonly<Record<string, (scene: { store: Store; clock: FakeClock }, workerId: string) => Promise<void>>> = {
  async 'was given up'({ store, clock }, workerId) {
    clock.advance(leaseMs + 1);
    await store.commit({ kind: 'reap', now: store.now() });
    expect((await store.listWorkers()).map((worker) => worker.workerId)).not.toContain(workerId);
  },
  async 'stood still for longer than its lease'({ clock }) {
    clock.advance(leaseMs + 1);
  },
};

/** Whoever takes something has to be alive: what the dead take belongs to nobody, or is given to others at once. */
export function testLeases(name: string, open: (clock: FakeClock) => Promise<LeaseScene>): void {
  const withScene: WithScene = async (act) => {
    const clock = createFakeClock(Date.now());
    const { world, store, close } = await open(clock);
    try {
      await act({ world, store, clock });
    } finally {
      await world.close?.();
      await close();
    }
  };
  describe(name, () => {
    for (const [death, die] of Object.entries(deaths)) {
      describe(`a worker that ${death}`, () => {
        lostWorkerPolicies((act) =>
          withScene(async (scene) => {
            const loseStalled = async () => {
              await registerWorker(scene.store, 'wkr_stalled', leaseMs);
              await die(scene, 'wkr_stalled');
            };
            await act({ ...scene, loseStalled });
          }),
        );
      });
    }
    birthPolicies(withScene);
    returnPolicies(withScene);
  });
}

interface OpenScene extends Omit<LeaseScene, 'close'> {
  readonly clock: FakeClock;
}
type WithScene = (act: (scene: OpenScene) => Promise<void>) => Promise<void>;

function birthPolicies(withScene: WithScene): void {
  it('a run that a worker of this process takes is started in the act that creates it', () =>
    withScene(async ({ world }) => {
      const recorder = recordDeliveries(world, '__wkf_workflow_');
      await world.start?.();
      const runId = newRunId();
      const { run } = await world.events.create(runId, build.runCreated());
      expect(run).toMatchObject({ status: 'running', startedAt: run?.createdAt });
      await recorder.answer(forRun(runId));
      expect(await logOf(world, runId)).toEqual(['run_created', 'run_started']);
      const again = await world.events.create(runId, build.runStarted());
      expect(again.event).toBeUndefined();
      expect(again.events).toHaveLength(2);
    }));

  it('a run that nobody here can take is started by its first delivery', () =>
    withScene(async ({ world }) => {
      const runId = newRunId();
      const { run } = await world.events.create(runId, build.runCreated());
      expect(run?.status).toBe('pending');
      expect(run?.startedAt).toBeUndefined();
      expect(await logOf(world, runId)).toEqual(['run_created']);
    }));
}

function returnPolicies(withScene: WithScene): void {
  it('a worker that was given up while it had nothing to do takes what comes next, at once and under a name that the others know', () =>
    withScene(async ({ world, store }) => {
      const recorder = recordDeliveries(world, '__wkf_workflow_');
      await world.start?.();
      const [before] = await store.listWorkers();
      // As another process would; the timers of this one stand still.
      await store.commit({ kind: 'leave', workerId: String(before?.workerId), now: store.now() });
      const runId = await runningRun(world);
      await recorder.answer(forRun(runId));
      const after = await store.listWorkers();
      expect(after.map(({ live }) => live)).toEqual([true]);
      expect(after[0]?.workerId).not.toBe(before?.workerId);
      expect(await store.hasDeadWorkers()).toBe(false);
    }));

  // Found by the simulation of `npm run chaos` (R7, seed 1718; R9, seed 938329).
  it('a timer that was due when its run was taken, but is not since the clock was set back, ends when it is due again', () =>
    withScene(async ({ world, clock }) => {
      let setBack = false;
      const recorder = recordDeliveries(world, '__wkf_workflow_', async ({ message }) => {
        if (setBack) clock.jump(-90_000);
        setBack = false;
        await world.events.create(String(message['runId']), build.runStarted());
      });
      await world.start?.();
      const runId = await runningRun(world);
      const ended = async () => (await logOf(world, runId)).filter((line) => line.startsWith('wait_completed'));
      await recorder.answer(forRun(runId));
      const [due, later] = [newWaitId(), newWaitId()];
      await world.events.create(runId, build.waitCreated(later, new Date(clock.now() + 3_600_000)));
      await world.events.create(runId, build.waitCreated(due, new Date(clock.now() + 1_000)));

      setBack = true;
      clock.advance(1_500);
      await recorder.answer(forRun(runId), 2);
      expect(await ended()).toEqual([]);
      await advanceUntil(clock, recorder.answer(forRun(runId), 3), 100_000);
      expect(await ended()).toEqual([`wait_completed:${due}`]);
      await advanceUntil(clock, recorder.answer(forRun(runId), 4), 4_000_000);
      expect(await ended()).toEqual([`wait_completed:${due}`, `wait_completed:${later}`]);
    }));

  it('an engine that was given up claims an execution under a name that the others know', () =>
    withScene(async ({ store, clock }) => {
      const { index } = await executionIn(store, clock, 'exec_1', noDispatcher);
      await (await index.claim('exec_1', { owner: 'engine' }))?.release();
      await store.commit({ kind: 'leave', workerId: 'engine', now: store.now() });
      expect(await index.claim('exec_1', { owner: 'engine' })).toMatchObject({ epoch: 2 });
      expect(await store.hasDeadWorkers()).toBe(false);
      await index.close();
    }));
}

interface Given extends OpenScene {
  /** The worker `wkr_stalled` comes, and is dead for the others. */
  readonly loseStalled: () => Promise<void>;
}

function lostWorkerPolicies(withScene: (act: (given: Given) => Promise<void>) => Promise<void>): void {
  it('claims nothing, and is told why; the living get it', () =>
    withScene(async ({ world, store, loseStalled }) => {
      const runId = await runningRun(world);
      await pendingStep(world, runId, newStepName());
      await wakeRun(world, newRunId());
      await loseStalled();

      const refused = await store.commit(claim(store, 'wkr_stalled'));
      expect([refused.ownerAlive, refused.claims]).toEqual([false, { runs: [], steps: [], messages: [] }]);
      await registerWorker(store, 'wkr_living', leaseMs);
      const { ownerAlive, claims } = await store.commit(claim(store, 'wkr_living'));
      expect([ownerAlive, claims.runs.length, claims.steps.length, claims.messages.length]).toEqual([true, 1, 1, 1]);
      expect([claims.runs[0]?.deliveries, claims.steps[0]?.step.deliveries]).toEqual([1, 1]);
    }));

  it('takes no run that it wakes; the wake itself is done', () =>
    withScene(async ({ world, store, loseStalled }) => {
      const runId = await runningRun(world);
      await loseStalled();
      const wake = { kind: 'wake', shard: shardOf(runId), runId, dueAt: store.now(), now: store.now() } as const;
      expect(await store.commit({ ...wake, takeRunFor: 'wkr_stalled' })).toEqual({ kind: 'woken', found: true, taken: undefined });
      await registerWorker(store, 'wkr_living', leaseMs);
      expect((await store.commit({ ...wake, takeRunFor: 'wkr_living' })).taken).toMatchObject({ leaseOwner: 'wkr_living', deliveries: 1 });
    }));

  it('takes no run that it creates', () =>
    withScene(async ({ store, loseStalled }) => {
      await loseStalled();
      const runId = newRunId();
      const transition = startedAtBirth(ruled(store, runId, build.runCreated(), { state: { run: undefined } }));
      const written = await store.commit({ kind: 'write', transition, takeRunFor: 'wkr_stalled' });
      expect(written).toMatchObject({ kind: 'written', taken: undefined });
      expect(await store.getRun(runId)).toMatchObject({ status: 'running', leaseOwner: null, dueAt: transition.wakeAt, deliveries: 0 });
    }));

  it('is given no step that it creates, and nothing of it is written', () =>
    withScene(async ({ world, store, loseStalled }) => {
      const runId = await runningRun(world);
      await loseStalled();
      const state = await store.loadState({ runId });
      const transition = ruled(store, runId, build.stepCreated('step_born'), { state, bearStepFor: 'wkr_stalled' });
      expect(transition.steps.map(({ leaseOwner }) => leaseOwner)).toEqual(['wkr_stalled']);
      expect(await store.commit({ kind: 'write', transition, takeRunFor: null })).toEqual({ kind: 'ownerDead' });
      expect(await store.loadState({ runId, stepId: 'step_born' })).toEqual({ run: state.run, step: undefined });
    }));

  it('claims no execution, and is told why', () =>
    withScene(async ({ store, clock, loseStalled }) => {
      await executionIn(store, clock, 'exec_1', noDispatcher);
      await loseStalled();
      const claimed = { kind: 'claimExecution', shard: shardOf('exec_1'), runId: 'exec_1' } as const;
      const refused = await store.flows.commit({ ...claimed, owner: 'wkr_stalled' });
      expect(refused).toEqual({ kind: 'claimed', epoch: undefined, ownerAlive: false });
      await registerWorker(store, 'wkr_living', leaseMs);
      expect(await store.flows.commit({ ...claimed, owner: 'wkr_living' })).toEqual({ kind: 'claimed', epoch: 1, ownerAlive: true });
    }));

  // Found by the simulation of `npm run chaos` (R9-flows, seed 5001886).
  it('is handed no execution that another one has by now', () =>
    withScene(async ({ store, clock, loseStalled }) => {
      const { index } = await executionIn(store, clock, 'exec_1', noDispatcher);
      const claimBy = async (owner: string) => {
        const claimed = { kind: 'claimExecution', shard: shardOf('exec_1'), runId: 'exec_1', owner } as const;
        const { epoch = 0 } = await store.flows.commit(claimed);
        return { lease: { owner, epoch }, leaseEnded: false, carriedOn: false, run: undefined };
      };
      await registerWorker(store, 'wkr_stalled', leaseMs);
      const stalled = await claimBy('wkr_stalled');
      expect(await index.adopt('exec_1', stalled)).toMatchObject({ epoch: 1 });
      await loseStalled();
      await registerWorker(store, 'wkr_living', leaseMs);
      await store.commit({ kind: 'reap', now: store.now() });
      expect(await index.adopt('exec_1', stalled)).toBeUndefined();
      const living = await claimBy('wkr_living');
      expect(await index.adopt('exec_1', stalled)).toBeUndefined();
      expect(await index.adopt('exec_1', living)).toMatchObject({ epoch: 2 });
    }));

  it('takes no execution that it creates', () =>
    withScene(async ({ store, clock, loseStalled }) => {
      await loseStalled();
      const calls: string[] = [];
      await executionIn(store, clock, 'exec_1', {
        ...noDispatcher,
        offerRun: () => 'wkr_stalled',
        dropRun: () => calls.push('dropped'),
        runTaken: () => calls.push('taken'),
        somethingDue: () => calls.push('due'),
      });
      expect(calls).toEqual(['dropped', 'due']);
      expect(await store.getRun('exec_1')).toMatchObject({ leaseOwner: null, leaseEpoch: 0 });
    }));

  it.each(['run', 'step', 'message'] as const)('does not take over a %s that came by HTTP: its lease stays where it is', (of) =>
    withScene(async ({ world, store, loseStalled }) => {
      const runId = await runningRun(world);
      await pendingStep(world, runId, newStepName());
      await wakeRun(world, newRunId());
      await loseStalled();
      await registerWorker(store, 'wkr_living', leaseMs);
      const { runs, steps, messages } = (await store.commit(claim(store, 'wkr_living'))).claims;
      const row = { run: runs[0], step: steps[0]?.step, message: messages[0] }[of];
      if (!row) return expect.fail(`no ${of} was claimed`);
      const id = 'stepId' in row ? row.stepId : 'messageId' in row ? row.messageId : row.runId;
      const lease = { owner: String(row.leaseOwner), epoch: row.leaseEpoch };
      const adopt = { kind: 'adopt', of, shard: row.shard, runId: row.runId, id, lease } as const;
      expect(await store.commit({ ...adopt, owner: 'wkr_stalled' })).toEqual({ kind: 'adopted', held: false, ownerAlive: false });
      expect(await store.commit({ ...adopt, owner: 'wkr_living' })).toEqual({ kind: 'adopted', held: true, ownerAlive: true });
    }),
  );
}

async function executionIn(store: Store, clock: FakeClock, id: string, dispatcher: Dispatcher): Promise<WorldStateStore> {
  const own = { deploymentId: 'dpl_1', namespace: '', leaseMs, shared: store, clock, logger: silentLogger };
  const executions = new WorldStateStore({ open: () => store, dispatcher: () => dispatcher, executionLeft: () => {}, ...own });
  await executions.save(smallExecution({ id, createdAt: clock.now(), updatedAt: clock.now() }));
  return executions;
}

function claim(store: Store, owner: string): ClaimAct {
  const filter = { namespaces: { run: [''], step: [''], message: [''] }, stepNames: null, deploymentId: null };
  return { kind: 'claim', owner, now: store.now(), filter, limits: { run: 10, flow: 10, step: 10, message: 10 } };
}
