-- The World: one log, its projections, and the queue, which is the projections' own due times.
-- Every key begins with the shard of the run. Instants are milliseconds since the epoch, UTC. Payloads live in the log only.
-- Keys compare byte by byte (collate "C"), so that lists have the same order on every server.
-- "pawl." stands for the schema that WORKFLOW_PAWL_SCHEMA names; the table pawl_meta is there before this runs.

create table pawl.runs (
  shard int not null,
  run_id text collate "C" not null,
  namespace text collate "C" not null,
  status text collate "C" not null,
  deployment_id text collate "C" not null,
  workflow_name text collate "C" not null,
  spec_version int not null,
  execution_context text,
  encryption_key_id text,
  error text,
  input_seq bigint,
  output_seq bigint,
  created_at bigint not null,
  updated_at bigint not null,
  started_at bigint,
  completed_at bigint,
  expired_at bigint,
  last_seq bigint not null,
  last_ms bigint not null,
  marker_ms bigint not null,
  due_at bigint,
  lease_owner text collate "C",
  lease_epoch bigint not null,
  deliveries bigint not null,
  primary key (shard, run_id)
) with (
  -- A live run is rewritten with each of its events: room on its page keeps that off the indexes.
  fillfactor = 70,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_cost_delay = 0
);

-- Executions of flows apart from runs of code: neither is looked for past all that is due of the other. A number, for PostgreSQL does not
-- find what an index knows to be false.
create index runs_due on pawl.runs ((case when namespace = 'flow' then 1 else 0 end), due_at) where due_at is not null and lease_owner is null;
create index runs_leased on pawl.runs (lease_owner) where lease_owner is not null;
create index runs_created on pawl.runs (created_at, run_id);
create index runs_by_status on pawl.runs (status, created_at, run_id);
create index runs_by_workflow on pawl.runs (workflow_name, created_at, run_id);
-- By how it ended first: what is kept for ever is never in the way of what is not.
create index runs_ended on pawl.runs (status, completed_at) where completed_at is not null;

create table pawl.events (
  shard int not null,
  run_id text collate "C" not null,
  seq bigint not null,
  type text collate "C" not null,
  correlation_id text collate "C",
  spec_version int not null,
  created_at bigint not null,
  occurred_at bigint,
  meta text,
  payload bytea,
  primary key (shard, run_id, seq)
) with (
  autovacuum_vacuum_insert_scale_factor = 0.1
);

create index events_by_correlation on pawl.events (correlation_id, created_at) where correlation_id is not null;

create table pawl.steps (
  shard int not null,
  run_id text collate "C" not null,
  step_id text collate "C" not null,
  namespace text collate "C" not null,
  step_name text collate "C" not null,
  status text collate "C" not null,
  spec_version int not null,
  attempt bigint not null,
  error text,
  input_seq bigint not null,
  output_seq bigint,
  created_at bigint not null,
  updated_at bigint not null,
  started_at bigint,
  completed_at bigint,
  retry_after bigint,
  message text,
  due_at bigint,
  lease_owner text collate "C",
  lease_epoch bigint not null,
  deliveries bigint not null,
  version bigint not null,
  primary key (shard, run_id, step_id)
) with (
  fillfactor = 80,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_cost_delay = 0
);

create index steps_due on pawl.steps (due_at) where due_at is not null and lease_owner is null;
create index steps_leased on pawl.steps (lease_owner) where lease_owner is not null;
create index steps_by_id on pawl.steps (step_id);

create table pawl.waits (
  shard int not null,
  run_id text collate "C" not null,
  wait_id text collate "C" not null,
  status text collate "C" not null,
  spec_version int not null,
  resume_at bigint not null,
  due_at bigint not null,
  created_at bigint not null,
  updated_at bigint not null,
  completed_at bigint,
  version bigint not null,
  primary key (shard, run_id, wait_id)
);

create index waits_due on pawl.waits (shard, run_id, due_at) where status = 'waiting';

create table pawl.hooks (
  shard int not null,
  run_id text collate "C" not null,
  hook_id text collate "C" not null,
  status text collate "C" not null,
  token text collate "C" not null,
  is_webhook boolean not null,
  spec_version int not null,
  created_at bigint not null,
  event_seq bigint not null,
  version bigint not null,
  primary key (shard, run_id, hook_id)
);

create index hooks_created on pawl.hooks (created_at, hook_id) where status = 'live';
create index hooks_by_id on pawl.hooks (hook_id);

-- A live token belongs to one hook; it has a key of its own because it is looked up without a run.
create table pawl.hook_tokens (
  token text collate "C" primary key,
  run_id text collate "C" not null,
  hook_id text collate "C" not null
);

create index hook_tokens_of_run on pawl.hook_tokens (run_id);

-- What is not "wake run R" or "deliver step S": health checks, keyed messages, messages for runs that do not exist.
create table pawl.messages (
  shard int not null,
  message_id text collate "C" not null,
  queue_name text collate "C" not null,
  namespace text collate "C" not null,
  payload bytea not null,
  headers text,
  idempotency_key text collate "C",
  deployment_id text collate "C",
  run_id text collate "C",
  created_at bigint not null,
  due_at bigint,
  lease_owner text collate "C",
  lease_epoch bigint not null,
  deliveries bigint not null,
  primary key (shard, message_id)
) with (
  fillfactor = 80,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_cost_delay = 0
);

create unique index messages_by_key on pawl.messages (shard, idempotency_key) where idempotency_key is not null;
create index messages_due on pawl.messages (due_at) where due_at is not null and lease_owner is null;
create index messages_leased on pawl.messages (lease_owner) where lease_owner is not null;
create index messages_of_run on pawl.messages (shard, run_id) where run_id is not null;

create table pawl.streams (
  shard int not null,
  name text collate "C" not null,
  run_id text collate "C" not null,
  chunk_count bigint not null,
  closed_at bigint,
  created_at bigint not null,
  primary key (shard, name)
) with (
  -- Rewritten with each append.
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0.05,
  autovacuum_vacuum_cost_delay = 0
);

create index streams_of_run on pawl.streams (run_id, created_at, name);

create table pawl.stream_chunks (
  shard int not null,
  name text collate "C" not null,
  chunk_index bigint not null,
  data bytea not null,
  primary key (shard, name, chunk_index)
);

-- A worker is alive while its heartbeat is, by the clock of this server: one row each, however much it holds.
create table pawl.workers (
  worker_id text collate "C" primary key,
  host text not null,
  pid int not null,
  deployment_id text not null,
  started_at bigint not null,
  expires_at bigint not null
) with (
  fillfactor = 50,
  autovacuum_vacuum_threshold = 200,
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_cost_delay = 0
);

-- The newest batch that each writer has committed, and what it leased. A batch whose answer was lost is sent again under its number, and is
-- then either known to be committed or certain never to be.
create table pawl.writers (
  shard int not null,
  writer_id text collate "C" not null,
  batch bigint not null,
  leases jsonb not null,
  used_at bigint not null,
  primary key (shard, writer_id)
) with (
  fillfactor = 50,
  autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_cost_delay = 0
);
