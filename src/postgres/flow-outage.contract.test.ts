import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { newSchemaName } from '../../test/support/postgres-schema.ts';
import { createWorld } from '../connect/create-world.ts';
import { WorldEngine } from '../connect/open-engine.ts';
import { defineFlow } from '../flow/define-flow.ts';
import { defineHandler } from '../flow/define-handler.ts';
import { Result } from '../flow/result.ts';
import { brokenLogRules } from '../testing/log-rules.ts';
import { readLog } from '../testing/read-log.ts';
import { type ScratchPostgres, startScratchPostgres } from '../testing/scratch-postgres.ts';

let server: ScratchPostgres;
beforeAll(async () => {
  server = await startScratchPostgres();
});
afterAll(() => server.stop());

const steps = ['one', 'two', 'three', 'four', 'five'];
const chain = defineFlow({
  id: 'chain',
  version: '1.0.0',
  initialStepId: 'one',
  steps: Object.fromEntries(
    steps.map((id, at) => [
      id,
      { type: 'count', input: { type: 'static', value: id }, outputKey: `out.${id}`, transitions: { onSuccess: steps[at + 1] ?? null } },
    ]),
  ),
});

describe('a server that goes away under executions of flows', () => {
  it('and comes back three times costs none of them, and repeats no step that was recorded', { timeout: 120_000 }, async () => {
    const env = {
      WORKFLOW_PAWL_URL: server.url,
      WORKFLOW_PAWL_SCHEMA: newSchemaName(),
      WORKFLOW_PAWL_LEASE_MS: '1000',
      WORKFLOW_PAWL_LOG_LEVEL: 'silent',
    };
    const world = createWorld({ env });
    const begun = new Map<string, string[]>();
    const repeatedAfterRecord: string[] = [];
    const count = defineHandler({
      type: 'count',
      async execute({ execution, step, idempotencyKey }) {
        if (execution.history.some(({ stepId }) => stepId === step.id)) repeatedAfterRecord.push(idempotencyKey);
        begun.set(execution.id, [...(begun.get(execution.id) ?? []), step.id]);
        await pause(1 + Math.random() * 4);
        return Result.success(step.id);
      },
    });
    const engine = new WorldEngine(world, { flows: [chain], handlers: [count] });
    onTestFinished(() => engine.close());
    await engine.start();

    const create = (n: number) => createUntilAnswered(engine, `order-${n}`);
    const created: Promise<string>[] = Array.from({ length: 60 }, (_, n) => create(n));
    await Promise.all(created);
    for (let round = 0; round < 3; round += 1) {
      await pause(50 + 50 * round);
      await server.crash();
      created.push(...Array.from({ length: 10 }, (_, n) => create(100 * (round + 1) + n)));
      await pause(round * 300);
      await server.start();
    }

    for (const id of await Promise.all(created)) {
      const done = await engine.waitFor(id);
      expect(done).toMatchObject({ status: 'completed', context: { out: Object.fromEntries(steps.map((step) => [step, step])) } });
      expect(done.history.map(({ stepId }) => stepId)).toEqual(steps);
      expect(new Set(begun.get(id))).toEqual(new Set(steps));
      expect(brokenLogRules(await readLog(world, id))).toEqual([]);
    }
    expect(repeatedAfterRecord).toEqual([]);
  });
});

/** Whoever is told that nothing is certain asks again, with the same key. */
async function createUntilAnswered(engine: WorldEngine, idempotencyKey: string): Promise<string> {
  for (;;) {
    try {
      return (await engine.create('chain', {}, { idempotencyKey })).execution.id;
    } catch (error) {
      if ((error as { status?: number }).status !== 503) throw error;
      await pause(50);
    }
  }
}
