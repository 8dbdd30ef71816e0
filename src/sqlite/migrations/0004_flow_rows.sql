-- An event trigger is told of the execution as it was at the event, also when it hears of it late.
alter table trigger_events add column seen text;

-- The rows of a step are written with each commit: in one tree each, not in a table and the index of its key.
create table lean_values (
  run_id text not null,
  kind text not null,
  key text not null,
  path text not null,
  position integer not null,
  value text not null,
  primary key (run_id, kind, key, path)
) strict, without rowid;
insert into lean_values select * from execution_values;
drop table execution_values;
alter table lean_values rename to execution_values;

create table lean_history (
  run_id text not null,
  position integer not null,
  entry text not null,
  primary key (run_id, position)
) strict, without rowid;
insert into lean_history select * from execution_history;
drop table execution_history;
alter table lean_history rename to execution_history;
