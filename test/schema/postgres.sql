create table pawl.audit_log (
  audit_id text collate "C" not null,
  at bigint not null,
  tenant_id text collate "C",
  entry text not null,
  PRIMARY KEY (audit_id)
);

create table pawl.child_ends (
  shard integer not null,
  child_id text collate "C" not null,
  parent_id text collate "C" not null,
  PRIMARY KEY (shard, child_id)
);

create table pawl.child_groups (
  shard integer not null,
  parent_id text collate "C" not null,
  group_name text collate "C" not null,
  created bigint not null,
  finished bigint not null,
  succeeded bigint not null,
  PRIMARY KEY (shard, parent_id, group_name)
) with (
  fillfactor=50,
  autovacuum_vacuum_scale_factor=0.02,
  autovacuum_vacuum_cost_delay=0
);

create table pawl.children (
  shard integer not null,
  parent_id text collate "C" not null,
  group_name text collate "C" not null,
  child_index bigint not null,
  child_shard integer not null,
  child_id text collate "C" not null,
  kind text collate "C" not null,
  status text collate "C",
  output text,
  error text,
  PRIMARY KEY (shard, parent_id, group_name, child_index)
);

CREATE INDEX children_code ON pawl.children USING btree (shard, child_id) WHERE ((kind = 'code'::text) AND (status IS NULL));

CREATE INDEX children_open ON pawl.children USING btree (shard, parent_id) WHERE (status IS NULL);

create table pawl.events (
  shard integer not null,
  run_id text collate "C" not null,
  seq bigint not null,
  type text collate "C" not null,
  correlation_id text collate "C",
  spec_version integer not null,
  created_at bigint not null,
  occurred_at bigint,
  meta text,
  payload bytea,
  PRIMARY KEY (shard, run_id, seq)
) with (
  autovacuum_vacuum_insert_scale_factor=0.1
);

CREATE INDEX events_by_correlation ON pawl.events USING btree (correlation_id, created_at) WHERE (correlation_id IS NOT NULL);

create table pawl.execution_history (
  shard integer not null,
  run_id text collate "C" not null,
  position bigint not null,
  entry text not null,
  PRIMARY KEY (shard, run_id, "position")
) with (
  autovacuum_vacuum_insert_scale_factor=0.1
);

create table pawl.execution_values (
  shard integer not null,
  run_id text collate "C" not null,
  kind text collate "C" not null,
  key text collate "C" not null,
  path text collate "C" not null,
  position bigint not null,
  value text not null,
  PRIMARY KEY (shard, run_id, kind, key, path)
) with (
  fillfactor=80,
  autovacuum_vacuum_scale_factor=0.05,
  autovacuum_vacuum_cost_delay=0
);

create table pawl.executions (
  shard integer not null,
  run_id text collate "C" not null,
  flow_id text collate "C" not null,
  tenant_id text collate "C",
  revision bigint not null,
  fields text not null,
  history_length bigint not null,
  join_group text collate "C",
  join_wake_when bigint,
  cancel_request text,
  cancel_at bigint,
  PRIMARY KEY (shard, run_id)
) with (
  fillfactor=50,
  autovacuum_vacuum_scale_factor=0.02,
  autovacuum_vacuum_cost_delay=0
);

CREATE INDEX executions_by_tenant ON pawl.executions USING btree (tenant_id, run_id) WHERE (tenant_id IS NOT NULL);

create table pawl.flows (
  flow_id text collate "C" not null,
  version text collate "C" not null,
  definition text not null,
  created_at bigint not null,
  PRIMARY KEY (flow_id, version)
);

create table pawl.hook_tokens (
  token text collate "C" not null,
  run_id text collate "C" not null,
  hook_id text collate "C" not null,
  PRIMARY KEY (token)
);

CREATE INDEX hook_tokens_of_run ON pawl.hook_tokens USING btree (run_id);

create table pawl.hooks (
  shard integer not null,
  run_id text collate "C" not null,
  hook_id text collate "C" not null,
  status text collate "C" not null,
  token text collate "C" not null,
  is_webhook boolean not null,
  spec_version integer not null,
  created_at bigint not null,
  event_seq bigint not null,
  version bigint not null,
  PRIMARY KEY (shard, run_id, hook_id)
);

CREATE INDEX hooks_by_id ON pawl.hooks USING btree (hook_id);

CREATE INDEX hooks_created ON pawl.hooks USING btree (created_at, hook_id) WHERE (status = 'live'::text);

create table pawl.idempotency_keys (
  shard integer not null,
  tenant_id text collate "C" not null,
  flow_id text collate "C" not null,
  key text collate "C" not null,
  run_id text collate "C" not null,
  expires_at bigint not null,
  created_at bigint not null,
  PRIMARY KEY (shard, tenant_id, flow_id, key)
);

CREATE INDEX idempotency_keys_by_key ON pawl.idempotency_keys USING btree (key, created_at);

CREATE INDEX idempotency_keys_of_run ON pawl.idempotency_keys USING btree (run_id);

create table pawl.messages (
  shard integer not null,
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
  PRIMARY KEY (shard, message_id)
) with (
  fillfactor=80,
  autovacuum_vacuum_scale_factor=0.02,
  autovacuum_vacuum_cost_delay=0
);

CREATE UNIQUE INDEX messages_by_key ON pawl.messages USING btree (shard, idempotency_key) WHERE (idempotency_key IS NOT NULL);

CREATE INDEX messages_due ON pawl.messages USING btree (due_at) WHERE ((due_at IS NOT NULL) AND (lease_owner IS NULL));

CREATE INDEX messages_leased ON pawl.messages USING btree (lease_owner) WHERE (lease_owner IS NOT NULL);

CREATE INDEX messages_of_run ON pawl.messages USING btree (shard, run_id) WHERE (run_id IS NOT NULL);

create table pawl.pawl_meta (
  key text collate "C" not null,
  value text not null,
  PRIMARY KEY (key)
);

create table pawl.runs (
  shard integer not null,
  run_id text collate "C" not null,
  namespace text collate "C" not null,
  status text collate "C" not null,
  deployment_id text collate "C" not null,
  workflow_name text collate "C" not null,
  spec_version integer not null,
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
  PRIMARY KEY (shard, run_id)
) with (
  fillfactor=70,
  autovacuum_vacuum_scale_factor=0.02,
  autovacuum_vacuum_cost_delay=0
);

CREATE INDEX runs_by_status ON pawl.runs USING btree (status, created_at, run_id);

CREATE INDEX runs_by_workflow ON pawl.runs USING btree (workflow_name, created_at, run_id);

CREATE INDEX runs_created ON pawl.runs USING btree (created_at, run_id);

CREATE INDEX runs_due ON pawl.runs USING btree ((
CASE
    WHEN (namespace = 'flow'::text) THEN 1
    ELSE 0
END), due_at) WHERE ((due_at IS NOT NULL) AND (lease_owner IS NULL));

CREATE INDEX runs_ended ON pawl.runs USING btree (status, completed_at) WHERE (completed_at IS NOT NULL);

CREATE INDEX runs_leased ON pawl.runs USING btree (lease_owner) WHERE (lease_owner IS NOT NULL);

create table pawl.steps (
  shard integer not null,
  run_id text collate "C" not null,
  step_id text collate "C" not null,
  namespace text collate "C" not null,
  step_name text collate "C" not null,
  status text collate "C" not null,
  spec_version integer not null,
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
  PRIMARY KEY (shard, run_id, step_id)
) with (
  fillfactor=80,
  autovacuum_vacuum_scale_factor=0.02,
  autovacuum_vacuum_cost_delay=0
);

CREATE INDEX steps_by_id ON pawl.steps USING btree (step_id);

CREATE INDEX steps_due ON pawl.steps USING btree (due_at) WHERE ((due_at IS NOT NULL) AND (lease_owner IS NULL));

CREATE INDEX steps_leased ON pawl.steps USING btree (lease_owner) WHERE (lease_owner IS NOT NULL);

create table pawl.stream_chunks (
  shard integer not null,
  name text collate "C" not null,
  chunk_index bigint not null,
  data bytea not null,
  PRIMARY KEY (shard, name, chunk_index)
);

create table pawl.streams (
  shard integer not null,
  name text collate "C" not null,
  run_id text collate "C" not null,
  chunk_count bigint not null,
  closed_at bigint,
  created_at bigint not null,
  PRIMARY KEY (shard, name)
) with (
  fillfactor=50,
  autovacuum_vacuum_scale_factor=0.05,
  autovacuum_vacuum_cost_delay=0
);

CREATE INDEX streams_of_run ON pawl.streams USING btree (run_id, created_at, name);

create table pawl.token_expiries (
  token text collate "C" not null,
  run_id text collate "C" not null,
  expires_at bigint not null,
  PRIMARY KEY (token)
);

CREATE INDEX token_expiries_of_run ON pawl.token_expiries USING btree (run_id);

create table pawl.trigger_events (
  shard integer not null,
  position bigint not null,
  event text collate "C" not null,
  run_id text collate "C" not null,
  created_at bigint not null,
  seen text,
  PRIMARY KEY (shard, "position")
);

CREATE INDEX trigger_events_by_position ON pawl.trigger_events USING btree ("position");

create table pawl.trigger_firings (
  trigger_id text collate "C" not null,
  position bigint not null,
  firing text not null,
  PRIMARY KEY (trigger_id, "position")
);

create table pawl.triggers (
  trigger_id text collate "C" not null,
  type text collate "C" not null,
  revision bigint not null,
  enabled boolean not null,
  method text collate "C",
  path text collate "C",
  event text collate "C",
  source_flow_id text collate "C",
  next_fire_at bigint,
  created_at bigint not null,
  definition text not null,
  PRIMARY KEY (trigger_id)
);

CREATE INDEX triggers_event ON pawl.triggers USING btree (event) WHERE (event IS NOT NULL);

CREATE INDEX triggers_http ON pawl.triggers USING btree (method, path) WHERE (path IS NOT NULL);

CREATE INDEX triggers_scheduled ON pawl.triggers USING btree (next_fire_at) WHERE (enabled AND (next_fire_at IS NOT NULL));

create table pawl.waits (
  shard integer not null,
  run_id text collate "C" not null,
  wait_id text collate "C" not null,
  status text collate "C" not null,
  spec_version integer not null,
  resume_at bigint not null,
  due_at bigint not null,
  created_at bigint not null,
  updated_at bigint not null,
  completed_at bigint,
  version bigint not null,
  PRIMARY KEY (shard, run_id, wait_id)
);

CREATE INDEX waits_due ON pawl.waits USING btree (shard, run_id, due_at) WHERE (status = 'waiting'::text);

create table pawl.workers (
  worker_id text collate "C" not null,
  host text not null,
  pid integer not null,
  deployment_id text not null,
  started_at bigint not null,
  expires_at bigint not null,
  PRIMARY KEY (worker_id)
) with (
  fillfactor=50,
  autovacuum_vacuum_threshold=200,
  autovacuum_vacuum_scale_factor=0,
  autovacuum_vacuum_cost_delay=0
);

create table pawl.writers (
  shard integer not null,
  writer_id text collate "C" not null,
  batch bigint not null,
  leases jsonb not null,
  used_at bigint not null,
  PRIMARY KEY (shard, writer_id)
) with (
  fillfactor=50,
  autovacuum_vacuum_threshold=1000,
  autovacuum_vacuum_scale_factor=0,
  autovacuum_vacuum_cost_delay=0
);

create function pawl.pawl_append_event_v1(p_shard integer, p_run_id text, p_event jsonb, p_now bigint, p_bytes bytea, OUT o_seq bigint, OUT o_at bigint) returns record;

create function pawl.pawl_cancel_children_v1(p_shard integer, p_parent_id text, p_cancel jsonb, p_now bigint) returns jsonb;

create function pawl.pawl_cancel_code_v1(p_shard integer, p_run_id text, p_spec_version integer, p_now bigint) returns void;

create function pawl.pawl_claim_v1(p_act jsonb, OUT rows jsonb, OUT bytes bytea, OUT leases jsonb) returns record set enable_seqscan=off set jit=off set enable_bitmapscan=off;

create function pawl.pawl_commit_v1(p_writer text, p_batch bigint, p_unsure jsonb, p_shard integer, p_wait boolean, p_clock bigint, p_sync text, p_shards integer[], p_runs text[], p_acts jsonb, p_bytes bytea) returns TABLE(o_act integer, o_held boolean, o_seq bigint, o_at bigint, o_detail jsonb, o_bytes bytea) set enable_seqscan=off set jit=off set enable_bitmapscan=off set lock_timeout=1500ms;

create function pawl.pawl_count_end_v1(p_shard integer, p_parent_id text, p_group text, p_status text, p_now bigint) returns void;

create function pawl.pawl_create_code_v1(p_code jsonb, p_bytes bytea) returns boolean;

create function pawl.pawl_dead_v1(p_clock bigint) returns SETOF text set enable_seqscan=off set jit=off set enable_bitmapscan=off;

create function pawl.pawl_dispose_hook_v1(p_shard integer, p_run_id text, p_hook_id text) returns void;

create function pawl.pawl_distribute_v1() returns integer;

create function pawl.pawl_end_run_v1(p_shard integer, p_run_id text) returns jsonb;

create function pawl.pawl_flow_act_v1(p_kind text, p_act jsonb, p_bytes bytea, OUT held boolean, OUT detail jsonb) returns record;

create function pawl.pawl_flow_v1(p_flow jsonb, p_busy boolean[], p_bytes bytea, p_clock bigint) returns TABLE(f_act integer, f_held boolean, f_detail jsonb, f_lease jsonb) set jit=off set enable_seqscan=off set enable_bitmapscan=off set enable_hashjoin=off set enable_mergejoin=off;

create function pawl.pawl_flow_write_v1(p_write jsonb, OUT o_why text, OUT o_first bigint, OUT o_at bigint, OUT o_history bigint, OUT o_told jsonb) returns record;

create function pawl.pawl_forget_extras_v1(p_shard integer, p_run_id text, p_limit bigint) returns bigint;

create function pawl.pawl_forget_run_v1(p_shard integer, p_run_id text, p_now bigint, p_limit bigint, OUT o_whole boolean, OUT o_rows bigint) returns record set enable_seqscan=off set jit=off;

create function pawl.pawl_free_run_v1(p_shard integer, p_run_id text) returns void;

create function pawl.pawl_give_back_v1(p_shard integer, p_unsure jsonb, p_now bigint) returns jsonb;

create function pawl.pawl_make_hook_v1(p_shard integer, p_run_id text, p_hook_id text, p_token text, p_spec_version integer, p_at bigint, p_seq bigint) returns void;

create function pawl.pawl_next_due_v1(p_act jsonb) returns bigint set enable_seqscan=off set jit=off set enable_bitmapscan=off;

create function pawl.pawl_note_events_v1(p_shard integer, p_run_id text, p_flow_id text, p_heard jsonb, p_now bigint) returns boolean;

create function pawl.pawl_queue_v1(p_kind text, p_act jsonb, p_clock bigint, p_bytes bytea, OUT held boolean, OUT number bigint, OUT detail jsonb) returns record set enable_seqscan=off set jit=off set enable_bitmapscan=off;

create function pawl.pawl_release_all_v1(p_owner text, p_now bigint, p_forgiven integer, p_shard integer) returns bigint set enable_seqscan=off set jit=off set enable_bitmapscan=off;

create function pawl.pawl_save_firings_v1(p_firing jsonb) returns void;

create function pawl.pawl_save_trigger_v1(p_row jsonb) returns boolean;

create function pawl.pawl_settle_child_v1(p_child jsonb, p_now bigint) returns boolean;

create function pawl.pawl_settle_code_v1(p_shard integer, p_child_id text, p_now bigint) returns void;

create function pawl.pawl_take_key_v1(p_key jsonb, p_run_id text, p_now bigint) returns boolean;
