import { fnv1a } from '../base/hash.ts';
import { isFlowAct } from '../world/any-act.ts';
import type { ChildEnd, ExecutionWrite, FlowAct, FlowCommitAct, FlowHookChange, KeyWrite } from '../world/flow-port.ts';
import { isTerminal } from '../world/rows.ts';
import { specVersion } from '../world/rules/spec-version.ts';
import { shardCount, shardOf } from '../world/shard.ts';
import type { NewEvent, Transition } from '../world/transition.ts';
import { toColumns } from './columns.ts';
import { encodeRows, type FlowRows, noRows, specVersionOf, told } from './flow-rows.ts';
import { type Payloads, upTo } from './payloads.ts';

export interface RunKey {
  readonly shard: number;
  readonly runId: string;
}

/** Tells the parent of a run of code that it ended: what the act that ended it left to be done. */
export interface SettleCodeAct {
  readonly kind: 'settleCode';
  readonly childId: string;
  readonly parentId: string;
  readonly now: number;
}

/** An act of a flow as it joins a batch, with the runs beside its own that it has to lock. */
export type FlowBatchAct = (FlowAct & { readonly locks?: readonly RunKey[] }) | SettleCodeAct;

interface EncodedAct {
  readonly kind: string;
  readonly [field: string]: unknown;
}

export function isFlowBatchAct(act: { readonly kind: string }): act is FlowBatchAct {
  return act.kind === 'settleCode' || isFlowAct(act);
}

const keyOf = (runId: string): RunKey => ({ shard: shardOf(runId), runId });

/** A parent first: what waits for it goes together. A run that is yet to be made has nothing to lock. */
export function runsOfFlow(act: FlowBatchAct): RunKey[] {
  switch (act.kind) {
    case 'flowCommit':
      return [
        ...act.writes.flatMap(({ settles }) => (settles ? [keyOf(settles.parentId)] : [])),
        ...act.writes.flatMap(({ shard, runId, expectedRevision }) => (expectedRevision === 0 ? [] : [{ shard, runId }])),
        ...(act.locks ?? []),
      ];
    case 'claimExecution':
    case 'releaseExecution':
    case 'deleteExecution':
    case 'createToken':
      return [{ shard: act.shard, runId: act.runId }];
    case 'settleChild':
      return [keyOf(act.child.parentId)];
    case 'settleCode':
      return [keyOf(act.parentId)];
    case 'disposeTokens':
      return [...(act.locks ?? [])];
    default:
      return [];
  }
}

interface Placed {
  readonly act: FlowBatchAct;
  readonly index: number;
}

interface Places {
  /** Of the runs that the batch locks, counted from 1. */
  readonly places: ReadonlyMap<string, number>;
  readonly payloads: Payloads;
  /** Writes that are all of one shard say so. */
  readonly citus: boolean;
}

/**
 * Acts of flows as the committer of flows takes them (migrations/0007_flow_v1.sql): the rows of all commits apart from the commits, so that
 * each table is written once. Of several commits of one run each goes into a call of its own.
 */
export function encodeFlows(acts: readonly Placed[], places: Places): EncodedAct[] {
  const sorted = acts.map((placed) => ({ ...placed, order: lockOrder(placed.act) }));
  sorted.sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : a.index - b.index));
  const calls: Call[] = [];
  for (const { act, index } of sorted) {
    let call = calls.at(-1);
    if (!call || !call.admits(act)) calls.push((call = new Call(places)));
    call.add(act, index);
  }
  return calls.map((call) => ({ kind: 'flow', act: -1, run: 0, detail: call.encoded() }));
}

/** Keys and triggers are locked by the acts that write them: in the same order everywhere. */
function lockOrder(act: FlowBatchAct): string {
  if (act.kind === 'flowCommit') {
    const key = act.writes.find((write) => write.key)?.key;
    return `${act.firing?.triggerId ?? ''} ${key ? `${shardOfKey(key)} ${key.key}` : ''}`;
  }
  if (act.kind === 'saveTrigger') return act.row.triggerId;
  return act.kind === 'deleteTrigger' ? act.triggerId : '';
}

class Call {
  readonly #places: Places;
  readonly #acts: EncodedAct[] = [];
  readonly #plain: object[] = [];
  /** Of the writes, in order. */
  readonly #shards: number[] = [];
  readonly #runs: string[] = [];
  readonly #known = new Set<string>();
  readonly #rows: FlowRows = noRows();

  constructor(places: Places) {
    this.#places = places;
  }

  admits(act: FlowBatchAct): boolean {
    return act.kind !== 'flowCommit' || act.writes.every(({ runId }) => !this.#known.has(runId));
  }

  add(act: FlowBatchAct, index: number): void {
    const plain = plainWrite(act);
    if (plain) return this.#addPlain(plain, index);
    const runs = runsOfFlow(act).flatMap(({ runId }) => this.#places.places.get(runId) ?? []);
    this.#acts.push({ act: index, runs, ...this.#encode(act) });
  }

  encoded(): Record<string, unknown> {
    const rows = Object.entries(this.#rows).filter(([, list]) => list.length > 0);
    const plain = this.#plain.length === 0 ? {} : { plain: this.#plain };
    const shard = this.#places.citus && new Set(this.#shards).size === 1 ? this.#shards[0] : undefined;
    return { acts: this.#acts, shard, shards: this.#shards, runs: this.#runs, ...plain, ...Object.fromEntries(rows) };
  }

  #addPlain(write: ExecutionWrite, act: number): void {
    const { runId, expectedRevision, state, dueAt, heard } = write;
    const ended = isTerminal(write.status) ? { ends: true, error: told(write.error), output_event: told(write.outputEvent) } : {};
    this.#plain.push({
      act,
      run: this.#places.places.get(runId),
      w: this.#place(write),
      now: upTo(write.now),
      expected: expectedRevision,
      epoch: told(write.epoch),
      status: write.status,
      events: write.events.length,
      revision: state.revision,
      fields: state.fields,
      entries: write.history.length,
      due_at: told(upTo(dueAt)),
      ...ended,
      ...(heard.length === 0 ? {} : { flow_id: state.flowId, heard }),
    });
  }

  #encode(act: FlowBatchAct): EncodedAct {
    switch (act.kind) {
      case 'flowCommit':
        return this.#commit(act);
      case 'claimExecution':
        // Given back if the answer is lost: due at once then, whoever wanted it.
        return { kind: act.kind, take_shard: act.shard, take_run: act.runId, now: 0, holder: act.owner };
      case 'releaseExecution':
        return { kind: act.kind, take_shard: act.shard, take_run: act.runId, detail: act.lease };
      case 'deleteExecution':
        return { kind: act.kind, detail: { shard: act.shard, run_id: act.runId } };
      case 'settleChild':
        return { kind: act.kind, detail: { ...encodeEnd(act.child), now: upTo(act.now) } };
      case 'settleCode':
        return { kind: act.kind, detail: { shard: shardOf(act.childId), run_id: act.childId, now: upTo(act.now) } };
      case 'createToken': {
        const { kind, event, expiresAt, now, ...key } = act;
        return { kind, detail: { ...toColumns(key), expires_at: upTo(expiresAt), now: upTo(now), event: this.#event(event) } };
      }
      case 'disposeTokens': {
        const event = { type: 'hook_disposed', spec_version: act.specVersion };
        const token = 'token' in act.of ? act.of.token : null;
        const [run] = act.locks ?? [];
        return { kind: act.kind, detail: { shard: run?.shard, run_id: run?.runId, token, event, now: upTo(act.now) } };
      }
      case 'saveFlows':
        return { kind: act.kind, detail: { flows: act.flows.map(toColumns), now: upTo(act.now) } };
      case 'saveTrigger':
        return { kind: act.kind, detail: encodeTrigger(act.row) };
      case 'deleteTrigger':
        return { kind: act.kind, detail: { trigger_id: act.triggerId } };
      case 'triggerHeard':
        return { kind: act.kind, detail: { positions: act.positions } };
    }
  }

  #commit({ writes, codeRuns, firing, takeRunFor }: FlowCommitAct): EncodedAct {
    const [first] = writes;
    const encoded = writes.map((write) => this.#write(write));
    const take =
      takeRunFor === null || !first ? {} : { take_for: takeRunFor, take_shard: first.shard, take_run: first.runId, now: upTo(first.now) };
    const [only] = encoded;
    // What may be refused after it has written something can be undone.
    const single = only && encoded.length === 1 && codeRuns.length === 0 && !firing && !(first?.create && first.key);
    if (single) return { kind: 'write', w: only['w'], write: only, ...take };
    return {
      kind: 'parts',
      parts: encoded,
      code_runs: codeRuns.map((transition) => this.#codeRun(transition)),
      firing: firing
        ? {
            trigger_id: firing.triggerId,
            row: firing.row ? encodeTrigger(firing.row) : null,
            firings: firing.firings,
            keep: firing.keep,
          }
        : null,
      ...take,
    };
  }

  #write(write: ExecutionWrite): Record<string, unknown> {
    return { w: this.#place(write), ...encodeWrite(write) };
  }

  /** Which write of the call it is, with its rows. */
  #place(write: ExecutionWrite): number {
    this.#known.add(write.runId);
    this.#shards.push(write.shard);
    const w = this.#runs.push(write.runId);
    encodeRows(write, { w, rows: this.#rows, payloads: this.#places.payloads });
    return w;
  }

  #event({ payload, ...event }: NewEvent): Record<string, unknown> {
    return { ...toColumns(event), ...(payload === null ? {} : this.#places.payloads.add(payload)) };
  }

  #codeRun({ shard, runId, now, run, external, wakeAt, events }: Transition): Record<string, unknown> {
    return {
      shard,
      run_id: runId,
      now: upTo(now),
      run_row: run.kind === 'create' ? toColumns(run.row) : null,
      external,
      wake_at: upTo(wakeAt),
      events: events.map((event, place) => ({ place, ...this.#event(event) })),
    };
  }
}

/** The write of an act that only carries an execution on, or ends it: it changes no other rows than its run, its execution and what they have. */
function plainWrite(act: FlowBatchAct): ExecutionWrite | undefined {
  if (act.kind !== 'flowCommit' || act.writes.length !== 1 || act.codeRuns.length > 0 || act.firing || act.takeRunFor !== null)
    return undefined;
  const write = act.writes[0] as ExecutionWrite;
  const { create, expectedRevision, replace, join, children, settles, cancelChildren, consumesToken, waits, hooks, key } = write;
  if (create || expectedRevision === null || replace || join || settles || cancelChildren || consumesToken !== null || key)
    return undefined;
  if (children.length + waits.length + hooks.length > 0) return undefined;
  // What is over stays so, unless it is told otherwise: who has a lease knows that it is not.
  return isTerminal(write.status) && write.epoch === null ? undefined : write;
}

function encodeWrite(write: ExecutionWrite): Record<string, unknown> {
  const { create, state, join, children, settles, cancelChildren, heard, waits, hooks, key } = write;
  return {
    shard: write.shard,
    run_id: write.runId,
    now: upTo(write.now),
    expected: write.expectedRevision,
    epoch: told(write.epoch),
    run_row: create ? toColumns(create) : undefined,
    status: write.status,
    error: told(write.error),
    output_event: told(write.outputEvent),
    events: write.events.length,
    spec_version: specVersionOf(write),
    ...toColumns(state),
    entries: write.history.length,
    replace: write.replace,
    due_at: told(upTo(write.dueAt)),
    ...(waits.length === 0 ? {} : { waits: waits.map(({ waitId, resumeAt }) => ({ wait_id: waitId, resume_at: upTo(resumeAt) })) }),
    ...(hooks.length === 0 ? {} : { hooks: hooks.map(encodeHook) }),
    ...(key ? { key: encodeKey(key) } : {}),
    ...(join ? { join_group: join.group, join_wake_when: join.wakeWhen, join_at: upTo(join.at) } : {}),
    ...(children.length === 0 ? {} : { children: children.map(encodeChild) }),
    ...(settles ? { settles: encodeEnd(settles) } : {}),
    ...(cancelChildren ? { cancel: { ...cancelChildren, at: upTo(cancelChildren.at), spec_version: specVersion } } : {}),
    ...(write.consumesToken === null ? {} : { token: write.consumesToken }),
    ...(heard.length === 0 ? {} : { heard }),
  };
}

function encodeHook({ hookId, token, eventIndex }: FlowHookChange) {
  return { hook_id: hookId, token, event: eventIndex };
}

function encodeChild({ group, index, childId, kind }: ExecutionWrite['children'][number]) {
  return { group_name: group, child_index: index, child_shard: shardOf(childId), child_id: childId, kind };
}

function encodeEnd({ parentId, group, index, childId, ...end }: ChildEnd) {
  const place = { shard: shardOf(parentId), parent_id: parentId, group_name: group, child_index: index };
  return { ...place, child_shard: shardOf(childId), child_id: childId, ...end };
}

function encodeTrigger(row: Extract<FlowAct, { kind: 'saveTrigger' }>['row']) {
  return toColumns({ ...row, nextFireAt: upTo(row.nextFireAt) });
}

function encodeKey(key: KeyWrite) {
  const { tenantId, flowId, expiresAt } = key;
  return { shard: shardOfKey(key), tenant_id: tenantId ?? '', flow_id: flowId, key: key.key, expires_at: upTo(expiresAt) };
}

/** A key lies on a shard of its own: it is looked up without the run that holds it. */
export function shardOfKey({ tenantId, flowId, key }: Pick<KeyWrite, 'tenantId' | 'flowId' | 'key'>): number {
  return fnv1a(JSON.stringify([tenantId ?? '', flowId, key])) % shardCount;
}
