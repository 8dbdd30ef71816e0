import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createFakeClock } from '../../src/base/fake-clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { WorldEngine } from '../../src/connect/open-engine.ts';
import { openStore } from '../../src/connect/open-store.ts';
import { readSettings } from '../../src/connect/settings.ts';
import { createWorld, defineFlow, defineHandler, Result } from '../../src/index.ts';
import { runningRun } from '../../src/testing/arrange.ts';
import { deferred, type Deferred } from '../../src/testing/deferred.ts';
import { forRun, recordDeliveries } from '../../src/testing/delivery-recorder.ts';
import { nextTurn } from '../../src/testing/next-turn.ts';
import { flowAfter, wakeRun } from '../../src/testing/queueing.ts';
import { scratchDatabase, storeNames } from '../support/any-store.ts';

const slots = 2;
const flow = defineFlow({
  id: 'flow',
  version: '1.0.0',
  initialStepId: 'work',
  steps: {
    work: { type: 'work', input: { type: 'static', value: null }, transitions: { onSuccess: 'rest' } },
    rest: { type: 'delay', config: { duration: 1 }, input: { type: 'static', value: null }, transitions: { onSuccess: 'again' } },
    again: { type: 'work', input: { type: 'static', value: null }, transitions: { onSuccess: null } },
  },
});

// No clock moves here: what is left for the next look is left for ever.
it('one that comes free while its worker claims is claimed for at once', async () => {
  const clock = createFakeClock(Date.now());
  const env = { WORKFLOW_PAWL_URL: 'sqlite::memory:', WORKFLOW_PAWL_FLOW_CONCURRENCY: '2' };
  const real = await openStore(readSettings(env), clock, silentLogger);
  const gates = new Map<string, Deferred<void>>();
  const endedRuns = new Map<string, Deferred<void>>();
  let claims = 0;
  const commit = async (act: { readonly kind: string; readonly id?: string }) => {
    const outcome = await real.commit(act as never);
    if (act.kind === 'settle') endedRuns.get(String(act.id))?.resolve();
    if (act.kind === 'claim' && (claims += 1) === 2) {
      gates.get(runIds[1] as string)?.resolve();
      await endedRuns.get(runIds[1] as string)?.promise;
      await nextTurn();
    }
    return outcome;
  };
  const world = createWorld({ env, clock, logger: silentLogger, apart: true, openStore: async () => ({ ...real, commit }) });
  onTestFinished(() => world.close());
  const recorder = recordDeliveries(world, '__wkf_workflow_', async ({ message }) => gates.get(String(message['runId']))?.promise);
  const runIds: string[] = [];
  for (let count = 0; count < 4; count += 1) {
    const runId = await wokenRun(world);
    clock.advance(1);
    runIds.push(runId);
    gates.set(runId, deferred());
    endedRuns.set(runId, deferred());
  }
  onTestFinished(() => gates.forEach((gate) => gate.resolve()));
  await world.start?.();
  gates.get(runIds[0] as string)?.resolve();
  for (const runId of runIds) await recorder.arrival(forRun(runId));
});

describe.each(storeNames)('the slots of a worker on %s', (store) => {
  it('are there for code while flows have all of theirs', async () => {
    const { world, engine, flows, code } = await openBoth(store);
    await engine.start();
    const executions = [];
    for (let count = 0; count <= slots; count += 1) executions.push((await engine.create('flow', {})).execution.id);
    await vi.waitUntil(() => flows.inside === slots, { timeout: 20_000 });

    code.letGo();
    for (let count = 0; count < 2 * slots; count += 1) await code.recorder.answer(forRun(await wokenRun(world)));
    expect([flows.inside, flows.most]).toEqual([slots, slots]);
    flows.letGo();
    for (const id of executions) expect((await engine.waitFor(id)).status).toBe('completed');
  });

  it('are there for flows while code has all of its own', async () => {
    const { world, engine, flows, code } = await openBoth(store);
    await engine.start();
    const runIds = [];
    for (let count = 0; count <= slots; count += 1) runIds.push(await wokenRun(world));
    await vi.waitUntil(() => code.inside === slots, { timeout: 20_000 });

    flows.letGo();
    for (let count = 0; count < 2 * slots; count += 1) {
      const { execution } = await engine.create('flow', {});
      expect((await engine.waitFor(execution.id)).status).toBe('completed');
    }
    expect([code.inside, code.most]).toEqual([slots, slots]);
    code.letGo();
    for (const runId of runIds) await code.recorder.answer(forRun(runId));
  });

  it('come back, and no more of them, whether a delivery was claimed or begun at once', async () => {
    const { world, engine, flows, code } = await openBoth(store);
    const executions: string[] = [];
    const runIds: string[] = [];
    const begin = async () => {
      for (let count = 0; count < 3 * slots; count += 1) {
        executions.push((await engine.create('flow', {})).execution.id);
        runIds.push(await wokenRun(world));
      }
    };
    await begin();
    await engine.start();
    await vi.waitUntil(() => flows.inside === slots && code.inside === slots, { timeout: 20_000 });
    await begin();
    flows.letGo();
    code.letGo();
    await begin();
    for (const id of executions) expect((await engine.waitFor(id)).status).toBe('completed');
    for (const runId of runIds) await code.recorder.answer(forRun(runId));
    await flowAfter(world, code.recorder);

    flows.hold();
    code.hold();
    await begin();
    await vi.waitUntil(() => flows.inside === slots && code.inside === slots, { timeout: 20_000 });
    flows.letGo();
    code.letGo();
    for (const id of executions) expect((await engine.waitFor(id)).status).toBe('completed');
    for (const runId of runIds) await code.recorder.answer(forRun(runId));
    // A claim that is under way knows nothing of what is begun meanwhile; slots that are given back twice let all of them in.
    for (const { most } of [flows, code]) expect(most).toBeLessThan(3 * slots);
  });
});

/** A worker for code and flows, whose handlers hold what they are given until they are told to let go. */
async function openBoth(store: (typeof storeNames)[number]) {
  const env = { ...(await scratchDatabase(store)), WORKFLOW_PAWL_FLOW_CONCURRENCY: String(slots) };
  const world = createWorld({ env, apart: true });
  onTestFinished(() => world.close());
  const [flows, code] = [new Gate(), new Gate()];
  const work = defineHandler({
    type: 'work',
    execute: async () => {
      await flows.pass();
      return Result.success(null);
    },
  });
  const recorder = recordDeliveries(world, '__wkf_workflow_', () => code.pass());
  const engine = new WorldEngine(world, { handlers: [work], flows: [flow] });
  await engine.flows.flush();
  onTestFinished(() => {
    flows.letGo();
    code.letGo();
  });
  return { world, engine, flows, code: Object.assign(code, { recorder }) };
}

/** Counts those inside, and holds them. */
class Gate {
  inside = 0;
  most = 0;
  #gate = deferred();

  hold(): void {
    this.#gate = deferred();
  }

  letGo(): void {
    this.#gate.resolve();
  }

  async pass(): Promise<void> {
    this.inside += 1;
    this.most = Math.max(this.most, this.inside);
    await this.#gate.promise;
    this.inside -= 1;
  }
}

async function wokenRun(world: Parameters<typeof wakeRun>[0]): Promise<string> {
  const runId = await runningRun(world);
  await wakeRun(world, runId);
  return runId;
}
