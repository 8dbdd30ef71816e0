import { expect, inject, it, onTestFinished } from 'vitest';
import { type LossyProxy, startLossyProxy } from '../../test/support/lossy-proxy.ts';
import { dropSchema, newSchemaName } from '../../test/support/postgres-schema.ts';
import { SequentialRuns } from '../../test/support/sequential-runs.ts';
import { createWorld, type PawlWorld } from '../connect/create-world.ts';
import { newRunId, newStreamName } from '../testing/ids.ts';
import { brokenLogRules } from '../testing/log-rules.ts';
import { readLog } from '../testing/read-log.ts';

it('a write whose answer is lost is done once, whatever its caller was told', { timeout: 60_000 }, async () => {
  const { world, proxy } = await openThroughProxy();
  const [name, runId] = [newStreamName(), newRunId()];
  const told: string[] = [];
  for (let index = 0; index < 60; index += 1) {
    const losing = index % 6 === 3 ? proxy.loseAnswers(30) : undefined;
    await world.writeToStream(name, runId, String(index)).then(
      () => told.push('written'),
      (error: unknown) => told.push((error as Error).message),
    );
    await losing;
  }
  const { data } = await world.getStreamChunks(name, runId, { limit: 1_000 });
  const decoder = new TextDecoder();
  expect(data.map((chunk) => decoder.decode(chunk.data))).toEqual(Array.from({ length: 60 }, (_, index) => String(index)));
  const lost = told.filter((answer) => answer !== 'written');
  expect(lost.length).toBeGreaterThan(0);
  for (const answer of lost) expect(answer).toMatch(/broke before a commit was answered; it was committed\. Read before you repeat/);
});

it('what a lost answer had leased to this worker is given back, long before its lease ends', { timeout: 60_000 }, async () => {
  const { world, proxy } = await openThroughProxy({ WORKFLOW_PAWL_LEASE_MS: '120000' });
  const runs = new SequentialRuns({ steps: 10 });
  runs.workOn(world);
  await world.start();
  const starting = Array.from({ length: 100 }, () => runs.start(world));
  for (let round = 0; round < 10; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 40));
    await proxy.loseAnswers(20);
  }
  const runIds = await Promise.all(starting);
  expect(new Set(await runs.finished(world, runIds, 40_000))).toEqual(new Set(['completed']));
  for (const runId of runIds) expect(brokenLogRules(await readLog(world, runId))).toEqual([]);
  expect(runs.ledger.repeatedAfterRecord).toEqual([]);
});

async function openThroughProxy(env: Readonly<Record<string, string>> = {}): Promise<{ world: PawlWorld; proxy: LossyProxy }> {
  const [url, schema] = [inject('postgresUrl'), newSchemaName()];
  const proxy = await startLossyProxy(url);
  const world = createWorld({
    env: { WORKFLOW_PAWL_URL: proxy.url, WORKFLOW_PAWL_SCHEMA: schema, WORKFLOW_PAWL_LOG_LEVEL: 'silent', ...env },
  });
  onTestFinished(async () => {
    await world.close();
    await proxy.close();
    await dropSchema(url, schema);
  });
  await world.runs.list({});
  return { world, proxy };
}
