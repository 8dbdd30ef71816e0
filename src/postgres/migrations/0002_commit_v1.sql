-- The committer: performs the acts of one batch in one transaction and one round trip. It checks guards and writes rows; what the rows say
-- was decided before. A newer version of Pawl adds pawl_commit_v2 beside it, so that old and new workers can share a database.
--
-- p_writer, p_batch  who sends it, and the how-manieth it is: a batch that was committed before is refused (SQLSTATE PW001)
-- p_unsure           batches whose answers were lost, as [{"writer", "batch"}]: what they leased is given back, for nobody delivers it
-- p_shard            of all acts, or 0 where one server has all shards; the writers are kept by it
-- p_wait             false: a run that another transaction has locked makes its acts busy (o_held is null), and the batch goes on;
--                    true: it is waited for, though not for ever
-- p_clock            what leases are judged by; null: the clock of this server
-- p_sync             'normal': acknowledge before the disk has it
-- p_shards, p_runs   the runs that the acts are about, in order, so that two batches never wait for each other in a circle
-- p_acts             the acts, those of one run together; "run" is the place in p_runs, or 0. The last one is 'end'.
-- p_bytes            the payloads, one after the other; an act says where in it its own are
--
-- Who is to hold something afterwards ("take_for" a run that becomes due, "holder" what is claimed, adopted or born) has to be alive, or it
-- takes nothing. That is asked without a lock: who is given up at this very moment holds it for one sweep more.
--
-- The first row that comes back (o_act = -1) has the clock of the server, and those of p_unsure that are still unsure.
-- A query is never assigned to a variable: Citus cannot pass that on.
create function pawl.pawl_commit_v1(
  p_writer text, p_batch bigint, p_unsure jsonb, p_shard int, p_wait boolean, p_clock bigint, p_sync text,
  p_shards int[], p_runs text[], p_acts jsonb, p_bytes bytea
)
returns table (o_act int, o_held boolean, o_seq bigint, o_at bigint, o_detail jsonb, o_bytes bytea)
language plpgsql
-- It looks up rows by their keys and nothing else, also where the tables were empty when its plans were made. Where an index cannot be
-- had, the cost that stands for "off" would have the plan compiled, which takes longer than all the rest.
set enable_seqscan = off
set jit = off
set enable_bitmapscan = off
-- Nobody of ours keeps a lock for so long: it is a person's, or a session's that hangs. Longer than PostgreSQL takes to see that two wait for
-- each other (1 s), of which one is tried again.
set lock_timeout = '1500ms'
as $$
declare
  c_server bigint := (extract(epoch from clock_timestamp()) * 1000)::bigint;
  c_clock bigint := coalesce(p_clock, c_server);
  v_runs pawl.runs[] := '{}';
  v_busy boolean[] := '{}';
  v_ask_until timestamptz;
  v_at_hand int := 0;
  v_run pawl.runs;
  v_changed boolean := false;
  v_backing_off boolean;
  v_due_before bigint;
  v_first bigint;
  v_at bigint;
  v_guarded int;
  v_took boolean;
  v_taker text;
  v_alive boolean := false;
  v_waits_due boolean;
  v_inbox_full boolean;
  -- What this batch leases to whom: [kind, shard, run, id, owner, epoch, now].
  v_leases jsonb := '[]';
  v_lease jsonb;
  a record;
  e record;
  s pawl.steps;
  w pawl.waits;
  h pawl.hooks;
begin
  if p_sync = 'normal' then
    perform set_config('synchronous_commit', 'off', true);
  elsif current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  if p_wait then
    perform set_config('lock_timeout', '4s', true);
    -- That does not reach the other nodes of Citus: there the run is asked for again and again.
    perform 1 from pawl.pawl_meta where key = 'citus';
    if found then
      v_ask_until := clock_timestamp() + interval '4s';
    end if;
  end if;
  o_act := -1;
  o_at := c_server;
  if p_unsure is not null then
    select g into o_detail from pawl.pawl_give_back_v1(p_shard, p_unsure, c_server) as g;
  end if;
  return next;

  for i in 1 .. cardinality(p_runs) loop
    if p_wait and v_ask_until is null then
      select * into v_run from pawl.runs where shard = p_shards[i] and run_id = p_runs[i] for update;
    else
      loop
        select * into v_run from pawl.runs where shard = p_shards[i] and run_id = p_runs[i] for update skip locked;
        exit when found or not p_wait;
        perform 1 from pawl.runs where shard = p_shards[i] and run_id = p_runs[i];
        exit when not found;
        if clock_timestamp() > v_ask_until then
          raise lock_not_available using message = format('run %s is locked', p_runs[i]);
        end if;
        perform pg_sleep(0.01);
      end loop;
    end if;
    v_runs[i] := v_run;
    v_busy[i] := false;
    if not found and not p_wait then
      perform 1 from pawl.runs where shard = p_shards[i] and run_id = p_runs[i];
      v_busy[i] := found;
    end if;
  end loop;

  for a in
    select * from jsonb_to_recordset(p_acts) as x (
      act int, kind text, run int, shard int, run_id text, now bigint, take_for text, holder text,
      absent boolean, status text, lease_owner text, lease_epoch bigint, marker_at_most bigint,
      change text, run_row jsonb, error text, output_seq bigint, external boolean, wake_at bigint,
      events jsonb, steps jsonb, waits jsonb, hooks jsonb,
      hold_hook text, hold_version bigint, take_token text, token_hook text, release_token text,
      detail jsonb)
  loop
    -- On to the next run: what the acts before made of the last one is written once.
    if a.run is distinct from v_at_hand then
      if v_changed then
        update pawl.runs
        set status = v_run.status, error = v_run.error, output_seq = v_run.output_seq,
            updated_at = v_run.updated_at, started_at = v_run.started_at, completed_at = v_run.completed_at,
            last_seq = v_run.last_seq, last_ms = v_run.last_ms, marker_ms = v_run.marker_ms, due_at = v_run.due_at,
            lease_owner = v_run.lease_owner, lease_epoch = v_run.lease_epoch, deliveries = v_run.deliveries
        where shard = v_run.shard and run_id = v_run.run_id;
        v_changed := false;
      end if;
      v_at_hand := a.run;
      v_run := v_runs[a.run];
    end if;
    exit when a.kind = 'end';

    v_backing_off := v_run.lease_owner is null;
    v_due_before := v_run.due_at;
    o_act := a.act;
    o_held := false;
    o_seq := null;
    o_at := null;
    o_detail := null;
    o_bytes := null;
    if v_busy[a.run] then
      o_held := null;
      return next;
      continue;
    end if;

    if coalesce(a.holder, a.take_for) <> coalesce(v_taker, '') then
      v_taker := coalesce(a.holder, a.take_for);
      perform 1 from pawl.workers where worker_id = v_taker and expires_at > c_clock;
      v_alive := found;
    end if;

    if a.kind = 'write' then
      v_took := false;
      v_first := coalesce(v_run.last_seq, 0) + 1;
      v_at := greatest(a.now, coalesce(v_run.last_ms, 0) + a.external::int);

      -- Every guard before any row, so that a lost act leaves nothing.
      o_held := case when a.absent then v_run.run_id is null
        else coalesce(v_run.status = a.status, false)
          and (a.lease_owner is null or (v_run.lease_owner is not distinct from a.lease_owner and v_run.lease_epoch = a.lease_epoch))
          and (a.marker_at_most is null or v_run.marker_ms <= a.marker_at_most)
      end;
      if o_held and a.holder is not null and not v_alive then
        o_held := false;
        o_detail := '"dead"';
      end if;
      if o_held and a.waits is not null then
        perform 1 from jsonb_to_recordset(a.waits) as n (wait_id text, version bigint)
        left join pawl.waits k on k.shard = a.shard and k.run_id = a.run_id and k.wait_id = n.wait_id
        where coalesce(k.version, 0) <> n.version - 1;
        o_held := not found;
      end if;
      if o_held and a.hooks is not null then
        perform 1 from jsonb_to_recordset(a.hooks) as n (hook_id text, version bigint)
        left join pawl.hooks k on k.shard = a.shard and k.run_id = a.run_id and k.hook_id = n.hook_id
        where coalesce(k.version, 0) <> n.version - 1;
        o_held := not found;
      end if;
      if o_held and a.hold_hook is not null then
        perform 1 from pawl.hooks
        where shard = a.shard and run_id = a.run_id and hook_id = a.hold_hook and version = a.hold_version;
        o_held := found;
      end if;
      -- One step is guarded by its own write below; of several each must be held before the first is written.
      if o_held and jsonb_array_length(a.steps) > 1 then
        select count(*) into v_guarded from (
          select 1 from pawl.steps k
          where k.shard = a.shard and k.run_id = a.run_id
            and (k.step_id, k.version + 1) in (select n.step_id, n.version from jsonb_to_recordset(a.steps) as n (step_id text, version bigint))
          order by k.step_id
          for update) as held;
        perform 1 from jsonb_to_recordset(a.steps) as n (step_id text, version bigint)
        join pawl.steps k on k.shard = a.shard and k.run_id = a.run_id and k.step_id = n.step_id
        where n.version = 1;
        o_held := not found
          and v_guarded = (select count(*) from jsonb_to_recordset(a.steps) as n (version bigint) where n.version > 1);
      end if;
      if o_held and a.take_token is not null then
        insert into pawl.hook_tokens (token, run_id, hook_id)
        values (a.take_token, a.run_id, a.token_hook)
        on conflict (token) do nothing;
        o_held := found;
        v_took := found;
      end if;
      if o_held and a.absent then
        v_run := jsonb_populate_record(null::pawl.runs, a.run_row);
        v_run.created_at := v_at;
        v_run.updated_at := v_at;
        v_run.started_at := case when v_run.started_at = -1 then v_at else v_run.started_at end;
        v_run.input_seq := case when v_run.input_seq < 0 then v_first - 1 - v_run.input_seq else v_run.input_seq end;
        v_run.last_seq := jsonb_array_length(a.events);
        v_run.last_ms := v_at;
        v_run.marker_ms := case when a.external then v_at else 0 end;
        v_run.due_at := a.wake_at;
        if a.take_for is not null and v_alive and a.wake_at <= a.now then
          v_run.lease_owner := a.take_for;
          v_run.lease_epoch := v_run.lease_epoch + 1;
          v_run.deliveries := 1;
          v_run.due_at := null;
          o_detail := to_jsonb(v_run) || '{"waits_due": 0, "inbox_full": 0}';
          v_leases := v_leases || jsonb_build_array(
            jsonb_build_array('run', a.shard, a.run_id, null, a.take_for, v_run.lease_epoch, a.now));
        end if;
        insert into pawl.runs (
          shard, run_id, namespace, status, deployment_id, workflow_name, spec_version, execution_context, encryption_key_id, error,
          input_seq, output_seq, created_at, updated_at, started_at, completed_at, expired_at, last_seq, last_ms, marker_ms,
          due_at, lease_owner, lease_epoch, deliveries)
        values (
          v_run.shard, v_run.run_id, v_run.namespace, v_run.status, v_run.deployment_id, v_run.workflow_name, v_run.spec_version,
          v_run.execution_context, v_run.encryption_key_id, v_run.error, v_run.input_seq, v_run.output_seq, v_run.created_at,
          v_run.updated_at, v_run.started_at, v_run.completed_at, v_run.expired_at, v_run.last_seq, v_run.last_ms, v_run.marker_ms,
          v_run.due_at, v_run.lease_owner, v_run.lease_epoch, v_run.deliveries)
        on conflict (shard, run_id) do nothing;
        o_held := found;
        if not found then
          v_run := null;
          o_detail := null;
        end if;
      end if;
      if o_held and a.steps is not null then
        for s in select * from jsonb_populate_recordset(null::pawl.steps, a.steps) loop
          s.updated_at := case when s.updated_at = -1 then v_at else s.updated_at end;
          s.started_at := case when s.started_at = -1 then v_at else s.started_at end;
          s.completed_at := case when s.completed_at = -1 then v_at else s.completed_at end;
          s.output_seq := case when s.output_seq < 0 then v_first - 1 - s.output_seq else s.output_seq end;
          if s.version = 1 then
            s.created_at := case when s.created_at = -1 then v_at else s.created_at end;
            s.input_seq := case when s.input_seq < 0 then v_first - 1 - s.input_seq else s.input_seq end;
            insert into pawl.steps (
              shard, run_id, step_id, namespace, step_name, status, spec_version, attempt, error, input_seq, output_seq,
              created_at, updated_at, started_at, completed_at, retry_after, message, due_at, lease_owner, lease_epoch, deliveries, version)
            values (
              a.shard, a.run_id, s.step_id, s.namespace, s.step_name, s.status, s.spec_version, s.attempt, s.error, s.input_seq, s.output_seq,
              s.created_at, s.updated_at, s.started_at, s.completed_at, s.retry_after, s.message, s.due_at, s.lease_owner, s.lease_epoch,
              s.deliveries, s.version)
            on conflict (shard, run_id, step_id) do nothing;
          else
            update pawl.steps
            set status = s.status, attempt = s.attempt, error = s.error, output_seq = s.output_seq, updated_at = s.updated_at,
                started_at = s.started_at, completed_at = s.completed_at, retry_after = s.retry_after, due_at = s.due_at,
                lease_owner = s.lease_owner, lease_epoch = s.lease_epoch, deliveries = s.deliveries, version = s.version
            where shard = a.shard and run_id = a.run_id and step_id = s.step_id and version = s.version - 1;
          end if;
          o_held := found;
          exit when not found;
          if s.version = 1 and s.lease_owner is not null then
            v_leases := v_leases || jsonb_build_array(
              jsonb_build_array('step', a.shard, a.run_id, s.step_id, s.lease_owner, s.lease_epoch, a.now));
          end if;
        end loop;
      end if;
      if not o_held then
        if v_took then
          delete from pawl.hook_tokens where token = a.take_token;
        end if;
        return next;
        continue;
      end if;

      for e in
        select * from jsonb_to_recordset(a.events) as x (
          place int, type text, correlation_id text, spec_version int, occurred_at bigint, meta text, start int, size int)
      loop
        insert into pawl.events (shard, run_id, seq, type, correlation_id, spec_version, created_at, occurred_at, meta, payload)
        values (a.shard, a.run_id, v_first + e.place, e.type, e.correlation_id, e.spec_version, v_at, e.occurred_at, e.meta,
          substr(p_bytes, e.start, e.size));
        v_run.last_seq := v_first + e.place;
      end loop;

      if a.waits is not null then
        for w in select * from jsonb_populate_recordset(null::pawl.waits, a.waits) loop
          w.created_at := case when w.created_at = -1 then v_at else w.created_at end;
          w.updated_at := case when w.updated_at = -1 then v_at else w.updated_at end;
          w.completed_at := case when w.completed_at = -1 then v_at else w.completed_at end;
          insert into pawl.waits (
            shard, run_id, wait_id, status, spec_version, resume_at, due_at, created_at, updated_at, completed_at, version)
          values (
            a.shard, a.run_id, w.wait_id, w.status, w.spec_version, w.resume_at, w.due_at, w.created_at, w.updated_at, w.completed_at,
            w.version)
          on conflict (shard, run_id, wait_id) do update
          set status = excluded.status, updated_at = excluded.updated_at, completed_at = excluded.completed_at, version = excluded.version;
        end loop;
      end if;
      if a.hooks is not null then
        for h in select * from jsonb_populate_recordset(null::pawl.hooks, a.hooks) loop
          h.created_at := case when h.created_at = -1 then v_at else h.created_at end;
          h.event_seq := case when h.event_seq < 0 then v_first - 1 - h.event_seq else h.event_seq end;
          insert into pawl.hooks (shard, run_id, hook_id, status, token, is_webhook, spec_version, created_at, event_seq, version)
          values (
            a.shard, a.run_id, h.hook_id, h.status, h.token, h.is_webhook, h.spec_version, h.created_at, h.event_seq, h.version)
          on conflict (shard, run_id, hook_id) do update
          set status = excluded.status, version = excluded.version;
        end loop;
      end if;
      if a.release_token is not null then
        delete from pawl.hook_tokens where token = a.release_token;
      end if;

      if not a.absent then
        -- The log grew, and the run may be due earlier than before.
        v_run.last_ms := v_at;
        v_run.marker_ms := case when a.external then v_at else v_run.marker_ms end;
        v_run.updated_at := case when v_run.status in ('pending', 'running') then v_at else v_run.updated_at end;
        v_run.due_at := least(v_run.due_at, a.wake_at);
        if a.lease_owner is not null and a.change = 'append' then
          v_run.deliveries := 0;
        end if;
        if a.change = 'start' then
          v_run.status := 'running';
          v_run.started_at := coalesce(v_run.started_at, v_at);
        elsif a.change in ('completed', 'failed', 'cancelled') then
          v_run.status := a.change;
          v_run.error := a.error;
          v_run.output_seq := case when a.output_seq < 0 then v_first - 1 - a.output_seq else a.output_seq end;
          v_run.completed_at := v_at;
          v_run.updated_at := v_at;
          v_run.due_at := null;
          v_run.lease_owner := null;
          v_run.deliveries := 0;
          o_detail := pawl.pawl_end_run_v1(a.shard, a.run_id);
        end if;
        v_changed := true;
      end if;
      o_seq := v_first;
      o_at := v_at;

    elsif a.kind = 'wake' then
      o_held := coalesce(v_run.status in ('pending', 'running'), false);
      if o_held then
        v_run.due_at := least(v_run.due_at, a.wake_at);
        v_changed := true;
      end if;

    elsif a.kind = 'settleRun' then
      -- What woke the run while it was being delivered is in its due time already; a settle only ever makes that earlier, unless it postpones.
      o_held := coalesce(v_run.lease_owner = a.lease_owner and v_run.lease_epoch = a.lease_epoch, false);
      if o_held then
        v_run.lease_owner := null;
        v_run.due_at := case a.change when 'postpone' then a.wake_at else least(v_run.due_at, a.wake_at) end;
        v_run.deliveries := case
          when a.change = 'release' or (a.change = 'retry' and v_run.due_at <= a.now) then greatest(0, v_run.deliveries - 1)
          when a.change in ('retry', 'postpone') then v_run.deliveries
          else 0
        end;
        v_changed := true;
        if a.change in ('done', 'again') and a.detail is not null then
          delete from pawl.messages
          where shard = a.shard and message_id in (select jsonb_array_elements_text(a.detail));
        end if;
      end if;

    elsif a.kind = 'adoptRun' then
      o_held := v_alive and coalesce(v_run.lease_owner = a.lease_owner and v_run.lease_epoch = a.lease_epoch, false);
      o_detail := to_jsonb(v_alive);
      if o_held then
        v_run.lease_owner := a.holder;
        v_changed := true;
        v_leases := v_leases || jsonb_build_array(
          jsonb_build_array('run', a.shard, a.run_id, null, a.holder, a.lease_epoch, 0));
      end if;

    elsif a.kind in ('adoptStep', 'adoptMessage') and not v_alive then
      o_detail := to_jsonb(v_alive);

    elsif a.kind = 'claim' then
      if v_alive then
        select c.rows, c.bytes, v_leases || c.leases into o_detail, o_bytes, v_leases from pawl.pawl_claim_v1(a.detail) as c;
        o_held := true;
      end if;

    elsif a.kind = 'flow' then
      -- Acts of flows come after all that is folded over the rows of runs, which they write themselves.
      for o_act, o_held, o_detail, v_lease in select * from pawl.pawl_flow_v1(a.detail, v_busy, p_bytes, c_clock) loop
        if v_lease is not null then
          v_leases := v_leases || jsonb_build_array(v_lease);
        end if;
        return next;
      end loop;
      continue;

    else
      select q.held, q.number, q.detail into o_held, o_seq, o_detail
      from pawl.pawl_queue_v1(a.kind, a.detail, c_clock, p_bytes) as q;
      if a.kind in ('heartbeat', 'reap', 'leave') then
        v_taker := null;
      elsif a.kind in ('adoptStep', 'adoptMessage') and o_held then
        v_leases := v_leases || jsonb_build_array(jsonb_build_array(
          case a.kind when 'adoptStep' then 'step' else 'message' end,
          a.detail -> 'shard', a.detail -> 'run_id', a.detail -> 'id', a.holder, a.detail -> 'epoch', 0));
      end if;
      if a.wake_at is not null and v_run.status in ('pending', 'running') then
        v_run.due_at := least(v_run.due_at, a.wake_at);
        v_changed := true;
      end if;
    end if;

    -- A delivery that comes before the back-off of the last one is over is none of the tries that the back-off spreads over hours.
    if v_backing_off and v_run.due_at < v_due_before then
      v_run.deliveries := greatest(0, v_run.deliveries - 1);
    end if;

    -- Gives a due run to a worker. What it was due for is delivered with it; timers that are still ahead stay, so that losing this
    -- delivery loses no wake.
    if o_held and a.take_for is not null and v_alive and v_run.lease_owner is null and v_run.due_at <= a.now then
      v_run.lease_owner := a.take_for;
      v_run.lease_epoch := v_run.lease_epoch + 1;
      v_run.deliveries := v_run.deliveries + 1;
      select min(due_at) filter (where due_at > a.now), coalesce(bool_or(due_at <= a.now), false)
      into v_run.due_at, v_waits_due
      from pawl.waits
      where shard = a.shard and run_id = a.run_id and status = 'waiting';
      perform 1 from pawl.messages where shard = a.shard and run_id = a.run_id;
      v_inbox_full := found;
      v_changed := true;
      o_detail := to_jsonb(v_run) || jsonb_build_object('waits_due', v_waits_due::int, 'inbox_full', v_inbox_full::int);
      v_leases := v_leases || jsonb_build_array(
        jsonb_build_array('run', a.shard, a.run_id, null, a.take_for, v_run.lease_epoch, a.now));
    end if;
    return next;
  end loop;

  insert into pawl.writers as known (shard, writer_id, batch, leases, used_at)
  values (p_shard, p_writer, p_batch, v_leases, c_server)
  on conflict (shard, writer_id) do update set batch = excluded.batch, leases = excluded.leases, used_at = excluded.used_at
  where known.batch < excluded.batch;
  if not found then
    raise exception 'batch % of % was committed before', p_batch, p_writer using errcode = 'PW001';
  end if;
end
$$;

-- The run is over: its tokens are free, its waits, hooks and messages are gone, its unclaimed steps are nobody's. What else has to be told
-- of it is returned; here that is nothing.
create function pawl.pawl_end_run_v1(p_shard int, p_run_id text)
returns jsonb
language plpgsql
as $$
declare
  v_token text;
begin
  for v_token in delete from pawl.hooks where shard = p_shard and run_id = p_run_id returning token loop
    delete from pawl.hook_tokens where token = v_token and run_id = p_run_id;
  end loop;
  delete from pawl.waits where shard = p_shard and run_id = p_run_id;
  delete from pawl.messages where shard = p_shard and run_id = p_run_id;
  update pawl.steps
  set due_at = null
  where shard = p_shard and run_id = p_run_id and due_at is not null and lease_owner is null;
  return null;
end
$$;
