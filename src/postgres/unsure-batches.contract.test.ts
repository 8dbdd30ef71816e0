import pg from 'pg';
import { beforeAll, beforeEach, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { asAdmin, dropSchema, newSchemaName } from '../../test/support/postgres-schema.ts';
import { createWorld } from '../connect/create-world.ts';
import * as build from '../testing/event-builders.ts';
import { newRunId } from '../testing/ids.ts';
import { wakeRun } from '../testing/queueing.ts';
import { shardOf } from '../world/shard.ts';
import { type BatchAct, encodeBatch } from './batch.ts';

const [url, schema] = [inject('postgresUrl'), newSchemaName()];
const world = createWorld({ env: { WORKFLOW_PAWL_URL: url, WORKFLOW_PAWL_SCHEMA: schema, WORKFLOW_PAWL_LOG_LEVEL: 'silent' } });
const now = Date.now() + 60_000;
const anyRun = { namespaces: { run: [''], step: [], message: [] }, stepNames: null, deploymentId: null };
const claim = (owner: string): BatchAct => ({
  kind: 'claim',
  owner,
  now,
  filter: anyRun,
  limits: { run: 1, flow: 0, step: 0, message: 0 },
});
const heartbeat = (workerId: string, leaseMs = 600_000): BatchAct => ({
  kind: 'heartbeat',
  workerId,
  leaseMs,
  register: { host: 'here', pid: 1, deploymentId: '', startedAt: now },
});
let runId: string;

beforeAll(async () => {
  await world.runs.list({});
  return async () => {
    await world.close();
    await dropSchema(url, schema);
  };
});

beforeEach(async () => {
  await asAdmin(url, ...['runs', 'events', 'writers', 'workers'].map((table) => `delete from "${schema}".${table}`));
  runId = newRunId();
  await world.events.create(runId, build.runCreated());
  await wakeRun(world, runId);
});

describe('a batch of which nobody knows whether it was committed', () => {
  it.each([
    ['the first of its writer, of whom nothing can be seen,', 1],
    ['a later one', 2],
  ])('is left to the next one, and holds up nobody, while its session stands still at its very end: %s', async (_, batch) => {
    const [slow, next] = [await openSession(), await openSession()];
    await next.send('other', 1, [heartbeat('wkr')]);
    if (batch > 1) await slow.send('lost', 1, []);
    await standStill(slow, batch);
    const later = { unsure: [['lost', batch]], later: true } as const;
    expect(await next.send('clearer', 1, [heartbeat('wkr')], later)).toMatchObject([{ writer: 'lost', batch }]);
    await slow.query('commit');
    expect(await next.send('clearer', 2, [], later)).toEqual([]);
    expect(await lease()).toEqual({ owner: null, due: true });
  });

  it('gives back what it leased if it is committed while it is waited for', async () => {
    const [slow, next] = [await openSession(), await openSession()];
    await next.send('other', 1, [heartbeat('wkr')]);
    await slow.send('lost', 1, []);
    await standStill(slow, 2);
    const givingBack = next.send('clearer', 1, [], { unsure: [['lost', 2]], wait: true });
    const isWaiting = `select 1 from pg_locks where not granted and pid = ${next.pid}`;
    await vi.waitUntil(async () => (await asAdmin(url, isWaiting)).length > 0, { timeout: 4_000 });
    await slow.query('commit');
    await givingBack;
    expect(await lease()).toEqual({ owner: null, due: true });
  });

  it('is left to the next one, and fails none, while somebody else has what it leased', async () => {
    const [holder, next] = [await openSession(), await openSession()];
    await next.send('other', 1, [heartbeat('wkr')]);
    await next.send('lost', 1, [claim('wkr')]);
    await holder.query(`begin; select 1 from "${schema}".runs where run_id = '${runId}' for update`);
    const later = { unsure: [['lost', 1]], later: true } as const;
    expect(await next.send('clearer', 1, [heartbeat('wkr')], later)).toMatchObject([{ writer: 'lost', batch: 1 }]);
    expect(await lease()).toEqual({ owner: 'wkr', due: false });
    await holder.query('commit');
    expect(await next.send('clearer', 2, [], later)).toEqual([]);
    expect(await lease()).toEqual({ owner: null, due: true });
  });

  it('gives back what it leased whatever other batches of its writer are in doubt too', async () => {
    const { send } = await openSession();
    await send('other', 1, [heartbeat('wkr')]);
    await send('lost', 1, [claim('wkr')]);
    expect(await lease()).toEqual({ owner: 'wkr', due: false });
    await send('clearer', 1, [], {
      unsure: [
        ['lost', 3],
        ['lost', 2],
        ['lost', 1],
      ],
    });
    expect(await lease()).toEqual({ owner: null, due: true });
  });

  it('gives back a delivery that it took over from another worker', async () => {
    const { send } = await openSession();
    await send('other', 1, [heartbeat('sender'), heartbeat('heir')]);
    await send('other', 2, [claim('sender')]);
    const lent = { owner: 'sender', epoch: 1 };
    await send('lost', 1, [{ kind: 'adopt', of: 'run', shard: shardOf(runId), runId, id: runId, lease: lent, owner: 'heir' }]);
    expect(await lease()).toEqual({ owner: 'heir', due: false });
    await send('clearer', 1, [], { unsure: [['lost', 1]] });
    expect(await lease()).toEqual({ owner: null, due: true });
  });

  it('is never committed once it was given back', async () => {
    const { send } = await openSession();
    await send('other', 1, [heartbeat('wkr')]);
    await send('clearer', 1, [], { unsure: [['lost', 1]] });
    await expect(send('lost', 1, [claim('wkr')])).rejects.toMatchObject({ code: 'PW001' });
    expect(await lease()).toEqual({ owner: null, due: true });
  });
});

describe('a heartbeat', () => {
  it('that stood still on its way takes back no later one', async () => {
    const { send } = await openSession();
    await send('other', 1, [heartbeat('wkr', 1_000)], { clock: 5_000 });
    await send('late', 1, [heartbeat('wkr', 1_000)], { clock: 4_200 });
    await send('late', 2, [{ kind: 'heartbeat', workerId: 'wkr', leaseMs: 1_000, register: null }], { clock: 4_200 });
    expect(await workers()).toEqual([{ id: 'wkr', until: 6_000 }]);
  });

  it('takes back what a clock has given that was set back, but for a lease', async () => {
    const { send } = await openSession();
    await send('other', 1, [heartbeat('wkr', 1_000)], { clock: 3_600_000 });
    await send('other', 2, [{ kind: 'heartbeat', workerId: 'wkr', leaseMs: 1_000, register: null }], { clock: 5_000 });
    expect(await workers()).toEqual([{ id: 'wkr', until: 7_000 }]);
  });

  it('that is being written keeps its worker from being given up, and nobody else', async () => {
    const [slow, reaper] = [await openSession(), await openSession()];
    await slow.send('other', 1, [heartbeat('beating', 1_000), heartbeat('dead', 1_000)], { clock: 5_000 });
    await slow.send('other', 2, [claim('dead')], { clock: 5_500 });
    await slow.query('begin');
    await slow.send('other', 3, [heartbeat('beating', 1_000)], { clock: 9_000 });
    await reaper.send('reaper', 1, [{ kind: 'reap', now }], { clock: 8_000 });
    await slow.query('commit');
    expect(await workers()).toEqual([{ id: 'beating', until: 10_000 }]);
    expect(await lease()).toEqual({ owner: null, due: true });
  });
});

async function lease(): Promise<unknown> {
  const [row] = await asAdmin(
    url,
    `select lease_owner as owner, due_at is not null as due from "${schema}".runs where run_id = '${runId}'`,
  );
  return row;
}

function workers(): Promise<unknown[]> {
  return asAdmin(url, `select worker_id as id, expires_at::int as until from "${schema}".workers order by worker_id`);
}

/** As a session that waits for its disk: all is written, nobody can see it, and its client has given it up. */
async function standStill({ query, send }: Session, batch: number): Promise<void> {
  await query('begin');
  await send('lost', batch, [claim('wkr')]);
}

interface Sending {
  readonly unsure?: readonly (readonly [writer: string, batch: number])[];
  /** It asks later about what it is told of. */
  readonly later?: boolean;
  readonly wait?: boolean;
  readonly clock?: number;
}

type Session = Awaited<ReturnType<typeof openSession>>;

/** A connection that sends batches as the committer does, under any writer's name. */
async function openSession() {
  const client = new pg.Client(url);
  await client.connect();
  onTestFinished(() => client.end());
  const statement = `select * from "${schema}".pawl_commit_v1($1, $2, $3, 0, $9, $4, 'full', $5, $6, $7, $8)`;
  return {
    pid: (client as unknown as { readonly processID: number }).processID,
    query: (sql: string) => client.query(sql),
    /** Answers with what is still unsure. */
    async send(
      writer: string,
      batch: number,
      acts: readonly BatchAct[],
      { unsure = [], later, wait = false, clock }: Sending = {},
    ): Promise<unknown> {
      const { shards, runs, acts: encoded, bytes } = encodeBatch(acts, { citus: false });
      const doubts = unsure.map(([name, number]) => ({ writer: name, batch: number, later }));
      const given = doubts.length === 0 ? null : JSON.stringify(doubts);
      const { rows } = await client.query<{ o_detail: unknown }>(statement, [
        writer,
        batch,
        given,
        clock ?? null,
        shards,
        runs,
        encoded,
        bytes,
        wait,
      ]);
      return rows[0]?.o_detail;
    },
  };
}
