-- Citus, where WORKFLOW_PAWL_CITUS is on (docs/citus.md). Everywhere else this function is there and never called.

-- Distributes the tables that are not yet distributed: those of a run by its shard, next to each other, and those with keys of their own by
-- the first column of their key, next to each other too. It is called at the end of each migration, so that tables which later ones bring are distributed too.
create function pawl.pawl_distribute_v1()
returns int
language plpgsql
as $$
declare
  v_table record;
  v_function record;
  v_count int := 0;
begin
  -- What is distributed in the same transaction as it was made is sent to one node after the other.
  perform set_config('citus.multi_shard_modify_mode', 'sequential', true);
  for v_table in
    select t.oid::regclass::text as name, t.relname, k.attname::text as key
    from pg_class t
    join pg_index i on i.indrelid = t.oid and i.indisprimary
    join pg_attribute k on k.attrelid = t.oid and k.attnum = i.indkey[0]
    where t.relnamespace = (select relnamespace from pg_class where oid = 'pawl.runs'::regclass)
      and not exists (select 1 from pg_dist_partition d where d.logicalrelid = t.oid)
    order by t.relname <> 'runs', t.relname <> 'hook_tokens', t.relname
  loop
    if v_table.relname = 'pawl_meta' then
      -- Read by everybody at the start, written by migrations only: the same on every node.
      perform create_reference_table(v_table.name);
    elsif v_table.relname in ('runs', 'hook_tokens') then
      perform create_distributed_table(v_table.name, v_table.key, colocate_with => 'none');
    else
      -- Tables are joined by the key that they share, so that they lie together.
      perform create_distributed_table(
        v_table.name, v_table.key, colocate_with => case v_table.key when 'shard' then 'pawl.runs' else 'pawl.hook_tokens' end);
    end if;
    v_count := v_count + 1;
  end loop;

  for v_function in
    select p.oid::regprocedure as name
    from pg_proc p
    where p.pronamespace = (select relnamespace from pg_class where oid = 'pawl.runs'::regclass)
  loop
    perform create_distributed_function(v_function.name);
  end loop;

  insert into pawl.pawl_meta (key, value) values ('citus', 'on') on conflict (key) do nothing;
  return v_count;
end
$$;
