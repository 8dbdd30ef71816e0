-- The committer of flows: performs the acts of flows in a batch, inside the call of pawl_commit_v1 that brings them. Like there, guards are
-- checked and rows are written; what the rows say was decided before.
--
-- p_flow   "acts", in order, no two commits of one run among them; "shards" and "runs" of their writes, and on Citus "shard" where all
--          have the same one, because there it has to be told as one value; and apart from them, so that each table is written with one
--          statement for all, the rows of the writes: "events", "new_steps", "steps", "clears", "values", "history". There "w" says
--          which write a row belongs to, counted from 1 over all acts. "plain" has the commits that only carry an execution on or end
--          it, which most do: one statement for all of them, before the other acts.
-- p_busy   whether another transaction has the run of that place; an act says in "runs" which ones it needs
-- p_bytes  the payloads
-- p_clock  what leases are judged by: who is not alive takes nothing
create function pawl.pawl_flow_v1(p_flow jsonb, p_busy boolean[], p_bytes bytea, p_clock bigint)
returns table (f_act int, f_held boolean, f_detail jsonb, f_lease jsonb)
language plpgsql
set jit = off
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  c_shard int := p_flow ->> 'shard';
  -- Of each write its first sequence, its instant, and how long the history was before; a first sequence of 0: it is not written.
  v_first bigint[] := array_fill(0::bigint, array[jsonb_array_length(p_flow -> 'runs')]);
  v_at bigint[] := v_first;
  v_history bigint[] := v_first;
  v_shards int[] := array(select jsonb_array_elements_text(p_flow -> 'shards')::int);
  v_runs text[] := array(select jsonb_array_elements_text(p_flow -> 'runs'));
  v_busy boolean;
  v_taker text;
  v_alive boolean := false;
  v_w int;
  v_why text;
  v_lost text;
  v_part jsonb;
  v_epoch bigint;
  v_due bigint;
  v_taken record;
  a record;
  o record;
begin
  if p_flow ? 'plain' then
    -- Guards and rules are those of pawl_flow_write_v1. Here and below there are two forms of one statement, the same but for c_shard: if one
    -- said "c_shard is null or", which no index serves, a server by itself would scan the table.
    if c_shard is null then
      for o in
        with k as (
          update pawl.runs r
          set status = case when s.status = 'pending' then r.status else s.status end,
              error = case when s.ends then s.error else r.error end,
              output_seq = case when s.ends then r.last_seq + 1 + s.output_event else r.output_seq end,
              started_at = case when s.status = 'running' then coalesce(r.started_at, greatest(s.now, r.last_ms)) else r.started_at end,
              completed_at = case when s.ends then greatest(s.now, r.last_ms) else r.completed_at end,
              updated_at = greatest(s.now, r.last_ms), last_seq = r.last_seq + s.events, last_ms = greatest(s.now, r.last_ms),
              due_at = case
                when s.ends then null
                when r.due_at <= s.now and coalesce(e.cancel_at, s.due_at) between r.due_at and s.now then r.due_at
                else coalesce(e.cancel_at, s.due_at)
              end,
              lease_owner = case when s.ends then null else r.lease_owner end,
              deliveries = case when s.epoch is null then r.deliveries else 0 end
          from jsonb_to_recordset(p_flow -> 'plain') as s (
            w int, run int, now bigint, expected bigint, epoch bigint, status text, ends boolean, error text, output_event int, events int,
            revision bigint, fields text, entries int, due_at bigint)
          join pawl.executions e on e.shard = v_shards[s.w] and e.run_id = v_runs[s.w]
          where r.shard = v_shards[s.w] and r.run_id = v_runs[s.w] and not p_busy[s.run]
            and e.revision = s.expected
            and (s.epoch is null or r.lease_owner is not null and r.lease_epoch = s.epoch)
          returning r.shard, r.run_id, s.w, r.last_seq - s.events + 1 as first_seq, r.last_ms, s.revision, s.fields, s.entries, s.ends)
        update pawl.executions e
        set revision = k.revision, fields = k.fields, history_length = e.history_length + k.entries, join_group = null, join_wake_when = null,
            cancel_request = case when k.ends then null else e.cancel_request end, cancel_at = case when k.ends then null else e.cancel_at end
        from k
        where e.shard = k.shard and e.run_id = k.run_id
        returning k.w, k.first_seq, k.last_ms, e.history_length - k.entries as history_length
      loop
        v_first[o.w] := o.first_seq;
        v_at[o.w] := o.last_ms;
        v_history[o.w] := o.history_length;
      end loop;
    else
      for o in
        with k as (
          update pawl.runs r
          set status = case when s.status = 'pending' then r.status else s.status end,
              error = case when s.ends then s.error else r.error end,
              output_seq = case when s.ends then r.last_seq + 1 + s.output_event else r.output_seq end,
              started_at = case when s.status = 'running' then coalesce(r.started_at, greatest(s.now, r.last_ms)) else r.started_at end,
              completed_at = case when s.ends then greatest(s.now, r.last_ms) else r.completed_at end,
              updated_at = greatest(s.now, r.last_ms), last_seq = r.last_seq + s.events, last_ms = greatest(s.now, r.last_ms),
              due_at = case
                when s.ends then null
                when r.due_at <= s.now and coalesce(e.cancel_at, s.due_at) between r.due_at and s.now then r.due_at
                else coalesce(e.cancel_at, s.due_at)
              end,
              lease_owner = case when s.ends then null else r.lease_owner end,
              deliveries = case when s.epoch is null then r.deliveries else 0 end
          from jsonb_to_recordset(p_flow -> 'plain') as s (
            w int, run int, now bigint, expected bigint, epoch bigint, status text, ends boolean, error text, output_event int, events int,
            revision bigint, fields text, entries int, due_at bigint)
          join pawl.executions e on e.shard = v_shards[s.w] and e.run_id = v_runs[s.w]
          where r.shard = c_shard and e.shard = c_shard and r.shard = v_shards[s.w] and r.run_id = v_runs[s.w] and not p_busy[s.run]
            and e.revision = s.expected
            and (s.epoch is null or r.lease_owner is not null and r.lease_epoch = s.epoch)
          returning r.shard, r.run_id, s.w, r.last_seq - s.events + 1 as first_seq, r.last_ms, s.revision, s.fields, s.entries, s.ends)
        update pawl.executions e
        set revision = k.revision, fields = k.fields, history_length = e.history_length + k.entries, join_group = null, join_wake_when = null,
            cancel_request = case when k.ends then null else e.cancel_request end, cancel_at = case when k.ends then null else e.cancel_at end
        from k
        where e.shard = c_shard and e.shard = k.shard and e.run_id = k.run_id
        returning k.w, k.first_seq, k.last_ms, e.history_length - k.entries as history_length
      loop
        v_first[o.w] := o.first_seq;
        v_at[o.w] := o.last_ms;
        v_history[o.w] := o.history_length;
      end loop;
    end if;
    for f_act, v_w, v_busy, v_part in
      select (s ->> 'act')::int, (s ->> 'w')::int, p_busy[(s ->> 'run')::int], s from jsonb_array_elements(p_flow -> 'plain') as s
    loop
      f_held := true;
      f_detail := null;
      f_lease := null;
      if v_busy then
        f_held := null;
      elsif v_first[v_w] = 0 then
        o := pawl.pawl_flow_write_v1(v_part || jsonb_build_object('shard', v_shards[v_w], 'run_id', v_runs[v_w]));
        if o.o_why is null then
          raise exception 'the commit of run % neither holds nor is lost', v_runs[v_w];
        end if;
        f_held := false;
        f_detail := jsonb_build_object('why', o.o_why, 'run_id', v_runs[v_w]);
      else
        if v_part ? 'ends' then
          perform pawl.pawl_free_run_v1(v_shards[v_w], v_runs[v_w]);
        end if;
        if v_part ? 'heard' and pawl.pawl_note_events_v1(
          v_shards[v_w], v_runs[v_w], v_part ->> 'flow_id', v_part -> 'heard', (v_part ->> 'now')::bigint)
        then
          f_detail := '{"heard": true}';
        end if;
      end if;
      return next;
    end loop;
  end if;

  for a in
    select * from jsonb_to_recordset(p_flow -> 'acts') as x (
      act int, kind text, runs int[], w int, write jsonb, parts jsonb, code_runs jsonb, firing jsonb,
      take_for text, holder text, take_shard int, take_run text, now bigint, detail jsonb)
  loop
    f_act := a.act;
    f_held := true;
    f_detail := null;
    f_lease := null;
    v_busy := false;
    for i in 1 .. coalesce(cardinality(a.runs), 0) loop
      v_busy := v_busy or p_busy[a.runs[i]];
    end loop;
    if v_busy then
      f_held := null;
      return next;
      continue;
    end if;

    if coalesce(a.take_for, a.holder) <> coalesce(v_taker, '') then
      v_taker := coalesce(a.take_for, a.holder);
      perform 1 from pawl.workers where worker_id = v_taker and expires_at > p_clock;
      v_alive := found;
    end if;

    if a.kind = 'write' then
      o := pawl.pawl_flow_write_v1(a.write);
      if o.o_why is null then
        v_first[a.w] := o.o_first;
        v_at[a.w] := o.o_at;
        v_history[a.w] := o.o_history;
        f_detail := o.o_told;
      else
        f_held := false;
        f_detail := jsonb_build_object('why', o.o_why, 'run_id', a.write -> 'run_id');
      end if;

    elsif a.kind = 'parts' then
      begin
        v_lost := '';
        if jsonb_typeof(a.firing -> 'row') = 'object' and not pawl.pawl_save_trigger_v1(a.firing -> 'row') then
          v_why := 'trigger';
          raise sqlstate 'PW002';
        end if;
        f_detail := '{}';
        for v_part in select jsonb_array_elements(a.parts) loop
          o := pawl.pawl_flow_write_v1(v_part);
          if o.o_why is not null then
            v_why := o.o_why;
            v_lost := v_part ->> 'run_id';
            raise sqlstate 'PW002';
          end if;
          v_w := (v_part ->> 'w')::int;
          v_first[v_w] := o.o_first;
          v_at[v_w] := o.o_at;
          v_history[v_w] := o.o_history;
          if o.o_told is not null then
            f_detail := f_detail || o.o_told
              || jsonb_build_object('cancelled', coalesce(f_detail -> 'cancelled', '[]') || coalesce(o.o_told -> 'cancelled', '[]'));
          end if;
        end loop;
        for v_part in select jsonb_array_elements(a.code_runs) loop
          if not pawl.pawl_create_code_v1(v_part, p_bytes) then
            v_why := 'exists';
            v_lost := v_part ->> 'run_id';
            raise sqlstate 'PW002';
          end if;
        end loop;
        if a.firing is not null then
          perform pawl.pawl_save_firings_v1(a.firing);
        end if;
      exception when sqlstate 'PW002' then
        f_held := false;
        f_detail := jsonb_build_object('why', v_why, 'run_id', v_lost);
        for v_part in select jsonb_array_elements(a.parts) loop
          v_first[(v_part ->> 'w')::int] := 0;
        end loop;
      end;

    elsif a.kind = 'claimExecution' and not v_alive then
      f_held := false;

    elsif a.kind = 'claimExecution' then
      update pawl.runs r
      set lease_owner = v_taker, lease_epoch = r.lease_epoch + 1
      where r.shard = a.take_shard and r.run_id = a.take_run and r.lease_owner is null
        and exists (select 1 from pawl.executions e where e.shard = a.take_shard and e.run_id = a.take_run)
      returning r.lease_epoch into v_epoch;
      if found then
        f_detail := to_jsonb(v_epoch);
        f_lease := jsonb_build_array('run', a.take_shard, a.take_run, null, v_taker, f_detail, a.now);
      end if;

    elsif a.kind = 'releaseExecution' then
      update pawl.runs r
      set lease_owner = null
      where r.shard = a.take_shard and r.run_id = a.take_run
        and r.lease_owner = a.detail ->> 'owner' and r.lease_epoch = (a.detail ->> 'epoch')::bigint
      returning r.due_at into v_due;
      f_detail := to_jsonb(v_due);

    else
      select q.held, q.detail into f_held, f_detail from pawl.pawl_flow_act_v1(a.kind, a.detail, p_bytes) as q;
    end if;

    -- A worker that waits for it begins at once with what this made due.
    if f_held and a.take_for is not null and v_alive then
      update pawl.runs r
      set lease_owner = a.take_for, lease_epoch = r.lease_epoch + 1, deliveries = r.deliveries + 1, due_at = w.next_due_at
      from (
        select min(due_at) filter (where due_at > a.now) as next_due_at, coalesce(bool_or(due_at <= a.now), false)::int as due
        from pawl.waits
        where shard = a.take_shard and run_id = a.take_run and status = 'waiting') as w,
      (
        select count(*) as waiting from (
          select 1 from pawl.messages where shard = a.take_shard and run_id = a.take_run limit 1) as one) as m
      where r.shard = a.take_shard and r.run_id = a.take_run and r.lease_owner is null and r.due_at <= a.now
      returning r.*, w.due as waits_due, m.waiting as inbox_full into v_taken;
      if found then
        f_detail := coalesce(f_detail, '{}') || jsonb_build_object('taken', to_jsonb(v_taken));
        f_lease := jsonb_build_array('run', a.take_shard, a.take_run, null, a.take_for, v_taken.lease_epoch, a.now);
      end if;
    end if;
    return next;
  end loop;

  -- What the writes that hold brought, for all of them at once.
  if p_flow ? 'events' then
    insert into pawl.events (shard, run_id, seq, type, correlation_id, spec_version, created_at, occurred_at, meta, payload)
    select v_shards[e.w], v_runs[e.w], v_first[e.w] + e.place, e.type, e.correlation_id, e.spec_version, v_at[e.w], e.occurred_at, e.meta,
      substr(p_bytes, e.start, e.size)
    from jsonb_to_recordset(p_flow -> 'events') as e (
      w int, place int, type text, correlation_id text, spec_version int, occurred_at bigint, meta text,
      start int, size int)
    where v_first[e.w] > 0;
  end if;
  if p_flow ? 'steps' and c_shard is null then
    -- No column is set to the element of an array and nothing else: Citus 13.2 crashes where it writes that out.
    update pawl.steps k
    set status = s.status, attempt = k.attempt + s.starts, error = s.error, output_seq = v_first[s.w] + s.output_event,
        updated_at = greatest(k.updated_at, v_at[s.w]), started_at = coalesce(k.started_at, case when s.starts > 0 then v_at[s.w] end),
        completed_at = case when s.status in ('completed', 'failed') then v_at[s.w] end, retry_after = s.retry_after,
        version = k.version + 1
    from jsonb_to_recordset(p_flow -> 'steps') as s (
      w int, step_id text, status text, starts int, error text, output_event int, retry_after bigint)
    where k.shard = v_shards[s.w] and k.run_id = v_runs[s.w] and k.step_id = s.step_id
      and v_first[s.w] > 0;
  elsif p_flow ? 'steps' then
    update pawl.steps k
    set status = s.status, attempt = k.attempt + s.starts, error = s.error, output_seq = v_first[s.w] + s.output_event,
        updated_at = greatest(k.updated_at, v_at[s.w]), started_at = coalesce(k.started_at, case when s.starts > 0 then v_at[s.w] end),
        completed_at = case when s.status in ('completed', 'failed') then v_at[s.w] end, retry_after = s.retry_after,
        version = k.version + 1
    from jsonb_to_recordset(p_flow -> 'steps') as s (
      w int, step_id text, status text, starts int, error text, output_event int, retry_after bigint)
    where k.shard = c_shard and k.shard = v_shards[s.w] and k.run_id = v_runs[s.w] and k.step_id = s.step_id
      and v_first[s.w] > 0;
  end if;
  if p_flow ? 'new_steps' then
    insert into pawl.steps (
      shard, run_id, step_id, namespace, step_name, status, spec_version, attempt, error, input_seq, output_seq,
      created_at, updated_at, started_at, completed_at, retry_after, message, due_at, lease_owner, lease_epoch, deliveries, version)
    select v_shards[s.w], v_runs[s.w], s.step_id, 'flow', s.step_name, s.status, s.spec_version, s.starts, s.error, v_first[s.w] + s.created_by,
      v_first[s.w] + s.output_event, v_at[s.w], v_at[s.w], case when s.starts > 0 then v_at[s.w] end,
      case when s.status in ('completed', 'failed') then v_at[s.w] end, s.retry_after, null, null, null, 0, 0, 1
    from jsonb_to_recordset(p_flow -> 'new_steps') as s (
      w int, step_id text, step_name text, spec_version int, created_by int, status text, starts int, error text,
      output_event int, retry_after bigint)
    where v_first[s.w] > 0
    on conflict (shard, run_id, step_id) do nothing;
  end if;
  if p_flow ? 'clears' and c_shard is null then
    delete from pawl.execution_values k
    using jsonb_to_recordset(p_flow -> 'clears') as s (w int, kind text, key text, path_from text, path_to text)
    where k.shard = v_shards[s.w] and k.run_id = v_runs[s.w] and k.kind = s.kind and k.key = s.key
      and k.path >= s.path_from
      and (s.path_to is null or k.path < s.path_to) and v_first[s.w] > 0;
  elsif p_flow ? 'clears' then
    delete from pawl.execution_values k
    using jsonb_to_recordset(p_flow -> 'clears') as s (w int, kind text, key text, path_from text, path_to text)
    where k.shard = c_shard and k.shard = v_shards[s.w] and k.run_id = v_runs[s.w] and k.kind = s.kind and k.key = s.key
      and k.path >= s.path_from
      and (s.path_to is null or k.path < s.path_to) and v_first[s.w] > 0;
  end if;
  if p_flow ? 'values' then
    insert into pawl.execution_values as known (shard, run_id, kind, key, path, position, value)
    select v_shards[s.w], v_runs[s.w], s.kind, s.key, s.path, s.position, s.value
    from jsonb_to_recordset(p_flow -> 'values') as s (
      w int, kind text, key text, path text, position bigint, value text)
    where v_first[s.w] > 0
    on conflict (shard, run_id, kind, key, path) do update set value = excluded.value;
  end if;
  if p_flow ? 'history' then
    insert into pawl.execution_history (shard, run_id, position, entry)
    select v_shards[s.w], v_runs[s.w], v_history[s.w] + s.place, s.entry
    from jsonb_to_recordset(p_flow -> 'history') as s (w int, place int, entry text)
    where v_first[s.w] > 0;
  end if;
end
$$;

-- One write of a commit: its guards, the run and the execution, and what changes other rows than its own; or o_why, and nothing. The lock of
-- the run is held. Taking a key or a token is itself the test and comes last; a new run that somebody else made meanwhile is told after
-- it, so that such a write is one of "parts".
create function pawl.pawl_flow_write_v1(
  p_write jsonb,
  out o_why text, out o_first bigint, out o_at bigint, out o_history bigint, out o_told jsonb
)
language plpgsql
as $$
declare
  v_status text;
  v_started boolean;
  v_ended boolean;
  v_due bigint;
  v_finished bigint;
  v_text text;
  w record;
  r record;
  x record;
begin
  select * into w from jsonb_to_record(p_write) as p (
    shard int, run_id text, now bigint, expected bigint, epoch bigint, run_row jsonb, status text, error text, output_event int,
    events int, spec_version int, waits jsonb, hooks jsonb, flow_id text, tenant_id text, revision bigint, fields text, entries int,
    replace boolean, key jsonb, due_at bigint, join_group text, join_wake_when bigint, join_at bigint, children jsonb, settles jsonb,
    cancel jsonb, token text, heard jsonb);
  select k.status, k.last_seq, k.last_ms, k.due_at, k.lease_owner, k.lease_epoch,
    e.revision, e.history_length, e.cancel_at
  into r
  from pawl.runs k
  left join pawl.executions e on e.shard = k.shard and e.run_id = k.run_id
  where k.shard = w.shard and k.run_id = w.run_id;

  o_why := case
    when found and r.revision is null then 'exists'
    when w.expected <> coalesce(r.revision, 0) then case when r.revision is not null and w.expected = 0 then 'exists' else 'revision' end
    when w.epoch is not null and (r.lease_owner is null or r.lease_epoch <> w.epoch) then 'lease'
  end;
  if o_why is not null then
    return;
  end if;
  if w.key is not null and not pawl.pawl_take_key_v1(w.key, w.run_id, w.now) then
    o_why := 'key';
    return;
  end if;
  if w.token is not null then
    select t.hook_id into v_text
    from pawl.hook_tokens t
    left join pawl.token_expiries e on e.token = t.token
    where t.token = w.token and t.run_id = w.run_id and (e.expires_at is null or e.expires_at > w.now);
    if not found then
      o_why := 'token';
      return;
    end if;
    perform pawl.pawl_dispose_hook_v1(w.shard, w.run_id, v_text);
  end if;

  o_at := greatest(w.now, coalesce(r.last_ms, 0));
  o_first := coalesce(r.last_seq, 0) + 1;
  o_history := case when w.replace then 0 else coalesce(r.history_length, 0) end;
  v_status := coalesce(r.status, 'pending');
  v_started := w.status = 'running' and v_status <> 'running';
  v_ended := w.status in ('completed', 'failed', 'cancelled') and v_status <> w.status;

  if w.children is not null then
    insert into pawl.children (shard, parent_id, group_name, child_index, child_shard, child_id, kind, status, output, error)
    select w.shard, w.run_id, c.group_name, c.child_index, c.child_shard, c.child_id, c.kind, null, null, null
    from jsonb_to_recordset(w.children) as c (group_name text, child_index bigint, child_shard int, child_id text, kind text);
    insert into pawl.child_groups as known (shard, parent_id, group_name, created, finished, succeeded)
    select w.shard, w.run_id, c.group_name, count(*), 0, 0
    from jsonb_to_recordset(w.children) as c (group_name text)
    group by c.group_name
    on conflict (shard, parent_id, group_name) do update set created = known.created + excluded.created;
  end if;

  -- A cancellation that was asked for goes before anything else; children may have finished before the parent waits.
  v_due := w.due_at;
  if r.cancel_at is not null then
    v_due := r.cancel_at;
  elsif w.join_group is not null then
    select finished into v_finished from pawl.child_groups
    where shard = w.shard and parent_id = w.run_id and group_name = w.join_group;
    if coalesce(v_finished, 0) >= w.join_wake_when then
      v_due := least(w.due_at, w.join_at);
    end if;
  end if;
  -- Due is due: an instant that stays keeps the row off the indexes.
  if r.due_at <= w.now and v_due <= w.now and v_due > r.due_at then
    v_due := r.due_at;
  end if;

  -- Unlike a wake, a commit says for good when the execution is due: nothing else knows.
  if r.status is null then
    insert into pawl.runs (
      shard, run_id, namespace, status, deployment_id, workflow_name, spec_version, execution_context, encryption_key_id, error,
      input_seq, output_seq, created_at, updated_at, started_at, completed_at, expired_at, last_seq, last_ms, marker_ms,
      due_at, lease_owner, lease_epoch, deliveries)
    select n.shard, n.run_id, n.namespace, case when v_started or v_ended then w.status else n.status end, n.deployment_id,
      n.workflow_name, n.spec_version, n.execution_context, n.encryption_key_id, case when v_ended then w.error else n.error end,
      o_first, case when v_ended then o_first + w.output_event end, o_at, o_at, case when v_started then o_at end,
      case when v_ended then o_at end, n.expired_at, o_first + w.events - 1, o_at, n.marker_ms,
      case when not v_ended then v_due end, n.lease_owner, n.lease_epoch, n.deliveries
    from jsonb_populate_record(null::pawl.runs, w.run_row) as n
    on conflict (shard, run_id) do nothing;
    if not found then
      o_why := 'exists';
      return;
    end if;
  elsif v_ended then
    update pawl.runs
    set status = w.status, error = w.error, output_seq = o_first + w.output_event, completed_at = o_at, updated_at = o_at,
        last_seq = o_first + w.events - 1, last_ms = o_at, due_at = null, lease_owner = null, deliveries = 0
    where shard = w.shard and run_id = w.run_id;
  else
    update pawl.runs
    set status = case when v_started then w.status else status end,
        started_at = case when v_started then coalesce(started_at, o_at) else started_at end,
        updated_at = o_at, last_seq = o_first + w.events - 1, last_ms = o_at, due_at = v_due,
        deliveries = case when w.epoch is null then deliveries else 0 end
    where shard = w.shard and run_id = w.run_id;
  end if;

  if r.revision is null then
    insert into pawl.executions (
      shard, run_id, flow_id, tenant_id, revision, fields, history_length, join_group, join_wake_when, cancel_request, cancel_at)
    values (w.shard, w.run_id, w.flow_id, w.tenant_id, w.revision, w.fields, w.entries, w.join_group, w.join_wake_when, null, null);
  else
    if w.replace then
      delete from pawl.execution_values where shard = w.shard and run_id = w.run_id;
      delete from pawl.execution_history where shard = w.shard and run_id = w.run_id;
    end if;
    update pawl.executions
    set revision = w.revision, fields = w.fields, history_length = o_history + w.entries,
        join_group = w.join_group, join_wake_when = w.join_wake_when,
        cancel_request = case when w.status in ('pending', 'running') then cancel_request end,
        cancel_at = case when w.status in ('pending', 'running') then cancel_at end
    where shard = w.shard and run_id = w.run_id;
  end if;

  if w.waits is not null then
    for x in select * from jsonb_to_recordset(w.waits) as n (wait_id text, resume_at bigint) loop
      if x.resume_at is null then
        update pawl.waits set status = 'completed', updated_at = o_at, completed_at = o_at, version = version + 1
        where shard = w.shard and run_id = w.run_id and wait_id = x.wait_id and status = 'waiting';
      else
        insert into pawl.waits (
          shard, run_id, wait_id, status, spec_version, resume_at, due_at, created_at, updated_at, completed_at, version)
        values (w.shard, w.run_id, x.wait_id, 'waiting', w.spec_version, x.resume_at, x.resume_at, o_at, o_at, null, 1)
        on conflict (shard, run_id, wait_id) do nothing;
      end if;
    end loop;
  end if;
  if w.hooks is not null then
    for x in select * from jsonb_to_recordset(w.hooks) as n (hook_id text, token text, event int) loop
      if x.token is null then
        perform pawl.pawl_dispose_hook_v1(w.shard, w.run_id, x.hook_id);
      else
        perform pawl.pawl_make_hook_v1(w.shard, w.run_id, x.hook_id, x.token, w.spec_version, o_at, o_first + x.event);
      end if;
    end loop;
  end if;
  if v_ended and r.status is not null then
    perform pawl.pawl_free_run_v1(w.shard, w.run_id);
  end if;

  if w.cancel is not null then
    o_told := jsonb_build_object('cancelled', pawl.pawl_cancel_children_v1(w.shard, w.run_id, w.cancel, w.now));
  end if;
  if v_ended and w.settles is not null and pawl.pawl_settle_child_v1(w.settles, w.now) then
    o_told := coalesce(o_told, '{}') || '{"woke": true}';
  end if;
  if w.heard is not null and pawl.pawl_note_events_v1(w.shard, w.run_id, w.flow_id, w.heard, w.now) then
    o_told := coalesce(o_told, '{}') || '{"heard": true}';
  end if;
end
$$;

-- As pawl_end_run_v1, but that the steps of a flow were never due, and that its parent is told by its own commit.
create function pawl.pawl_free_run_v1(p_shard int, p_run_id text)
returns void
language plpgsql
as $$
declare
  v_token text;
begin
  for v_token in delete from pawl.hooks where shard = p_shard and run_id = p_run_id returning token loop
    delete from pawl.token_expiries where token = v_token;
    delete from pawl.hook_tokens where token = v_token and run_id = p_run_id;
  end loop;
  delete from pawl.waits where shard = p_shard and run_id = p_run_id;
  delete from pawl.messages where shard = p_shard and run_id = p_run_id;
end
$$;

-- What flows ask for beside commits.
create function pawl.pawl_flow_act_v1(p_kind text, p_act jsonb, p_bytes bytea, out held boolean, out detail jsonb)
language plpgsql
as $$
declare
  c_shard int := p_act ->> 'shard';
  c_run_id text := p_act ->> 'run_id';
  c_now bigint := p_act ->> 'now';
  v_seq bigint;
  v_at bigint;
  x record;
begin
  held := true;
  case p_kind
  when 'settleChild' then
    held := pawl.pawl_settle_child_v1(p_act, c_now);

  when 'settleCode' then
    perform pawl.pawl_settle_code_v1(c_shard, c_run_id, c_now);

  when 'createToken' then
    if not exists (
      select 1 from pawl.runs where shard = c_shard and run_id = c_run_id and status in ('pending', 'running'))
    then
      held := false;
      return;
    end if;
    select o_seq, o_at into v_seq, v_at from pawl.pawl_append_event_v1(c_shard, c_run_id, p_act -> 'event', c_now, p_bytes);
    perform pawl.pawl_make_hook_v1(
      c_shard, c_run_id, p_act ->> 'hook_id', p_act ->> 'token', (p_act -> 'event' ->> 'spec_version')::int, v_at, v_seq);
    if p_act ->> 'expires_at' is not null then
      insert into pawl.token_expiries (token, run_id, expires_at)
      values (p_act ->> 'token', c_run_id, (p_act ->> 'expires_at')::bigint);
    end if;

  when 'disposeTokens' then
    -- The holder was looked up before, and its run is locked now: if somebody else disposed of the token meanwhile, it is gone.
    held := false;
    for x in
      select t.hook_id from pawl.hook_tokens t
      left join pawl.token_expiries e on e.token = t.token
      where t.run_id = c_run_id and (p_act ->> 'token' is null or t.token = p_act ->> 'token' and (e.expires_at is null or e.expires_at > c_now))
      order by t.token
    loop
      held := true;
      perform pawl.pawl_dispose_hook_v1(c_shard, c_run_id, x.hook_id);
      perform pawl.pawl_append_event_v1(
        c_shard, c_run_id, (p_act -> 'event') || jsonb_build_object('correlation_id', x.hook_id), c_now, p_bytes);
    end loop;

  when 'deleteExecution' then
    perform pawl.pawl_forget_extras_v1(c_shard, c_run_id, null);
    delete from pawl.events where shard = c_shard and run_id = c_run_id;
    delete from pawl.steps where shard = c_shard and run_id = c_run_id;
    delete from pawl.waits where shard = c_shard and run_id = c_run_id;
    delete from pawl.hooks where shard = c_shard and run_id = c_run_id;
    delete from pawl.hook_tokens where run_id = c_run_id;
    delete from pawl.messages where shard = c_shard and run_id = c_run_id;
    -- A stream that was not named by its run's id has a shard of its own.
    for x in select shard, name from pawl.streams where run_id = c_run_id loop
      delete from pawl.stream_chunks where shard = x.shard and name = x.name;
      delete from pawl.streams where shard = x.shard and name = x.name;
    end loop;
    delete from pawl.runs where shard = c_shard and run_id = c_run_id;

  when 'saveFlows' then
    -- Adds what is new; a definition that is there already stays, and is answered.
    detail := '[]';
    for x in select * from jsonb_to_recordset(p_act -> 'flows') as f (flow_id text, version text, definition text) order by 1, 2 loop
      insert into pawl.flows (flow_id, version, definition, created_at)
      values (x.flow_id, x.version, x.definition, c_now)
      on conflict (flow_id, version) do nothing;
      if not found then
        select detail || to_jsonb(f) into detail from pawl.flows f where f.flow_id = x.flow_id and f.version = x.version;
      end if;
    end loop;

  when 'saveTrigger' then
    held := pawl.pawl_save_trigger_v1(p_act);

  when 'deleteTrigger' then
    delete from pawl.triggers where trigger_id = p_act ->> 'trigger_id';
    delete from pawl.trigger_firings where trigger_id = p_act ->> 'trigger_id';

  when 'triggerHeard' then
    for x in select value::bigint as position from jsonb_array_elements_text(p_act -> 'positions') order by 1 loop
      delete from pawl.trigger_events where shard = x.position % 64 and position = x.position;
    end loop;
  end case;
end
$$;

-- An event of a run at the end of its log, of which the run's row learns at once. The lock of the run is held.
create function pawl.pawl_append_event_v1(
  p_shard int, p_run_id text, p_event jsonb, p_now bigint, p_bytes bytea,
  out o_seq bigint, out o_at bigint
)
language plpgsql
as $$
begin
  update pawl.runs
  set last_seq = last_seq + 1, last_ms = greatest(p_now, last_ms),
      updated_at = case when status in ('pending', 'running') then greatest(p_now, last_ms) else updated_at end
  where shard = p_shard and run_id = p_run_id
  returning last_seq, last_ms into o_seq, o_at;
  if not found then
    return;
  end if;
  insert into pawl.events (shard, run_id, seq, type, correlation_id, spec_version, created_at, occurred_at, meta, payload)
  values (
    p_shard, p_run_id, o_seq, p_event ->> 'type', p_event ->> 'correlation_id', (p_event ->> 'spec_version')::int, o_at,
    (p_event ->> 'occurred_at')::bigint, p_event ->> 'meta',
    substr(p_bytes, (p_event ->> 'start')::int, (p_event ->> 'size')::int));
end
$$;

create function pawl.pawl_make_hook_v1(
  p_shard int, p_run_id text, p_hook_id text, p_token text, p_spec_version int, p_at bigint, p_seq bigint
)
returns void
language plpgsql
as $$
begin
  insert into pawl.hook_tokens (token, run_id, hook_id)
  values (p_token, p_run_id, p_hook_id)
  on conflict (token) do nothing;
  insert into pawl.hooks (shard, run_id, hook_id, status, token, is_webhook, spec_version, created_at, event_seq, version)
  values (p_shard, p_run_id, p_hook_id, 'live', p_token, false, p_spec_version, p_at, p_seq, 1)
  on conflict (shard, run_id, hook_id) do nothing;
end
$$;

-- The hook is over and its token free.
create function pawl.pawl_dispose_hook_v1(p_shard int, p_run_id text, p_hook_id text)
returns void
language plpgsql
as $$
declare
  v_token text;
begin
  update pawl.hooks
  set status = 'disposed', version = version + 1
  where shard = p_shard and run_id = p_run_id and hook_id = p_hook_id and status = 'live'
  returning token into v_token;
  if found then
    delete from pawl.token_expiries where token = v_token;
    delete from pawl.hook_tokens where token = v_token and run_id = p_run_id;
  end if;
end
$$;

-- False if a live execution has it.
create function pawl.pawl_take_key_v1(p_key jsonb, p_run_id text, p_now bigint)
returns boolean
language plpgsql
as $$
begin
  insert into pawl.idempotency_keys as known (shard, tenant_id, flow_id, key, run_id, expires_at, created_at)
  values (
    (p_key ->> 'shard')::int, p_key ->> 'tenant_id', p_key ->> 'flow_id', p_key ->> 'key', p_run_id, (p_key ->> 'expires_at')::bigint,
    p_now)
  on conflict (shard, tenant_id, flow_id, key) do update
  set run_id = excluded.run_id, expires_at = excluded.expires_at, created_at = excluded.created_at
  where known.expires_at <= excluded.created_at or known.run_id = excluded.run_id;
  return found;
end
$$;

-- Creates the run of a "use workflow" function with what a transition says of it; false if there is one.
create function pawl.pawl_create_code_v1(p_code jsonb, p_bytes bytea)
returns boolean
language plpgsql
as $$
declare
  c_at bigint := greatest((p_code ->> 'now')::bigint, (p_code ->> 'external')::boolean::int);
  n pawl.runs := jsonb_populate_record(null::pawl.runs, p_code -> 'run_row');
begin
  insert into pawl.runs (
    shard, run_id, namespace, status, deployment_id, workflow_name, spec_version, execution_context, encryption_key_id, error,
    input_seq, output_seq, created_at, updated_at, started_at, completed_at, expired_at, last_seq, last_ms, marker_ms,
    due_at, lease_owner, lease_epoch, deliveries)
  values (
    n.shard, n.run_id, n.namespace, n.status, n.deployment_id, n.workflow_name, n.spec_version, n.execution_context,
    n.encryption_key_id, n.error, case when n.input_seq < 0 then -n.input_seq else n.input_seq end, n.output_seq, c_at, c_at,
    n.started_at, n.completed_at, n.expired_at, jsonb_array_length(p_code -> 'events'), c_at,
    case when (p_code ->> 'external')::boolean then c_at else 0 end, (p_code ->> 'wake_at')::bigint, null, n.lease_epoch, n.deliveries)
  on conflict (shard, run_id) do nothing;
  if not found then
    return false;
  end if;
  insert into pawl.events (shard, run_id, seq, type, correlation_id, spec_version, created_at, occurred_at, meta, payload)
  select n.shard, n.run_id, 1 + e.place, e.type, e.correlation_id, e.spec_version, c_at, e.occurred_at, e.meta,
    substr(p_bytes, e.start, e.size)
  from jsonb_to_recordset(p_code -> 'events') as e (
    place int, type text, correlation_id text, spec_version int, occurred_at bigint, meta text, start int, size int);
  return true;
end
$$;

-- True if this is the first end of that child; its parent, whose lock is held, is due then if it was the one it waits for.
create function pawl.pawl_settle_child_v1(p_child jsonb, p_now bigint)
returns boolean
language plpgsql
as $$
declare
  c_shard int := p_child ->> 'shard';
  c_status text := p_child ->> 'status';
begin
  insert into pawl.children as known (shard, parent_id, group_name, child_index, child_shard, child_id, kind, status, output, error)
  values (
    c_shard, p_child ->> 'parent_id', p_child ->> 'group_name', (p_child ->> 'child_index')::bigint, (p_child ->> 'child_shard')::int,
    p_child ->> 'child_id', 'flow', c_status, p_child ->> 'output', p_child ->> 'error')
  on conflict (shard, parent_id, group_name, child_index) do update
  set status = excluded.status, output = excluded.output, error = excluded.error
  where known.status is null;
  if not found then
    return false;
  end if;
  perform pawl.pawl_count_end_v1(c_shard, p_child ->> 'parent_id', p_child ->> 'group_name', c_status, p_now);
  return true;
end
$$;

create function pawl.pawl_count_end_v1(p_shard int, p_parent_id text, p_group text, p_status text, p_now bigint)
returns void
language plpgsql
as $$
begin
  insert into pawl.child_groups as known (shard, parent_id, group_name, created, finished, succeeded)
  values (p_shard, p_parent_id, p_group, 0, 1, (p_status = 'completed')::int)
  on conflict (shard, parent_id, group_name) do update
  set finished = known.finished + 1, succeeded = known.succeeded + excluded.succeeded;
  update pawl.runs r
  set due_at = least(r.due_at, p_now)
  where r.shard = p_shard and r.run_id = p_parent_id and r.status in ('pending', 'running')
    and exists (
      select 1 from pawl.executions e
      join pawl.child_groups g on g.shard = e.shard and g.parent_id = e.run_id and g.group_name = e.join_group
      where e.shard = p_shard and e.run_id = p_parent_id and e.join_group = p_group and g.finished >= e.join_wake_when);
end
$$;

-- The end of a run of code, told to the execution that waits for it, whose lock is held. One that is there no more counts as cancelled.
create function pawl.pawl_settle_code_v1(p_shard int, p_child_id text, p_now bigint)
returns void
language plpgsql
as $$
declare
  v_status text;
  v_parent text;
  v_group text;
begin
  select status into v_status from pawl.runs
  where shard = p_shard and run_id = p_child_id and status in ('completed', 'failed', 'cancelled');
  v_status := coalesce(v_status, 'cancelled');
  delete from pawl.child_ends where shard = p_shard and child_id = p_child_id;
  update pawl.children
  set status = v_status
  where shard = p_shard and child_id = p_child_id and kind = 'code' and status is null
  returning parent_id, group_name into v_parent, v_group;
  if found then
    perform pawl.pawl_count_end_v1(p_shard, v_parent, v_group, v_status, p_now);
  end if;
end
$$;

-- Asks the open children of a group, or of all, to end; the ids of all of them. The locks of the parent and of the children are held.
create function pawl.pawl_cancel_children_v1(p_shard int, p_parent_id text, p_cancel jsonb, p_now bigint)
returns jsonb
language plpgsql
as $$
declare
  c_at bigint := p_cancel ->> 'at';
  v_ids jsonb := '[]';
  v_open boolean;
  x record;
begin
  for x in
    select group_name, child_index, child_shard, child_id, kind from pawl.children
    where shard = p_shard and parent_id = p_parent_id and status is null
      and (p_cancel ->> 'group' is null or group_name = p_cancel ->> 'group')
    order by group_name, child_index
  loop
    v_ids := v_ids || to_jsonb(x.child_id);
    if x.kind = 'code' then
      perform pawl.pawl_cancel_code_v1(x.child_shard, x.child_id, (p_cancel ->> 'spec_version')::int, p_now);
      continue;
    end if;
    -- A worker ends it before anything else.
    update pawl.runs set due_at = c_at
    where shard = x.child_shard and run_id = x.child_id and status in ('pending', 'running');
    v_open := found;
    if v_open then
      update pawl.executions set cancel_request = p_cancel ->> 'cancellation', cancel_at = c_at
      where shard = x.child_shard and run_id = x.child_id;
      v_open := found;
    end if;
    if not v_open then
      perform pawl.pawl_settle_child_v1(jsonb_build_object(
        'shard', p_shard, 'parent_id', p_parent_id, 'group_name', x.group_name, 'child_index', x.child_index,
        'child_shard', x.child_shard, 'child_id', x.child_id, 'status', 'cancelled'), p_now);
    end if;
  end loop;
  return v_ids;
end
$$;

-- Ends a run of code whose parent gave it up, and settles it if there is no such run any more.
create function pawl.pawl_cancel_code_v1(p_shard int, p_run_id text, p_spec_version int, p_now bigint)
returns void
language plpgsql
as $$
declare
  v_at bigint;
  v_seq bigint;
begin
  perform pawl.pawl_settle_code_v1(p_shard, p_run_id, p_now);
  update pawl.runs
  set status = 'cancelled', error = null, output_seq = null, last_seq = last_seq + 1, last_ms = greatest(p_now, last_ms + 1),
      marker_ms = greatest(p_now, last_ms + 1), completed_at = greatest(p_now, last_ms + 1), updated_at = greatest(p_now, last_ms + 1),
      due_at = null, lease_owner = null, deliveries = 0
  where shard = p_shard and run_id = p_run_id and status in ('pending', 'running')
  returning last_seq, last_ms into v_seq, v_at;
  if not found then
    return;
  end if;
  insert into pawl.events (shard, run_id, seq, type, correlation_id, spec_version, created_at, occurred_at, meta, payload)
  values (p_shard, p_run_id, v_seq, 'run_cancelled', null, p_spec_version, v_at, null, null, null);
  perform pawl.pawl_end_run_v1(p_shard, p_run_id);
end
$$;

-- Keeps what a trigger waits to hear of; false if none does.
create function pawl.pawl_note_events_v1(p_shard int, p_run_id text, p_flow_id text, p_heard jsonb, p_now bigint)
returns boolean
language plpgsql
as $$
declare
  c_names text[] := array(select h ->> 'event' from jsonb_array_elements(p_heard) as h);
  v_wanted text[];
  x record;
  v_position bigint;
  v_heard boolean := false;
begin
  -- The names are looked for first, and by themselves: a table of one's own joined to triggers is too much for Citus.
  select array_agg(t.event) into v_wanted from pawl.triggers t
  where t.event = any (c_names) and t.enabled and (t.source_flow_id is null or t.source_flow_id = p_flow_id);
  for x in
    select h.event, h.seen from jsonb_to_recordset(p_heard) as h (event text, seen text) where h.event = any (v_wanted)
  loop
    v_heard := true;
    v_position := p_now * 1024 + p_shard;
    loop
      insert into pawl.trigger_events (shard, position, event, run_id, created_at, seen)
      values (p_shard, v_position, x.event, p_run_id, p_now, x.seen)
      on conflict (shard, position) do nothing;
      exit when found;
      v_position := v_position + 64;
    end loop;
  end loop;
  return v_heard;
end
$$;

-- False if the row that is there does not have the revision before.
create function pawl.pawl_save_trigger_v1(p_row jsonb)
returns boolean
language plpgsql
as $$
declare
  t pawl.triggers := jsonb_populate_record(null::pawl.triggers, p_row);
begin
  if t.revision = 1 then
    insert into pawl.triggers (
      trigger_id, type, revision, enabled, method, path, event, source_flow_id, next_fire_at, created_at, definition)
    values (
      t.trigger_id, t.type, t.revision, t.enabled, t.method, t.path, t.event, t.source_flow_id, t.next_fire_at, t.created_at, t.definition)
    on conflict (trigger_id) do nothing;
  else
    update pawl.triggers
    set type = t.type, revision = t.revision, enabled = t.enabled, method = t.method, path = t.path, event = t.event,
        source_flow_id = t.source_flow_id, next_fire_at = t.next_fire_at, definition = t.definition
    where trigger_id = t.trigger_id and revision = t.revision - 1;
  end if;
  return found;
end
$$;

create function pawl.pawl_save_firings_v1(p_firing jsonb)
returns void
language plpgsql
as $$
declare
  c_trigger_id text := p_firing ->> 'trigger_id';
  v_last bigint;
begin
  -- One after the other, also where the trigger itself does not change.
  perform 1 from pawl.triggers where trigger_id = c_trigger_id for update;
  select coalesce(max(position), 0) into v_last from pawl.trigger_firings where trigger_id = c_trigger_id;
  insert into pawl.trigger_firings (trigger_id, position, firing)
  select c_trigger_id, v_last + f.place, f.firing
  from jsonb_array_elements_text(p_firing -> 'firings') with ordinality as f (firing, place);
  delete from pawl.trigger_firings
  where trigger_id = c_trigger_id
    and position <= v_last + jsonb_array_length(p_firing -> 'firings') - (p_firing ->> 'keep')::bigint;
end
$$;

-- The run is over: its tokens are free, its waits, hooks and messages are gone, its unclaimed steps are nobody's. What it was a child of is
-- answered; it is told by an act of its own, which locks the parent, and whose cause stays until then.
create or replace function pawl.pawl_end_run_v1(p_shard int, p_run_id text)
returns jsonb
language plpgsql
as $$
declare
  v_token text;
  v_child jsonb;
begin
  for v_token in delete from pawl.hooks where shard = p_shard and run_id = p_run_id returning token loop
    delete from pawl.hook_tokens where token = v_token and run_id = p_run_id;
  end loop;
  delete from pawl.waits where shard = p_shard and run_id = p_run_id;
  delete from pawl.messages where shard = p_shard and run_id = p_run_id;
  update pawl.steps
  set due_at = null
  where shard = p_shard and run_id = p_run_id and due_at is not null and lease_owner is null;
  insert into pawl.child_ends as e (shard, child_id, parent_id)
  select c.shard, c.child_id, c.parent_id
  from pawl.children c
  where c.shard = p_shard and c.child_id = p_run_id and c.kind = 'code' and c.status is null
  on conflict (shard, child_id) do nothing
  returning jsonb_build_object('child_of', e.parent_id) into v_child;
  return v_child;
end
$$;

-- What an execution has beside its run. Returns how many rows went, p_limit at most (null: all).
create or replace function pawl.pawl_forget_extras_v1(p_shard int, p_run_id text, p_limit bigint)
returns bigint
language plpgsql
as $$
declare
  v_count bigint;
  v_total bigint := 0;
begin
  for v_part in 1 .. 4 loop
    exit when v_total >= p_limit;
    case v_part
    when 1 then
      delete from pawl.execution_history
      where shard = p_shard and run_id = p_run_id and ctid = any (array(
        select ctid from pawl.execution_history where shard = p_shard and run_id = p_run_id limit p_limit - v_total));
    when 2 then
      delete from pawl.execution_values
      where shard = p_shard and run_id = p_run_id and ctid = any (array(
        select ctid from pawl.execution_values where shard = p_shard and run_id = p_run_id limit p_limit - v_total));
    when 3 then
      delete from pawl.children
      where shard = p_shard and parent_id = p_run_id and ctid = any (array(
        select ctid from pawl.children where shard = p_shard and parent_id = p_run_id limit p_limit - v_total));
    else
      delete from pawl.child_groups where shard = p_shard and parent_id = p_run_id;
      delete from pawl.child_ends where shard = p_shard and child_id = p_run_id;
      delete from pawl.idempotency_keys where run_id = p_run_id;
      delete from pawl.token_expiries where run_id = p_run_id;
      delete from pawl.executions where shard = p_shard and run_id = p_run_id;
    end case;
    get diagnostics v_count = row_count;
    v_total := v_total + v_count;
  end loop;
  return v_total;
end
$$;
