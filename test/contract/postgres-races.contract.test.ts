import { expect, inject, it, onTestFinished } from 'vitest';
import { createWorld } from '../../src/index.ts';
import * as build from '../../src/testing/event-builders.ts';
import { newHookId, newToken } from '../../src/testing/ids.ts';
import { brokenLogRules } from '../../src/testing/log-rules.ts';
import { readLog } from '../../src/testing/read-log.ts';
import { citusEnv } from '../support/citus.ts';
import { dropSchema, newSchemaName } from '../support/postgres-schema.ts';
import { SequentialRuns } from '../support/sequential-runs.ts';

// PAWL_RUNS asks for others.
const runs = Number(process.env['PAWL_RUNS'] ?? (process.env['PAWL_LONG'] === '1' ? 1_000 : 100));
const [steps, hooks, payloads] = [4, 2, 3];

// The shape that corrupts logs elsewhere: replays and steps in two workers, and hooks that others answer, all on one run at once.
it(`many writers to one run leave a whole log, in ${runs} runs`, { timeout: 60_000 + runs * 500 }, async () => {
  const [url, schema] = [inject('postgresUrl'), newSchemaName()];
  const open = () =>
    createWorld({
      apart: true,
      env: { ...citusEnv, WORKFLOW_PAWL_URL: url, WORKFLOW_PAWL_SCHEMA: schema, WORKFLOW_PAWL_LOG_LEVEL: 'silent' },
    });
  const worlds = [open(), open(), open(), open()] as const;
  onTestFinished(async () => {
    for (const world of worlds) await world.close();
    await dropSchema(url, schema);
  });
  const [first, second, ...others] = worlds;
  const program = new SequentialRuns({ steps });
  for (const world of [first, second]) {
    program.workOn(world);
    await world.start();
  }

  let received = 0;
  let unsure = 0;
  const race = async () => {
    const runId = await program.start(others[0] ?? first);
    const answers = Array.from({ length: hooks }, async (_, index) => {
      const [hookId, token] = [newHookId(), newToken()];
      const world = worlds[index % worlds.length] ?? first;
      if ((await made(world.events.create(runId, build.hookCreated(hookId, { token })))) === 'refused') return;
      await Promise.all(
        worlds.flatMap((writer) =>
          Array.from({ length: payloads }, async (__, number) => {
            const answer = await made(writer.events.create(runId, build.hookReceived(hookId, new Uint8Array([number]))));
            if (answer === 'made') received += 1;
            if (answer === 'unsure') unsure += 1;
          }),
        ),
      );
    });
    await Promise.all(answers);
    return runId;
  };
  const runIds: string[] = [];
  while (runIds.length < runs) runIds.push(...(await Promise.all(Array.from({ length: 20 }, race))));

  expect(new Set(await program.finished(first, runIds, 50_000 + runs * 400))).toEqual(new Set(['completed']));
  let logged = 0;
  for (const runId of runIds) {
    const log = await readLog(second, runId);
    expect(brokenLogRules(log)).toEqual([]);
    expect(log.filter(({ eventType }) => eventType === 'step_completed')).toHaveLength(steps);
    logged += log.filter(({ eventType }) => eventType === 'hook_received').length;
  }
  expect(received).toBeGreaterThan(0);
  // What was acknowledged is there, once.
  expect(logged).toBeGreaterThanOrEqual(received);
  expect(logged).toBeLessThanOrEqual(received + unsure);
});

/** Refused where the run was over before; unsure where the database was too busy to answer in time. */
async function made(call: Promise<unknown>): Promise<'made' | 'refused' | 'unsure'> {
  try {
    await call;
    return 'made';
  } catch (error) {
    const { name, status } = error as { readonly name: string; readonly status?: number };
    if (['EntityConflictError', 'RunExpiredError', 'HookNotFoundError'].includes(name)) return 'refused';
    if (status === 503) return 'unsure';
    throw error;
  }
}
