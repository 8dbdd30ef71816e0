import type { State, StateKey } from '../world/port.ts';
import type { HookRow, RunRow, StepRow, WaitRow } from '../world/rows.ts';
import { shardOf } from '../world/shard.ts';
import { Arguments, fromColumns } from './columns.ts';
import type { Database } from './database.ts';
import { getTokenHolder } from './hooks.ts';

/** One statement reads the run with what belongs to it; a token has its own key and is asked for beside it, at the same time. */
export async function loadState(db: Database, key: StateKey): Promise<State> {
  const [ofRun, tokenHolder] = await Promise.all([
    loadRunWith(db, key),
    key.token === undefined ? undefined : getTokenHolder(db, key.token),
  ]);
  return { ...ofRun, ...(key.token === undefined ? {} : { tokenHolder }) };
}

interface Loaded {
  readonly run: object;
  readonly step: object | null;
  readonly wait: object | null;
  readonly hook: object | null;
  readonly openWaits: readonly object[] | null;
}

async function loadRunWith(db: Database, { runId, stepId, waitId, hookId, openWaits = false }: StateKey): Promise<State> {
  const args = new Arguments();
  const [shard, run] = [args.put(shardOf(runId)), args.put(runId)];
  const joined = (table: string, alias: string, column: string, id: string | undefined) =>
    id === undefined
      ? ''
      : `left join pawl.${table} ${alias} on ${alias}.shard = r.shard and ${alias}.run_id = r.run_id and ${alias}.${column} = ${args.put(id)}`;
  const joins = [joined('steps', 's', 'step_id', stepId), joined('waits', 'w', 'wait_id', waitId), joined('hooks', 'h', 'hook_id', hookId)];
  const listed = openWaits
    ? `(select json_agg(d order by d.due_at, d.wait_id) from pawl.waits d
        where d.shard = r.shard and d.run_id = r.run_id and d.status = 'waiting')`
    : 'null';
  const [found] = await db.query<Loaded>(
    `select
       row_to_json(r) as run, ${listed} as "openWaits",
       ${stepId === undefined ? 'null' : 'row_to_json(s)'} as step,
       ${waitId === undefined ? 'null' : 'row_to_json(w)'} as wait,
       ${hookId === undefined ? 'null' : 'row_to_json(h)'} as hook
     from pawl.runs r
     ${joins.join('\n')}
     where r.shard = ${shard} and r.run_id = ${run}`,
    args.values,
  );
  return {
    run: rowOf<RunRow>(found?.run),
    ...(stepId === undefined ? {} : { step: rowOf<StepRow>(found?.step) }),
    ...(waitId === undefined ? {} : { wait: rowOf<WaitRow>(found?.wait) }),
    ...(hookId === undefined ? {} : { hook: rowOf<HookRow>(found?.hook) }),
    ...(openWaits ? { openWaits: (found?.openWaits ?? []).map((wait) => fromColumns<WaitRow>(wait)) } : {}),
  };
}

function rowOf<R>(columns: object | null | undefined): R | undefined {
  return columns ? fromColumns<R>(columns) : undefined;
}
