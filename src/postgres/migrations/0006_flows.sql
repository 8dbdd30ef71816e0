-- Flows: what an execution has beyond its run. The run's row, log, steps, waits and hooks are those of the World. Children lie on the shard
-- of their parent; idempotency keys have shards of their own, tokens, flows and triggers are kept by their own keys.

create table pawl.executions (
  shard int not null,
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
  primary key (shard, run_id)
) with (
  -- Rewritten with each commit.
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_cost_delay = 0
);

create index executions_by_tenant on pawl.executions (tenant_id, run_id) where tenant_id is not null;

-- Values of any size, each written only when it changed; the hot row above stays small.
create table pawl.execution_values (
  shard int not null,
  run_id text collate "C" not null,
  kind text collate "C" not null,
  key text collate "C" not null,
  path text collate "C" not null,
  position bigint not null,
  value text not null,
  primary key (shard, run_id, kind, key, path)
) with (
  fillfactor = 80,
  autovacuum_vacuum_scale_factor = 0.05,
  autovacuum_vacuum_cost_delay = 0
);

create table pawl.execution_history (
  shard int not null,
  run_id text collate "C" not null,
  position bigint not null,
  entry text not null,
  primary key (shard, run_id, position)
) with (
  autovacuum_vacuum_insert_scale_factor = 0.1
);

-- A key is held by one execution of a tenant and flow until it expires; the tenant of none is ''.
create table pawl.idempotency_keys (
  shard int not null,
  tenant_id text collate "C" not null,
  flow_id text collate "C" not null,
  key text collate "C" not null,
  run_id text collate "C" not null,
  expires_at bigint not null,
  created_at bigint not null,
  primary key (shard, tenant_id, flow_id, key)
);

create index idempotency_keys_by_key on pawl.idempotency_keys (key, created_at);
create index idempotency_keys_of_run on pawl.idempotency_keys (run_id);

create table pawl.child_groups (
  shard int not null,
  parent_id text collate "C" not null,
  group_name text collate "C" not null,
  created bigint not null,
  finished bigint not null,
  succeeded bigint not null,
  primary key (shard, parent_id, group_name)
) with (
  -- Rewritten with the end of each child.
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_cost_delay = 0
);

-- The status of a child that is still open is null.
create table pawl.children (
  shard int not null,
  parent_id text collate "C" not null,
  group_name text collate "C" not null,
  child_index bigint not null,
  child_shard int not null,
  child_id text collate "C" not null,
  kind text collate "C" not null,
  status text collate "C",
  output text,
  error text,
  primary key (shard, parent_id, group_name, child_index)
);

create index children_open on pawl.children (shard, parent_id) where status is null;
create index children_code on pawl.children (shard, child_id) where kind = 'code' and status is null;

-- Runs of code that ended and whose parents have yet to be told: written with the end, gone when the parent knows.
create table pawl.child_ends (
  shard int not null,
  child_id text collate "C" not null,
  parent_id text collate "C" not null,
  primary key (shard, child_id)
);

-- Only tokens with an end of their own; a token without one lives as long as its run.
create table pawl.token_expiries (
  token text collate "C" primary key,
  run_id text collate "C" not null,
  expires_at bigint not null
);

create index token_expiries_of_run on pawl.token_expiries (run_id);

create table pawl.flows (
  flow_id text collate "C" not null,
  version text collate "C" not null,
  definition text not null,
  created_at bigint not null,
  primary key (flow_id, version)
);

create table pawl.triggers (
  trigger_id text collate "C" primary key,
  type text collate "C" not null,
  revision bigint not null,
  enabled boolean not null,
  method text collate "C",
  path text collate "C",
  event text collate "C",
  source_flow_id text collate "C",
  next_fire_at bigint,
  created_at bigint not null,
  definition text not null
);

create index triggers_scheduled on pawl.triggers (next_fire_at) where enabled and next_fire_at is not null;
create index triggers_http on pawl.triggers (method, path) where path is not null;
create index triggers_event on pawl.triggers (event) where event is not null;

create table pawl.trigger_firings (
  trigger_id text collate "C" not null,
  position bigint not null,
  firing text not null,
  primary key (trigger_id, position)
);

-- What event triggers have yet to hear of: written with the event, with the execution as it was then, gone when they have fired. The position tells the instant, and in its
-- last six bits the shard.
create table pawl.trigger_events (
  shard int not null,
  position bigint not null,
  event text collate "C" not null,
  run_id text collate "C" not null,
  created_at bigint not null,
  seen text,
  primary key (shard, position)
);

create index trigger_events_by_position on pawl.trigger_events (position);
