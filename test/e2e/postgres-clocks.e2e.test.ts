import type { Event } from '@workflow/world';
import { describe, expect, onTestFinished, test } from 'vitest';
import { finish, untilEvent, valueOf } from './support/finish.ts';
import type { Host } from './support/host.ts';
import { openPostgresWorld } from './support/postgres-world.ts';
import { Stage } from './support/stage.ts';

const minutes = 60_000;
const wrong = (ms: number) => ({ E2E_CLOCK_OFFSET_MS: String(ms) });

// "In time" is told by the events, which carry the time of the database; that a run ends at all within the deadline of the test tells that
// no timer was late by the ten minutes.
describe('hosts whose clocks are ten minutes apart', () => {
  test('wake nobody early and lose no timer, whoever sets it and whoever wakes', async () => {
    const stage = await openStage();
    const hosts = await Promise.all(
      [wrong(10 * minutes), wrong(-10 * minutes), {}].map(async (env) => await stage.startHost('worker', env)),
    );
    const checks = hosts.map(async (host) => {
      const naps = await Promise.all(Array.from({ length: 3 }, async () => await host.api.start('sleeps//naps', [2, 1_000])));
      const together = await host.api.start('sleeps//parallelNaps', [20, 1_000]);
      const retried = await host.api.start('retries//askForRetry');
      for (const runId of [...naps, together]) expectNoneEarly((await finish(host, runId)).events, 1_000);
      expect((await finish(host, retried)).run.status).toBe('completed');
    });
    await Promise.all(checks);
  });

  test('do the work of one that died, without taking it for dead before', async () => {
    const stage = await openStage({ WORKFLOW_PAWL_LEASE_MS: '2000' });
    const [ahead, behind] = await Promise.all([10, -10].map(async (by) => await stage.startHost('worker', wrong(by * minutes))));
    const [first, second] = [ahead as Host, behind as Host];
    const gate = stage.newGate();
    const runId = await first.api.start('gated//heldStep', [gate]);
    await untilEvent(first, runId, 'step_started');
    // Longer than a lease, told by what another run does meanwhile.
    await finish(second, await second.api.start('sleeps//naps', [4, 800]));
    expect((await stage.executions(runId)).map(({ attempt }) => attempt)).toEqual([1]);

    const [{ host: holder } = { host: '' }] = await stage.executions(runId);
    const [dying, living] = holder === first.id ? [first, second] : [second, first];
    await dying.kill();
    await stage.openGate(gate);
    await finish(living, runId);
    expect(await valueOf(living, runId)).toBe('behind');
  });
});

describe('a clock that jumps', () => {
  test('moves no timer that was set before', async () => {
    const stage = await openStage();
    const [host, other] = await Promise.all([wrong(0), {}].map(async (env) => await stage.startHost('worker', env)));
    const jumping = host as Host;
    for (const jumpMs of [10 * minutes, -20 * minutes]) {
      const runIds = await Promise.all(
        [jumping, other as Host].map(async ({ api }) => await api.start('sleeps//parallelNaps', [5, 2_000])),
      );
      for (const runId of runIds) await untilEvent(jumping, runId, 'wait_created', 5);
      await jumping.api.jumpClock(jumpMs);
      for (const runId of runIds) expectNoneEarly((await finish(jumping, runId)).events, 2_000);
      // By the other one: the SDK's ids never go back, and a clock that was set back far makes none that would be taken.
      const later = await (other as Host).api.start('sleeps//naps', [2, 1_000]);
      expectNoneEarly((await finish(jumping, later)).events, 1_000);
    }
  });
});

/** By the clock of the database, every wait that was begun has ended, and none before its time. */
function expectNoneEarly(events: readonly Event[], napMs: number): void {
  const createdAt = new Map<string, number>();
  const lasted: number[] = [];
  for (const event of events) {
    const at = event.createdAt.getTime();
    if (event.eventType === 'wait_created') createdAt.set(event.correlationId, at);
    if (event.eventType === 'wait_completed') lasted.push(at - (createdAt.get(event.correlationId) ?? Number.NaN));
  }
  expect(lasted.length).toBe(createdAt.size);
  // The SDK names the instant before it asks for the wait, on a machine that may be busy in between; a wrong clock would make it nothing.
  for (const ms of lasted) expect(ms).toBeGreaterThan(napMs / 2);
}

async function openStage(env: Readonly<Record<string, string>> = {}): Promise<Stage> {
  const stage = await Stage.open(await openPostgresWorld(env));
  onTestFinished(async () => await stage.close());
  return stage;
}
