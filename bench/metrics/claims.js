import pg from 'pg';
import { median, timed } from '../statistics.js';

const dist = new URL('../../dist/', import.meta.url);
const perClaim = 2;
const warmUps = 20;
const owner = 'bench';

/**
 * What a claim costs among very many finished runs, as a multiple of what it costs among a few: in two schemas of one server, in turns.
 */
export async function measureAlone(_world, { few = 1000, many = 1_000_000, claims = 200 }) {
  const { WORKFLOW_PAWL_URL: url, WORKFLOW_PAWL_SCHEMA: fewSchema } = process.env;
  const manySchema = `${fewSchema}_many`;
  const due = (claims + warmUps) * perClaim;
  const queues = [
    await openQueue({ url, schema: fewSchema, finished: few, due }),
    await openQueue({ url, schema: manySchema, finished: many, due }),
  ];
  for (let round = 0; round < warmUps; round++) for (const { claim } of queues) await claim();
  for (let round = 0; round < claims; round++) {
    for (const { samples, claim } of queues) samples.push(await timed(claim));
  }
  for (const { close } of queues) await close();
  await dropSchema(url, manySchema);
  const [fewMs, manyMs] = queues.map(({ samples }) => median(samples));
  return { samples: [manyMs / fewMs], details: { few, many, fewMs, manyMs } };
}

async function openQueue({ url, schema, finished, due }) {
  const { createPostgresStore } = await import(new URL('postgres/store.js', dist));
  const { systemClock } = await import(new URL('base/clock.js', dist));
  const store = createPostgresStore({ url, schema, clock: systemClock });
  await store.open();
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  await fill(admin, { schema, from: 0, count: finished, status: 'completed', dueAt: null });
  await fill(admin, { schema, from: finished, count: due, status: 'running', dueAt: 1 });
  await admin.query(`vacuum analyze "${schema}".runs, "${schema}".steps`);
  await admin.end();
  // The dead are given nothing.
  const register = { host: 'bench', pid: process.pid, deploymentId: 'dpl_bench', startedAt: store.now() };
  await store.commit({ kind: 'heartbeat', workerId: owner, leaseMs: 3_600_000, register });

  const filter = { namespaces: { run: [''], step: [''], message: [''] }, stepNames: null, deploymentId: null };
  const limits = { run: perClaim, flow: perClaim, step: perClaim, message: perClaim };
  return {
    samples: [],
    /** As a worker looks for work: what is due next, and then for it. */
    async claim() {
      const until = store.now() + 2_000;
      const from = await store.nextDueAt(filter, until);
      const { claims } = await store.commit({ kind: 'claim', owner, now: store.now(), filter, limits, from, until });
      if (claims.runs.length !== perClaim || claims.steps.length !== perClaim) throw new Error(`${schema} had too little to claim`);
    },
    close: () => store.close(),
  };
}

async function dropSchema(url, schema) {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  await admin.query(`drop schema "${schema}" cascade`);
  await admin.end();
}

/** Runs with one step each, all of the same fate. */
async function fill(admin, { schema, from, count, status, dueAt }) {
  const range = [from + 1, from + count, status, dueAt];
  await admin.query(
    `insert into "${schema}".runs (
       shard, run_id, namespace, status, deployment_id, workflow_name, spec_version, input_seq, output_seq,
       created_at, updated_at, started_at, completed_at, last_seq, last_ms, marker_ms, due_at, lease_epoch, deliveries)
     select i % 64, 'wrun_' || lpad(i::text, 26, '0'), '', $3::text, 'dpl_bench', 'workflow//./bench//w' || i % 20, 3, 1, 5,
       i, i, i, case when $4::bigint is null then i end, 5, i, i, $4::bigint + i, 1, 0
     from generate_series($1::bigint, $2::bigint) as i`,
    range,
  );
  await admin.query(
    `insert into "${schema}".steps (
       shard, run_id, step_id, namespace, step_name, status, spec_version, attempt, input_seq, output_seq,
       created_at, updated_at, started_at, completed_at, message, due_at, lease_epoch, deliveries, version)
     select i % 64, 'wrun_' || lpad(i::text, 26, '0'), 'step_' || lpad(i::text, 26, '0'), '', 'step//./bench//s', $3::text, 3, 1, 2, 4,
       i, i, i, case when $4::bigint is null then i end, '{}', $4::bigint + i, 1, 0, 3
     from generate_series($1::bigint, $2::bigint) as i`,
    range,
  );
}
