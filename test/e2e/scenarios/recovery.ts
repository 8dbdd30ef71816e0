import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { countEvents, finish, valueOf } from '../support/finish.ts';
import type { Host } from '../support/host.ts';
import { Stage, type WorldUnderTest } from '../support/stage.ts';
import { until } from '../support/until.ts';

/** What becomes of work when the processes that do it end, are killed, or stand still. Leases of one second are assumed. */
export function recoveryScenarios(name: string, openWorld: () => Promise<WorldUnderTest>): void {
  describe(`recovery on ${name}`, () => {
    test('keeps a run until there is a worker', async () => {
      const stage = await openStage(openWorld);
      const producer = await stage.startHost('producer');
      const runId = await producer.api.start('basics//addition', [1]);
      await producer.kill();
      const worker = await stage.startHost('worker');
      await finish(worker, runId);

      expect(await valueOf(worker, runId)).toBe(10);
    });

    test('gives the step of a killed worker to a worker that is there, without any restart', async () => {
      const { stage, gate, runId, holder, others } = await holdStep(openWorld, ['worker', 'worker']);
      await holder.kill();
      await untilNotes(stage, runId, `held ${gate}`, 2);
      await stage.openGate(gate);
      const survivor = others[0] as Host;
      const { events } = await finish(survivor, runId);

      expect(await valueOf(survivor, runId)).toBe('behind');
      expect(countEvents(events, 'step_started')).toBe(3);
      const held = (await stage.executions(runId)).filter(({ note }) => note === `held ${gate}`);
      expect(held.map(({ attempt, host }) => [attempt, host])).toEqual([
        [1, holder.id],
        [2, survivor.id],
      ]);
    });

    test('gives the step of a killed worker to the next one that starts', async () => {
      const { stage, gate, runId, holder } = await holdStep(openWorld, ['worker']);
      await holder.kill();
      const next = await stage.startHost('worker');
      await untilNotes(stage, runId, `held ${gate}`, 2);
      await stage.openGate(gate);
      await finish(next, runId);

      expect(await valueOf(next, runId)).toBe('behind');
    });

    test('does not repeat a long step while its worker lives', async () => {
      // Long enough that a busy machine does not look like a death.
      const lease = { WORKFLOW_PAWL_LEASE_MS: '3000' };
      const { stage, gate, runId, holder } = await holdStep(openWorld, ['worker', 'worker'], lease);
      // More than a lease, told by what another run does meanwhile rather than by a clock.
      const naps = await holder.api.start('sleeps//naps', [10, 450]);
      await finish(holder, naps);
      await stage.openGate(gate);
      await finish(holder, runId);

      const held = (await stage.executions(runId)).filter(({ note }) => note === `held ${gate}`);
      expect(held).toHaveLength(1);
    });

    test('does not repeat a step that blocks the event loop of its worker for longer than the lease', async () => {
      const stage = await openStage(openWorld);
      const lease = { WORKFLOW_PAWL_LEASE_MS: '3000' };
      const [worker, other] = await Promise.all([stage.startHost('worker', lease), stage.startHost('worker', lease)]);
      // Whichever of them takes it; the one that does answers nothing until it is through.
      const runId = await worker.api.start('gated//blocked', [6_000]);
      await untilNotes(stage, runId, 'behind', 1);
      await finish(worker, runId);

      expect(await valueOf(other, runId)).toBe('behind');
      expect((await stage.executions(runId)).map(({ note }) => note)).toEqual(['blocks', 'behind']);
      expect([...worker.linesWith(/given to others/), ...other.linesWith(/given to others/)]).toEqual([]);
    });

    test('refuses the late result of a worker that stood still beyond its lease', async () => {
      const { stage, gate, runId, holder, others } = await holdStep(openWorld, ['worker', 'worker']);
      const survivor = others[0] as Host;
      await pauseOutsideOfWrites(holder, survivor);
      await untilNotes(stage, runId, `held ${gate}`, 2);
      await stage.openGate(gate);
      await finish(survivor, runId);
      holder.resume();
      await untilNotes(stage, runId, `released ${gate}`, 2);
      const afterwards = await holder.api.start('basics//addition', [1]);
      await finish(holder, afterwards);

      const { events } = await finish(survivor, runId);
      expect(countEvents(events, 'step_completed')).toBe(2);
      expect(events.at(-1)?.eventType).toBe('run_completed');
      expect(await valueOf(holder, afterwards)).toBe(10);
    });

    test('lets a worker that is told to end finish the step it is at, and then ends by itself', async () => {
      const { stage, gate, runId, holder } = await holdStep(openWorld, ['worker']);
      const stopped = holder.stop();
      await stage.openGate(gate);
      await stopped;

      await expectGoneOn(stage, runId);
    });

    test('does the same for an application that does nothing about SIGTERM', async () => {
      const { stage, gate, runId, holder } = await holdStep(openWorld, ['worker'], { E2E_ON_SIGTERM: 'nothing' });
      const ended = holder.terminate();
      await stage.openGate(gate);

      expect(await ended).toBe('SIGTERM');
      await expectGoneOn(stage, runId);
    });
  });
}

/** The next worker goes on behind the step that the last one has finished. */
async function expectGoneOn(stage: Stage, runId: string): Promise<void> {
  const next = await stage.startHost('worker');
  const { events } = await finish(next, runId);

  expect(await valueOf(next, runId)).toBe('behind');
  expect(countEvents(events, 'step_started')).toBe(2);
  expect((await stage.executions(runId)).map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
}

/** Starts the hosts and a run whose first step waits at a gate, and tells which of the hosts holds it. */
async function holdStep(openWorld: () => Promise<WorldUnderTest>, roles: readonly 'worker'[], env: Record<string, string> = {}) {
  const stage = await openStage(openWorld);
  const hosts = await Promise.all(roles.map(async (role) => await stage.startHost(role, env)));
  const gate = stage.newGate();
  const runId = await (hosts[0] as Host).api.start('gated//heldStep', [gate]);
  const [begun] = await untilNotes(stage, runId, `held ${gate}`, 1);
  const holder = hosts.find(({ id }) => id === begun?.host) as Host;
  return { stage, gate, runId, holder, others: hosts.filter((host) => host !== holder) };
}

/** A process that is stopped in the middle of a write may hold the lock of a database file; that is another subject. */
async function pauseOutsideOfWrites(host: Host, other: Host): Promise<void> {
  await until('the host to stand still outside of a write', async () => {
    host.pause();
    const written = other.api.start('basics//addition', [1]).then(async (runId) => await finish(other, runId));
    // A write waits for the lock far longer than this, and so would the test.
    const answer = await Promise.race([written, delay(5_000, undefined, { ref: false })]);
    if (answer !== undefined) return answer;
    host.resume();
    await written;
    return undefined;
  });
}

async function untilNotes(stage: Stage, runId: string, note: string, count: number) {
  return await until(`"${note}" ${count} times`, async () => {
    const lines = (await stage.executions(runId)).filter((line) => line.note === note);
    return lines.length >= count ? lines : undefined;
  });
}

async function openStage(openWorld: () => Promise<WorldUnderTest>): Promise<Stage> {
  const stage = await Stage.open(await openWorld());
  onTestFinished(async () => await stage.close());
  return stage;
}
