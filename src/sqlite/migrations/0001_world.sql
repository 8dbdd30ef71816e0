-- The World: one log, its projections, and the queue, which is the projections' own due times.
-- Instants are milliseconds since the epoch, UTC. Payloads live in the log only. The shard is a column here as in PostgreSQL, but leads no
-- key: run ids begin with their time, so without it the runs that are busy share their pages, and a commit writes half as many.

create table pawl_meta (
  key text primary key,
  value text not null
) strict, without rowid;

create table runs (
  shard integer not null,
  run_id text not null,
  namespace text not null,
  status text not null,
  deployment_id text not null,
  workflow_name text not null,
  spec_version integer not null,
  execution_context text,
  encryption_key_id text,
  error text,
  input_seq integer,
  output_seq integer,
  created_at integer not null,
  updated_at integer not null,
  started_at integer,
  completed_at integer,
  expired_at integer,
  last_seq integer not null,
  last_ms integer not null,
  marker_ms integer not null,
  due_at integer,
  lease_owner text,
  lease_epoch integer not null,
  deliveries integer not null,
  primary key (run_id)
) strict, without rowid;

-- What is due (nobody has it) and what is leased, in one index: a change from the one to the other touches one page.
-- Executions of flows apart from runs of code: neither is looked for past all that is due of the other.
create index runs_queue on runs (lease_owner, namespace = 'flow', due_at) where due_at is not null or lease_owner is not null;
create index runs_created on runs (created_at, run_id);
create index runs_by_status on runs (status, created_at, run_id);
create index runs_by_workflow on runs (workflow_name, created_at, run_id);
-- By how it ended first: what is kept for ever is never in the way of what is not.
create index runs_ended on runs (status, completed_at) where completed_at is not null;

create table events (
  shard integer not null,
  run_id text not null,
  seq integer not null,
  type text not null,
  correlation_id text,
  spec_version integer not null,
  created_at integer not null,
  occurred_at integer,
  meta text,
  payload blob,
  primary key (run_id, seq)
) strict, without rowid;

-- Also how a step or a hook is found by its id alone.
create index events_by_correlation on events (correlation_id, created_at) where correlation_id is not null;

create table steps (
  shard integer not null,
  run_id text not null,
  step_id text not null,
  namespace text not null,
  step_name text not null,
  status text not null,
  spec_version integer not null,
  attempt integer not null,
  error text,
  input_seq integer not null,
  output_seq integer,
  created_at integer not null,
  updated_at integer not null,
  started_at integer,
  completed_at integer,
  retry_after integer,
  message text,
  due_at integer,
  lease_owner text,
  lease_epoch integer not null,
  deliveries integer not null,
  version integer not null,
  primary key (run_id, step_id)
) strict, without rowid;

create index steps_queue on steps (lease_owner, due_at) where due_at is not null or lease_owner is not null;

create table waits (
  shard integer not null,
  run_id text not null,
  wait_id text not null,
  status text not null,
  spec_version integer not null,
  resume_at integer not null,
  due_at integer not null,
  created_at integer not null,
  updated_at integer not null,
  completed_at integer,
  version integer not null,
  primary key (run_id, wait_id)
) strict, without rowid;

create index waits_due on waits (run_id, due_at) where status = 'waiting';

create table hooks (
  shard integer not null,
  run_id text not null,
  hook_id text not null,
  status text not null,
  token text not null,
  is_webhook integer not null,
  spec_version integer not null,
  created_at integer not null,
  event_seq integer not null,
  version integer not null,
  primary key (run_id, hook_id)
) strict, without rowid;

create index hooks_created on hooks (created_at, hook_id) where status = 'live';

-- A live token belongs to one hook; it has a key of its own because it is looked up without a run.
create table hook_tokens (
  token text primary key,
  run_id text not null,
  hook_id text not null
) strict, without rowid;

create index hook_tokens_of_run on hook_tokens (run_id);

-- What is not "wake run R" or "deliver step S": health checks, keyed messages, messages for runs that do not exist.
create table messages (
  shard integer not null,
  message_id text not null,
  queue_name text not null,
  namespace text not null,
  payload blob not null,
  headers text,
  idempotency_key text,
  deployment_id text,
  run_id text,
  created_at integer not null,
  due_at integer,
  lease_owner text,
  lease_epoch integer not null,
  deliveries integer not null,
  primary key (message_id)
) strict, without rowid;

create unique index messages_by_key on messages (idempotency_key) where idempotency_key is not null;
create index messages_queue on messages (lease_owner, due_at) where due_at is not null or lease_owner is not null;
create index messages_of_run on messages (run_id) where run_id is not null;

create table streams (
  shard integer not null,
  name text not null,
  run_id text not null,
  chunk_count integer not null,
  closed_at integer,
  created_at integer not null,
  primary key (name)
) strict, without rowid;

create index streams_of_run on streams (run_id, created_at, name);

create table stream_chunks (
  shard integer not null,
  name text not null,
  chunk_index integer not null,
  data blob not null,
  primary key (name, chunk_index)
) strict;

-- A worker is alive while its heartbeat is; boot and tick are of a clock that no change of the wall clock can move.
create table workers (
  worker_id text primary key,
  host text not null,
  pid integer not null,
  deployment_id text not null,
  started_at integer not null,
  boot_id text not null,
  expires_at_tick integer not null
) strict, without rowid;
