-- What operators did, and how they find the runs of a tenant.

create table audit_log (
  audit_id text primary key,
  at integer not null,
  tenant_id text,
  entry text not null
) strict, without rowid;

create index executions_by_tenant on executions (tenant_id, run_id) where tenant_id is not null;
