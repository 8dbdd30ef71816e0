-- What the committer does beside the log: the queue, streams, workers. Each act is given as one JSON object.

-- When the first of what nobody has, and a worker could take, becomes due between two instants: of each kind of which p_act asks for any. It
-- goes from one to the next by their due times, past what is for others.
create function pawl.pawl_next_due_v1(p_act jsonb)
returns bigint
language plpgsql
stable
set enable_seqscan = off
set jit = off
set enable_bitmapscan = off
as $$
declare
  c_from bigint := p_act ->> 'from';
  c_until bigint := p_act ->> 'until';
  c_run_namespaces text[] := array(select jsonb_array_elements_text(p_act -> 'namespaces' -> 'run'));
  c_step_namespaces text[] := array(select jsonb_array_elements_text(p_act -> 'namespaces' -> 'step'));
  c_message_namespaces text[] := array(select jsonb_array_elements_text(p_act -> 'namespaces' -> 'message'));
  c_deployment text := p_act ->> 'deployment_id';
  c_step_names text[] := case when jsonb_typeof(p_act -> 'step_names') = 'array'
    then array(select jsonb_array_elements_text(p_act -> 'step_names')) end;
  c_key_ids text[] := case when jsonb_typeof(p_act -> 'key_ids') = 'array'
    then array(select jsonb_array_elements_text(p_act -> 'key_ids')) end;
  v_due bigint;
  v_next bigint;
begin
  for v_flows in 0 .. 1 loop
    continue when (p_act ->> case when v_flows = 1 then 'flows' else 'runs' end)::int = 0;
    select due_at into v_due from pawl.runs
    where case when namespace = 'flow' then 1 else 0 end = v_flows
      and due_at is not null and lease_owner is null and due_at between c_from and c_until
      and namespace = any (c_run_namespaces)
      and (c_deployment is null or deployment_id = c_deployment)
      and (c_key_ids is null or encryption_key_id is null or encryption_key_id = any (c_key_ids))
    order by due_at
    limit 1;
    v_next := least(v_next, v_due);
  end loop;

  if (p_act ->> 'steps')::int > 0 then
    select s.due_at into v_due
    from pawl.steps s
    join pawl.runs r on r.shard = s.shard and r.run_id = s.run_id
    where s.due_at is not null and s.lease_owner is null and s.due_at between c_from and c_until
      and s.namespace = any (c_step_namespaces)
      and (c_step_names is null or s.step_name = any (c_step_names))
      and (c_deployment is null or r.deployment_id = c_deployment)
      and (c_key_ids is null or r.encryption_key_id is null or r.encryption_key_id = any (c_key_ids))
    order by s.due_at
    limit 1;
    v_next := least(v_next, v_due);
  end if;

  if (p_act ->> 'messages')::int > 0 then
    select due_at into v_due from pawl.messages
    where due_at is not null and lease_owner is null and due_at between c_from and c_until
      and namespace = any (c_message_namespaces)
      and (c_deployment is null or deployment_id is null or deployment_id = c_deployment)
    order by due_at
    limit 1;
    v_next := least(v_next, v_due);
  end if;
  return v_next;
end
$$;

-- Leases what is due to a worker, oldest first; what another transaction is about to take is left to it. Where each shard is asked by itself,
-- "shard" says which. What becomes due next is said of the kinds of which fewer were found than are asked for.
create function pawl.pawl_claim_v1(p_act jsonb, out rows jsonb, out bytes bytea, out leases jsonb)
language plpgsql
set enable_seqscan = off
set jit = off
set enable_bitmapscan = off
as $$
declare
  c_owner text := p_act ->> 'owner';
  c_now bigint := p_act ->> 'now';
  c_shard int := p_act ->> 'shard';
  c_from bigint := coalesce((p_act ->> 'from')::bigint, 0);
  c_run_namespaces text[] := array(select jsonb_array_elements_text(p_act -> 'namespaces' -> 'run'));
  c_step_namespaces text[] := array(select jsonb_array_elements_text(p_act -> 'namespaces' -> 'step'));
  c_message_namespaces text[] := array(select jsonb_array_elements_text(p_act -> 'namespaces' -> 'message'));
  c_deployment text := p_act ->> 'deployment_id';
  c_step_names text[] := case when jsonb_typeof(p_act -> 'step_names') = 'array'
    then array(select jsonb_array_elements_text(p_act -> 'step_names')) end;
  c_key_ids text[] := case when jsonb_typeof(p_act -> 'key_ids') = 'array'
    then array(select jsonb_array_elements_text(p_act -> 'key_ids')) end;
  v_kind text;
  v_limit int;
  v_taken jsonb;
  v_left jsonb := p_act || jsonb_build_object('from', c_now + 1);
  v_runs jsonb;
  v_steps jsonb;
  v_messages jsonb;
  v_next bigint;
begin
  -- Executions of flows after runs of code, so that neither takes what the other may have.
  for v_flows in 0 .. 1 loop
    v_kind := case when v_flows = 1 then 'flows' else 'runs' end;
    v_limit := p_act ->> v_kind;
    continue when v_limit = 0;
    with due as materialized (
      select shard, run_id, due_at from pawl.runs
      where (c_shard is null or shard = c_shard)
        and case when namespace = 'flow' then 1 else 0 end = v_flows
        and due_at is not null and lease_owner is null and due_at between c_from and c_now
        and namespace = any (c_run_namespaces)
        and (c_deployment is null or deployment_id = c_deployment)
        and (c_key_ids is null or encryption_key_id is null or encryption_key_id = any (c_key_ids))
      order by due_at
      limit v_limit
      for update skip locked
    ), taken as (
      update pawl.runs r
      set lease_owner = c_owner, lease_epoch = r.lease_epoch + 1, deliveries = r.deliveries + 1,
          due_at = (
            select min(w.due_at) from pawl.waits w
            where w.shard = r.shard and w.run_id = r.run_id and w.status = 'waiting' and w.due_at > c_now)
      from due
      where r.shard = due.shard and r.run_id = due.run_id and (c_shard is null or r.shard = c_shard)
      returning r.*, due.due_at as was_due_at
    )
    select jsonb_agg(to_jsonb(t) - 'was_due_at' order by t.was_due_at) into v_taken from taken t;
    v_runs := coalesce(v_runs || v_taken, v_runs, v_taken);
    v_left := v_left || jsonb_build_object(v_kind, v_limit - coalesce(jsonb_array_length(v_taken), 0));
  end loop;

  -- By a statement of its own, which sees what was committed before the rows were locked.
  if v_runs is not null then
    select jsonb_agg(r || jsonb_build_object(
      'waits_due', exists (
        select 1 from pawl.waits w
        where w.shard = (r ->> 'shard')::int and w.run_id = r ->> 'run_id' and w.status = 'waiting' and w.due_at <= c_now
          and (c_shard is null or w.shard = c_shard))::int,
      'inbox_full', exists (
        select 1 from pawl.messages m
        where m.shard = (r ->> 'shard')::int and m.run_id = r ->> 'run_id' and (c_shard is null or m.shard = c_shard))::int
    ) order by n) into v_runs from jsonb_array_elements(v_runs) with ordinality as t (r, n);
  end if;

  -- The run is read with its steps: their messages say its name and start, the rules its status.
  if (p_act ->> 'steps')::int > 0 then
    with due as materialized (
      select s.shard, s.run_id, s.step_id, s.due_at, to_jsonb(r) as run
      from pawl.steps s
      join pawl.runs r on r.shard = s.shard and r.run_id = s.run_id
      where (c_shard is null or s.shard = c_shard)
        and s.due_at is not null and s.lease_owner is null and s.due_at between c_from and c_now
        and s.namespace = any (c_step_namespaces)
        and (c_step_names is null or s.step_name = any (c_step_names))
        and (c_deployment is null or r.deployment_id = c_deployment)
        and (c_key_ids is null or r.encryption_key_id is null or r.encryption_key_id = any (c_key_ids))
      order by s.due_at
      limit (p_act ->> 'steps')::int
      for update of s skip locked
    ), taken as (
      update pawl.steps s
      set lease_owner = c_owner, lease_epoch = s.lease_epoch + 1, deliveries = s.deliveries + 1, version = s.version + 1
      from due
      where s.shard = due.shard and s.run_id = due.run_id and s.step_id = due.step_id and (c_shard is null or s.shard = c_shard)
      returning s.*, due.run as of_run, due.due_at as was_due_at
    )
    select jsonb_agg(jsonb_build_object('step', to_jsonb(t) - 'of_run' - 'was_due_at', 'run', t.of_run) order by t.was_due_at)
    into v_steps from taken t;
  end if;

  if (p_act ->> 'messages')::int > 0 then
    with due as materialized (
      select shard, message_id, due_at from pawl.messages
      where (c_shard is null or shard = c_shard)
        and due_at is not null and lease_owner is null and due_at between c_from and c_now
        and namespace = any (c_message_namespaces)
        and (c_deployment is null or deployment_id is null or deployment_id = c_deployment)
      order by due_at
      limit (p_act ->> 'messages')::int
      for update skip locked
    ), taken as (
      update pawl.messages m
      set lease_owner = c_owner, lease_epoch = m.lease_epoch + 1, deliveries = m.deliveries + 1
      from due
      where m.shard = due.shard and m.message_id = due.message_id and (c_shard is null or m.shard = c_shard)
      returning m.*, due.due_at as was_due_at
    )
    select
      jsonb_agg(to_jsonb(t) - 'payload' - 'was_due_at' || jsonb_build_object('size', length(t.payload)) order by t.was_due_at, t.message_id),
      string_agg(t.payload, '' order by t.was_due_at, t.message_id)
    into v_messages, bytes from taken t;
  end if;
  rows := jsonb_build_object('runs', v_runs, 'steps', v_steps, 'messages', v_messages);
  if c_shard is null and p_act ? 'until' then
    select pawl.pawl_next_due_v1(v_left || jsonb_build_object(
      'steps', (p_act ->> 'steps')::int - coalesce(jsonb_array_length(v_steps), 0),
      'messages', (p_act ->> 'messages')::int - coalesce(jsonb_array_length(v_messages), 0)))
    into v_next;
    rows := rows || jsonb_build_object('next_due_at', v_next);
  end if;
  leases := coalesce((
    select jsonb_agg(jsonb_build_array(kind, r -> 'shard', r -> 'run_id', r -> id, c_owner, r -> 'lease_epoch', c_now))
    from (
      select 'run', 'none', r from jsonb_array_elements(v_runs) as r
      union all
      select 'step', 'step_id', s -> 'step' from jsonb_array_elements(v_steps) as s
      union all
      select 'message', 'message_id', m from jsonb_array_elements(v_messages) as m
    ) as claimed (kind, id, r)), '[]');
end
$$;

-- Gives back what was leased by batches whose answers were lost, without counting an attempt, and makes sure that none of them is
-- committed from now on. One whose session is at its very end holds its writer, and what one leased may be held by anybody. Where its client
-- asks later about what it is told of here, such a batch is left whole to the next one, so that it fails none; else it is waited for. Returns
-- those that were left.
create function pawl.pawl_give_back_v1(p_shard int, p_unsure jsonb, p_now bigint)
returns jsonb
language plpgsql
as $$
declare
  c_patience text := current_setting('lock_timeout');
  v_left jsonb := '[]';
  v_unsure record;
  v_batch bigint;
  v_leases jsonb;
  v_lease jsonb;
begin
  for v_unsure in
    select writer, batch, later from jsonb_to_recordset(p_unsure) as u (writer text, batch bigint, later boolean) order by writer, batch
  loop
    begin
      if v_unsure.later then
        -- Patience does not reach the other nodes of Citus, so that a writer is waited for only where nothing can be seen of it.
        perform 1 from pawl.writers where shard = p_shard and writer_id = v_unsure.writer for update skip locked;
        if not found then
          perform 1 from pawl.writers where shard = p_shard and writer_id = v_unsure.writer;
          if found then
            raise lock_not_available;
          end if;
        end if;
        perform set_config('lock_timeout', '20ms', true);
      end if;
      insert into pawl.writers as known (shard, writer_id, batch, leases, used_at)
      values (p_shard, v_unsure.writer, v_unsure.batch, '[]', p_now)
      on conflict (shard, writer_id) do update
      set batch = greatest(known.batch, excluded.batch),
          leases = case when known.batch < excluded.batch then excluded.leases else known.leases end
      returning batch, leases into v_batch, v_leases;
      -- Those of a later batch are somebody's.
      if v_batch > v_unsure.batch then
        v_leases := '[]';
      end if;
      for v_lease in select jsonb_array_elements(v_leases) loop
        case v_lease ->> 0
        when 'run' then
          update pawl.runs
          set lease_owner = null, due_at = (v_lease ->> 6)::bigint, deliveries = greatest(0, deliveries - 1)
          where shard = (v_lease ->> 1)::int and run_id = v_lease ->> 2
            and lease_owner = v_lease ->> 4 and lease_epoch = (v_lease ->> 5)::bigint;
        when 'step' then
          update pawl.steps
          set lease_owner = null, due_at = (v_lease ->> 6)::bigint, deliveries = greatest(0, deliveries - 1), version = version + 1
          where shard = (v_lease ->> 1)::int and run_id = v_lease ->> 2 and step_id = v_lease ->> 3
            and lease_owner = v_lease ->> 4 and lease_epoch = (v_lease ->> 5)::bigint;
        when 'message' then
          update pawl.messages
          set lease_owner = null, due_at = (v_lease ->> 6)::bigint, deliveries = greatest(0, deliveries - 1)
          where shard = (v_lease ->> 1)::int and message_id = v_lease ->> 3
            and lease_owner = v_lease ->> 4 and lease_epoch = (v_lease ->> 5)::bigint;
        end case;
      end loop;
      perform set_config('lock_timeout', c_patience, true);
    exception when lock_not_available then
      if v_unsure.later is not true then
        raise;
      end if;
      v_left := v_left || to_jsonb(v_unsure);
    end;
  end loop;
  return v_left;
end
$$;

-- Everything that a worker holds (in one shard, where p_shard names it) is due at once; p_forgiven is 1 where the lost deliveries do not count as attempts. What another
-- transaction is writing at this moment is left to the next look.
create function pawl.pawl_release_all_v1(p_owner text, p_now bigint, p_forgiven int, p_shard int)
returns bigint
language plpgsql
set enable_seqscan = off
set jit = off
set enable_bitmapscan = off
as $$
declare
  v_count bigint;
  v_total bigint := 0;
begin
  with held as materialized (
    select shard, run_id from pawl.runs
    where lease_owner = p_owner and (p_shard is null or shard = p_shard)
    for update skip locked
  )
  update pawl.runs r
  set lease_owner = null, due_at = p_now, deliveries = greatest(0, r.deliveries - p_forgiven)
  from held
  where r.shard = held.shard and r.run_id = held.run_id and (p_shard is null or r.shard = p_shard);
  get diagnostics v_count = row_count;
  v_total := v_total + v_count;

  with held as materialized (
    select shard, run_id, step_id from pawl.steps
    where lease_owner = p_owner and (p_shard is null or shard = p_shard)
    for update skip locked
  )
  update pawl.steps s
  set lease_owner = null, due_at = p_now, deliveries = greatest(0, s.deliveries - p_forgiven), version = s.version + 1
  from held
  where s.shard = held.shard and s.run_id = held.run_id and s.step_id = held.step_id and (p_shard is null or s.shard = p_shard);
  get diagnostics v_count = row_count;
  v_total := v_total + v_count;

  with held as materialized (
    select shard, message_id from pawl.messages
    where lease_owner = p_owner and (p_shard is null or shard = p_shard)
    for update skip locked
  )
  update pawl.messages m
  set lease_owner = null, due_at = p_now, deliveries = greatest(0, m.deliveries - p_forgiven)
  from held
  where m.shard = held.shard and m.message_id = held.message_id and (p_shard is null or m.shard = p_shard);
  get diagnostics v_count = row_count;
  return v_total + v_count;
end
$$;

-- Dead workers, and holders of leases that no worker row stands for: one that was given up for dead may still have claimed something.
-- From one holder to the next by the index, however much each of them holds.
create function pawl.pawl_dead_v1(p_clock bigint)
returns setof text
language plpgsql
stable
set enable_seqscan = off
set jit = off
set enable_bitmapscan = off
as $$
declare
  v_owner text;
begin
  return query select worker_id from pawl.workers where expires_at <= p_clock;
  v_owner := '';
  loop
    select min(lease_owner) into v_owner from pawl.runs where lease_owner > v_owner;
    exit when v_owner is null;
    return query select v_owner where not exists (select 1 from pawl.workers where worker_id = v_owner);
  end loop;
  v_owner := '';
  loop
    select min(lease_owner) into v_owner from pawl.steps where lease_owner > v_owner;
    exit when v_owner is null;
    return query select v_owner where not exists (select 1 from pawl.workers where worker_id = v_owner);
  end loop;
  v_owner := '';
  loop
    select min(lease_owner) into v_owner from pawl.messages where lease_owner > v_owner;
    exit when v_owner is null;
    return query select v_owner where not exists (select 1 from pawl.workers where worker_id = v_owner);
  end loop;
end
$$;

create function pawl.pawl_queue_v1(
  p_kind text, p_act jsonb, p_clock bigint, p_bytes bytea,
  out held boolean, out number bigint, out detail jsonb
)
language plpgsql
set enable_seqscan = off
set jit = off
set enable_bitmapscan = off
as $$
declare
  c_shard int := p_act ->> 'shard';
  c_run_id text := p_act ->> 'run_id';
  c_id text := p_act ->> 'id';
  c_owner text := p_act ->> 'owner';
  c_epoch bigint := p_act ->> 'epoch';
  c_due_at bigint := p_act ->> 'due_at';
  c_result text := p_act ->> 'result';
  v_message pawl.messages;
  v_owner text;
  v_size int;
  v_index bigint;
  v_start int := p_act ->> 'start';
  v_beyond text;
  v_count bigint;
  c_until bigint := p_clock + (p_act ->> 'lease_ms')::bigint;
begin
  held := true;
  case p_kind
  when 'enqueue' then
    v_message := jsonb_populate_record(null::pawl.messages, p_act);
    detail := to_jsonb(v_message.message_id);
    loop
      insert into pawl.messages (
        shard, message_id, queue_name, namespace, payload, headers, idempotency_key, deployment_id, run_id, created_at,
        due_at, lease_owner, lease_epoch, deliveries)
      values (
        c_shard, v_message.message_id, v_message.queue_name, v_message.namespace, substr(p_bytes, v_start, (p_act ->> 'size')::int),
        v_message.headers, v_message.idempotency_key, v_message.deployment_id, v_message.run_id, v_message.created_at,
        v_message.due_at, v_message.lease_owner, v_message.lease_epoch, v_message.deliveries)
      on conflict (shard, idempotency_key) where idempotency_key is not null do nothing;
      exit when found;
      -- The live message with that key, unless it ended this very moment.
      select to_jsonb(message_id) into detail from pawl.messages
      where shard = c_shard and idempotency_key = v_message.idempotency_key;
      exit when found;
    end loop;

  when 'queueStep' then
    -- What its message adds to an open step that nobody has; a due time that it has already stays, so that no retry comes early.
    update pawl.steps set message = coalesce(p_act ->> 'message', message), due_at = coalesce(due_at, c_due_at)
    where shard = c_shard and run_id = c_run_id and step_id = c_id and lease_owner is null and status in ('pending', 'running');
    held := found;

  when 'settleStep' then
    -- A step that still has its lease did not end: it is due again, not before its retry_after.
    update pawl.steps
    set lease_owner = null, version = version + 1,
        due_at = case when c_due_at is null then null else greatest(retry_after, c_due_at) end,
        deliveries = case when c_result = 'retry' then deliveries when c_result = 'release' then greatest(0, deliveries - 1) else 0 end
    where shard = c_shard and run_id = c_run_id and step_id = c_id and lease_owner = c_owner and lease_epoch = c_epoch;
    held := found;

  when 'settleMessage' then
    if c_result = 'done' then
      delete from pawl.messages
      where shard = c_shard and message_id = c_id and lease_owner = c_owner and lease_epoch = c_epoch;
    else
      update pawl.messages
      set lease_owner = null, due_at = c_due_at,
          deliveries = case when c_result = 'retry' then deliveries when c_result = 'release' then greatest(0, deliveries - 1) else 0 end
      where shard = c_shard and message_id = c_id and lease_owner = c_owner and lease_epoch = c_epoch;
    end if;
    held := found;

  when 'adoptStep' then
    update pawl.steps set lease_owner = p_act ->> 'heir', version = version + 1
    where shard = c_shard and run_id = c_run_id and step_id = c_id and lease_owner = c_owner and lease_epoch = c_epoch;
    held := found;

  when 'adoptMessage' then
    update pawl.messages set lease_owner = p_act ->> 'heir'
    where shard = c_shard and message_id = c_id and lease_owner = c_owner and lease_epoch = c_epoch;
    held := found;

  when 'append' then
    -- Chunks get the next indexes, all or none. What comes after the end is ignored: readers stopped there.
    insert into pawl.streams as known (shard, name, run_id, chunk_count, closed_at, created_at)
    values (
      c_shard, c_id, c_run_id, jsonb_array_length(p_act -> 'sizes'), (p_act ->> 'closed_at')::bigint, (p_act ->> 'now')::bigint)
    on conflict (shard, name) do update
    set chunk_count = known.chunk_count + excluded.chunk_count, closed_at = excluded.closed_at
    where known.closed_at is null
    returning known.chunk_count into number;
    if not found then
      select chunk_count into number from pawl.streams where shard = c_shard and name = c_id;
      return;
    end if;
    v_index := number - jsonb_array_length(p_act -> 'sizes');
    for v_size in select jsonb_array_elements_text(p_act -> 'sizes') loop
      insert into pawl.stream_chunks (shard, name, chunk_index, data)
      values (c_shard, c_id, v_index, substr(p_bytes, v_start, v_size));
      v_start := v_start + v_size;
      v_index := v_index + 1;
    end loop;

  -- One that stood still on its way takes back no later one; of a clock that was set back a lease is left, and not more.
  when 'heartbeat' then
    if p_act ? 'host' then
      insert into pawl.workers (worker_id, host, pid, deployment_id, started_at, expires_at)
      values (
        c_id, p_act ->> 'host', (p_act ->> 'pid')::int, p_act ->> 'deployment_id', (p_act ->> 'started_at')::bigint,
        c_until)
      on conflict (worker_id) do update
      set expires_at = greatest(excluded.expires_at, least(workers.expires_at, excluded.expires_at + (p_act ->> 'lease_ms')::bigint));
    else
      update pawl.workers
      set expires_at = greatest(c_until, least(expires_at, c_until + (p_act ->> 'lease_ms')::bigint))
      where worker_id = c_id;
      held := found;
    end if;

  -- Where each shard is asked by itself, "shard" says which, and "forget" comes last: then nothing is held any more.
  when 'reap' then
    detail := '[]';
    number := 0;
    for v_owner in select distinct w from pawl.pawl_dead_v1(p_clock) as w order by w loop
      -- One that has come back since it was looked for, or is being written at this moment, is left to the next look.
      if c_shard is null then
        perform 1 from pawl.workers where worker_id = v_owner and expires_at <= p_clock for update skip locked;
        if not found then
          perform 1 from pawl.workers where worker_id = v_owner;
          continue when found;
        end if;
      end if;
      if not p_act ? 'forget' then
        number := number + pawl.pawl_release_all_v1(v_owner, (p_act ->> 'now')::bigint, 0, c_shard);
      end if;
      if c_shard is null then
        delete from pawl.workers where worker_id = v_owner;
      end if;
      detail := detail || to_jsonb(v_owner);
    end loop;

  when 'leave' then
    if not p_act ? 'forget' then
      perform pawl.pawl_release_all_v1(c_id, (p_act ->> 'now')::bigint, 1, c_shard);
    end if;
    if c_shard is null then
      delete from pawl.workers where worker_id = c_id;
    end if;

  when 'sweepStreams' then
    -- By their key, shard by shard: without it every stream there is would be read, while a batch waits for it.
    number := 0;
    v_beyond := left(c_id, -1) || chr(ascii(right(c_id, 1)) + 1);
    for v_shard in 0 .. 63 loop
      delete from pawl.stream_chunks
      where shard = v_shard and name = any (array(
        select name from pawl.streams
        where shard = v_shard and name >= c_id and name < v_beyond and created_at < (p_act ->> 'before')::bigint));
      delete from pawl.streams
      where shard = v_shard and name >= c_id and name < v_beyond and created_at < (p_act ->> 'before')::bigint;
      get diagnostics v_count = row_count;
      number := number + v_count;
    end loop;
    delete from pawl.writers where used_at < p_clock - 86400000;
  end case;
end
$$;
