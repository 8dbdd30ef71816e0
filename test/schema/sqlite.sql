CREATE TABLE audit_log (
  audit_id text primary key,
  at integer not null,
  tenant_id text,
  entry text not null
) strict, without rowid;

CREATE TABLE child_groups (
  parent_id text not null,
  group_name text not null,
  created integer not null,
  finished integer not null,
  succeeded integer not null,
  primary key (parent_id, group_name)
) strict, without rowid;

CREATE TABLE children (
  parent_id text not null,
  group_name text not null,
  child_index integer not null,
  child_id text not null,
  kind text not null,
  status text,
  output text,
  error text,
  primary key (parent_id, group_name, child_index)
) strict, without rowid;

CREATE INDEX children_code on children (child_id) where kind = 'code';

CREATE INDEX children_open on children (parent_id) where status is null;

CREATE TABLE events (
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

CREATE INDEX events_by_correlation on events (correlation_id, created_at) where correlation_id is not null;

CREATE TABLE "execution_history" (
  run_id text not null,
  position integer not null,
  entry text not null,
  primary key (run_id, position)
) strict, without rowid;

CREATE TABLE "execution_values" (
  run_id text not null,
  kind text not null,
  key text not null,
  path text not null,
  position integer not null,
  value text not null,
  primary key (run_id, kind, key, path)
) strict, without rowid;

CREATE TABLE executions (
  shard integer not null,
  run_id text not null,
  flow_id text not null,
  tenant_id text,
  revision integer not null,
  fields text not null,
  history_length integer not null,
  join_group text,
  join_wake_when integer,
  cancel_request text,
  cancel_at integer,
  primary key (run_id)
) strict, without rowid;

CREATE INDEX executions_by_tenant on executions (tenant_id, run_id) where tenant_id is not null;

CREATE TABLE flows (
  flow_id text not null,
  version text not null,
  definition text not null,
  created_at integer not null,
  primary key (flow_id, version)
) strict;

CREATE TABLE hook_tokens (
  token text primary key,
  run_id text not null,
  hook_id text not null
) strict, without rowid;

CREATE INDEX hook_tokens_of_run on hook_tokens (run_id);

CREATE TABLE hooks (
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

CREATE INDEX hooks_created on hooks (created_at, hook_id) where status = 'live';

CREATE TABLE idempotency_keys (
  tenant_id text not null,
  flow_id text not null,
  key text not null,
  run_id text not null,
  expires_at integer not null,
  created_at integer not null,
  primary key (tenant_id, flow_id, key)
) strict, without rowid;

CREATE INDEX idempotency_keys_by_key on idempotency_keys (key, created_at);

CREATE INDEX idempotency_keys_of_run on idempotency_keys (run_id);

CREATE TABLE messages (
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

CREATE UNIQUE INDEX messages_by_key on messages (idempotency_key) where idempotency_key is not null;

CREATE INDEX messages_of_run on messages (run_id) where run_id is not null;

CREATE INDEX messages_queue on messages (lease_owner, due_at) where due_at is not null or lease_owner is not null;

CREATE TABLE pawl_meta (
  key text primary key,
  value text not null
) strict, without rowid;

CREATE TABLE runs (
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

CREATE INDEX runs_by_status on runs (status, created_at, run_id);

CREATE INDEX runs_by_workflow on runs (workflow_name, created_at, run_id);

CREATE INDEX runs_created on runs (created_at, run_id);

CREATE INDEX runs_ended on runs (status, completed_at) where completed_at is not null;

CREATE INDEX runs_queue on runs (lease_owner, namespace = 'flow', due_at) where due_at is not null or lease_owner is not null;

CREATE TABLE sqlite_sequence(name,seq);

CREATE TABLE steps (
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

CREATE INDEX steps_queue on steps (lease_owner, due_at) where due_at is not null or lease_owner is not null;

CREATE TABLE stream_chunks (
  shard integer not null,
  name text not null,
  chunk_index integer not null,
  data blob not null,
  primary key (name, chunk_index)
) strict;

CREATE TABLE streams (
  shard integer not null,
  name text not null,
  run_id text not null,
  chunk_count integer not null,
  closed_at integer,
  created_at integer not null,
  primary key (name)
) strict, without rowid;

CREATE INDEX streams_of_run on streams (run_id, created_at, name);

CREATE TABLE token_expiries (
  token text primary key,
  run_id text not null,
  expires_at integer not null
) strict, without rowid;

CREATE INDEX token_expiries_of_run on token_expiries (run_id);

CREATE TABLE trigger_events (
  position integer primary key autoincrement,
  event text not null,
  run_id text not null,
  created_at integer not null
, seen text) strict;

CREATE TABLE trigger_firings (
  trigger_id text not null,
  position integer not null,
  firing text not null,
  primary key (trigger_id, position)
) strict;

CREATE TABLE triggers (
  trigger_id text primary key,
  type text not null,
  revision integer not null,
  enabled integer not null,
  method text,
  path text,
  event text,
  source_flow_id text,
  next_fire_at integer,
  created_at integer not null,
  definition text not null
) strict;

CREATE INDEX triggers_event on triggers (event) where event is not null;

CREATE INDEX triggers_http on triggers (method, path) where path is not null;

CREATE INDEX triggers_scheduled on triggers (next_fire_at) where enabled = 1 and next_fire_at is not null;

CREATE TABLE waits (
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

CREATE INDEX waits_due on waits (run_id, due_at) where status = 'waiting';

CREATE TABLE workers (
  worker_id text primary key,
  host text not null,
  pid integer not null,
  deployment_id text not null,
  started_at integer not null,
  boot_id text not null,
  expires_at_tick integer not null
) strict, without rowid;
