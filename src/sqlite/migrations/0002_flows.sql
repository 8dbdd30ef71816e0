-- Flows: what an execution has beyond its run. The run's row, log, steps, waits and hooks are those of the World.

create table executions (
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

-- Values of any size, each written only when it changed; the hot row above stays small.
create table execution_values (
  run_id text not null,
  kind text not null,
  key text not null,
  path text not null,
  position integer not null,
  value text not null,
  primary key (run_id, kind, key, path)
) strict;

create table execution_history (
  run_id text not null,
  position integer not null,
  entry text not null,
  primary key (run_id, position)
) strict;

-- A key is held by one execution of a tenant and flow until it expires; the tenant of none is ''.
create table idempotency_keys (
  tenant_id text not null,
  flow_id text not null,
  key text not null,
  run_id text not null,
  expires_at integer not null,
  created_at integer not null,
  primary key (tenant_id, flow_id, key)
) strict, without rowid;

create index idempotency_keys_by_key on idempotency_keys (key, created_at);
create index idempotency_keys_of_run on idempotency_keys (run_id);

create table child_groups (
  parent_id text not null,
  group_name text not null,
  created integer not null,
  finished integer not null,
  succeeded integer not null,
  primary key (parent_id, group_name)
) strict, without rowid;

-- The status of a child that is still open is null.
create table children (
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

create index children_open on children (parent_id) where status is null;
create index children_code on children (child_id) where kind = 'code';

-- Only tokens with an end of their own; a token without one lives as long as its run.
create table token_expiries (
  token text primary key,
  run_id text not null,
  expires_at integer not null
) strict, without rowid;

create index token_expiries_of_run on token_expiries (run_id);

create table flows (
  flow_id text not null,
  version text not null,
  definition text not null,
  created_at integer not null,
  primary key (flow_id, version)
) strict;

create table triggers (
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

create index triggers_scheduled on triggers (next_fire_at) where enabled = 1 and next_fire_at is not null;
create index triggers_http on triggers (method, path) where path is not null;
create index triggers_event on triggers (event) where event is not null;

create table trigger_firings (
  trigger_id text not null,
  position integer not null,
  firing text not null,
  primary key (trigger_id, position)
) strict;

-- What event triggers have yet to hear of: written with the event, gone when they have fired.
create table trigger_events (
  position integer primary key autoincrement,
  event text not null,
  run_id text not null,
  created_at integer not null
) strict;
