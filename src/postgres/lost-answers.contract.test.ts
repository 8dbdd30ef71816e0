import pg from 'pg';
import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { type LossyProxy, startLossyProxy } from '../../test/support/lossy-proxy.ts';
import { asAdmin, dropSchema, newSchemaName } from '../../test/support/postgres-schema.ts';
import { SequentialRuns } from '../../test/support/sequential-runs.ts';
import { createWorld, type PawlWorld } from '../connect/create-world.ts';
import * as build from '../testing/event-builders.ts';
import { newRunId, newStreamName } from '../testing/ids.ts';
import { brokenLogRules } from '../testing/log-rules.ts';
import { wakeRun } from '../testing/queueing.ts';
import { readLog } from '../testing/read-log.ts';
import { type BatchAct, encodeBatch } from './batch.ts';

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

it('what a batch leases that is committed while it is given back, is given back too', { timeout: 30_000 }, async () => {
  const [url, schema] = [inject('postgresUrl'), newSchemaName()];
  const world = createWorld({ env: { WORKFLOW_PAWL_URL: url, WORKFLOW_PAWL_SCHEMA: schema, WORKFLOW_PAWL_LOG_LEVEL: 'silent' } });
  const clients = [new pg.Client(url), new pg.Client(url)] as const;
  onTestFinished(async () => {
    for (const client of clients) await client.end();
    await world.close();
    await dropSchema(url, schema);
  });
  for (const client of clients) await client.connect();
  const [slow, next] = clients;
  const send = async (client: pg.Client, writer: string, acts: readonly BatchAct[], unsure: unknown[] = []) => {
    const { shards, runs, acts: encoded, bytes } = encodeBatch(acts, { citus: false });
    const parameters = [writer, 1, unsure.length === 0 ? null : JSON.stringify(unsure), shards, runs, encoded, bytes];
    await client.query(`select "${schema}".pawl_commit_v1($1, $2, $3, 0, false, null, 'full', $4, $5, $6, $7)`, parameters);
  };
  const leases = async () => {
    const runs = `select lease_owner is not null as leased, due_at is not null as due from "${schema}".runs`;
    return (await slow.query<{ leased: boolean; due: boolean }>(runs)).rows;
  };
  const runId = newRunId();
  await world.events.create(runId, build.runCreated());
  await wakeRun(world, runId);
  const now = Date.now() + 1_000;
  const filter = { namespaces: [''], kinds: ['run' as const], stepNames: null, deploymentId: null };
  const self = { host: 'here', pid: 1, deploymentId: '', startedAt: now };
  await send(next, 'other', [{ kind: 'heartbeat', workerId: 'wkr', leaseMs: 60_000, register: self }]);

  // As of a session that stands still while it waits for its disk: all is written, nobody can see it, and its client has given it up.
  await slow.query('begin');
  await send(slow, 'lost', [{ kind: 'claim', owner: 'wkr', now, filter, limits: { run: 1, step: 0, message: 0 } }]);
  expect(await leases()).toEqual([{ leased: true, due: false }]);
  const givingBack = send(next, 'clearer', [], [{ shard: 0, writer: 'lost', batch: 1 }]);
  await vi.waitUntil(async () => (await asAdmin(url, `select 1 from pg_locks where not granted and pid = ${pidOf(next)}`)).length > 0);
  await slow.query('commit');
  await givingBack;
  expect(await leases()).toEqual([{ leased: false, due: true }]);
});

function pidOf(client: pg.Client): number {
  return (client as unknown as { readonly processID: number }).processID;
}

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
