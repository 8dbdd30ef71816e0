-- Retention: runs that ended long ago are deleted with all that is theirs.

-- What a run has beside its tables of the World; a migration that brings such a table replaces it. Returns how many rows went, p_limit at most.
create function pawl.pawl_forget_extras_v1(p_shard int, p_run_id text, p_limit bigint)
returns bigint
language sql
as $$
  select 0::bigint
$$;

-- Deletes one run that is over, p_limit rows at most. With more than that it is not gone whole: until another call goes on, the run says
-- of itself that its data has expired. A run that another transaction is busy with is left alone. Keys are given as arrays: with a subquery
-- in their place, the plan for 2,000 rows took 4 s instead of 0.1 s.
create function pawl.pawl_forget_run_v1(
  p_shard int, p_run_id text, p_now bigint, p_limit bigint,
  out o_whole boolean, out o_rows bigint
)
language plpgsql
set enable_seqscan = off
set jit = off
as $$
declare
  v_count bigint;
  v_part int := 0;
  v_stream record;
begin
  o_whole := false;
  o_rows := 0;
  perform 1 from pawl.runs
  where shard = p_shard and run_id = p_run_id and status in ('completed', 'failed', 'cancelled')
    -- Whoever waits for it has to be told before it is gone.
    and not exists (select 1 from pawl.child_ends e where e.shard = p_shard and e.child_id = p_run_id)
  for update skip locked;
  if not found then
    return;
  end if;

  -- A stream that was not named by its run's id has a shard of its own.
  for v_stream in select shard, name from pawl.streams where run_id = p_run_id loop
    exit when o_rows >= p_limit;
    delete from pawl.stream_chunks
    where shard = v_stream.shard and name = v_stream.name and chunk_index = any (array(
      select chunk_index from pawl.stream_chunks
      where shard = v_stream.shard and name = v_stream.name
      order by chunk_index
      limit p_limit - o_rows));
    get diagnostics v_count = row_count;
    o_rows := o_rows + v_count;
    if o_rows < p_limit then
      delete from pawl.streams where shard = v_stream.shard and name = v_stream.name;
      o_rows := o_rows + 1;
    end if;
  end loop;

  while o_rows < p_limit loop
    v_part := v_part + 1;
    case v_part
    when 1 then
      delete from pawl.events
      where shard = p_shard and run_id = p_run_id and seq = any (array(
        select seq from pawl.events where shard = p_shard and run_id = p_run_id limit p_limit - o_rows));
    when 2 then
      delete from pawl.steps
      where shard = p_shard and run_id = p_run_id and step_id = any (array(
        select step_id from pawl.steps where shard = p_shard and run_id = p_run_id limit p_limit - o_rows));
    when 3 then
      delete from pawl.hooks
      where shard = p_shard and run_id = p_run_id and hook_id = any (array(
        select hook_id from pawl.hooks where shard = p_shard and run_id = p_run_id limit p_limit - o_rows));
    when 4 then
      delete from pawl.waits
      where shard = p_shard and run_id = p_run_id and wait_id = any (array(
        select wait_id from pawl.waits where shard = p_shard and run_id = p_run_id limit p_limit - o_rows));
    when 5 then
      delete from pawl.messages
      where shard = p_shard and run_id = p_run_id and message_id = any (array(
        select message_id from pawl.messages where shard = p_shard and run_id = p_run_id limit p_limit - o_rows));
    when 6 then
      delete from pawl.hook_tokens
      where token = any (array(select token from pawl.hook_tokens where run_id = p_run_id limit p_limit - o_rows));
    when 7 then
      o_rows := o_rows + pawl.pawl_forget_extras_v1(p_shard, p_run_id, p_limit - o_rows);
      continue;
    else
      delete from pawl.runs where shard = p_shard and run_id = p_run_id;
      o_rows := o_rows + 1;
      o_whole := true;
      return;
    end case;
    get diagnostics v_count = row_count;
    o_rows := o_rows + v_count;
  end loop;
  update pawl.runs set expired_at = coalesce(expired_at, p_now) where shard = p_shard and run_id = p_run_id;
end
$$;
