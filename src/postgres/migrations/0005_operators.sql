-- What operators did. A table with a key of its own (docs/adr, Citus): it belongs to no run.

create table pawl.audit_log (
  audit_id text collate "C" not null,
  at bigint not null,
  tenant_id text collate "C",
  entry text not null,
  primary key (audit_id)
);
