import type { TriggerRow } from '../../world/flow-port.ts';
import { FlowError } from '../errors.ts';
import type { TriggerFiring, TriggerStore } from '../triggers/port.ts';
import type { Firing, Trigger, TriggerRecord } from '../triggers/types.ts';
import { flowStore, type FlowWorld } from './flow-world.ts';
import type { WorldIndex } from './world-index.ts';

const keptFirings = 1_000;

/** Triggers in the World: a firing and the executions it creates are one act. */
export class WorldTriggerStore implements TriggerStore {
  readonly #world: FlowWorld;
  readonly #index: WorldIndex;

  constructor(world: FlowWorld, index: WorldIndex) {
    this.#world = world;
    this.#index = index;
  }

  async put(record: TriggerRecord): Promise<void> {
    const flows = await flowStore(this.#world);
    const { held } = await flows.commit({ kind: 'saveTrigger', row: encode(record) });
    if (!held) throw new FlowError('EXECUTION_CONFLICT', `Trigger ${record.trigger.id} was changed meanwhile.`);
  }

  async find(id: string): Promise<TriggerRecord | undefined> {
    const row = await (await flowStore(this.#world)).getTrigger(id);
    return row && decode(row);
  }

  async list(): Promise<readonly TriggerRecord[]> {
    return (await (await flowStore(this.#world)).listTriggers()).map(decode);
  }

  async delete(id: string): Promise<void> {
    await (await flowStore(this.#world)).commit({ kind: 'deleteTrigger', triggerId: id });
  }

  async findHttp(method: string, path: string): Promise<TriggerRecord | undefined> {
    const [row] = await (await flowStore(this.#world)).listTriggers({ http: { method, path } });
    return row && decode(row);
  }

  async listEvent(event: string, flowId: string): Promise<readonly TriggerRecord[]> {
    return (await (await flowStore(this.#world)).listTriggers({ event: { name: event, flowId } })).map(decode);
  }

  async due({ now, limit }: { readonly now: number; readonly limit: number }) {
    const rows = await (await flowStore(this.#world)).listScheduledTriggers(limit + 1);
    const records = rows.slice(0, limit).filter(({ nextFireAt }) => nextFireAt !== null && nextFireAt <= now);
    const next = rows[records.length]?.nextFireAt;
    return { records: records.map(decode), ...(next == null ? {} : { nextDueAt: next }) };
  }

  async fire({ triggerId, record, firings, commits }: TriggerFiring): Promise<void> {
    const texts = firings.map((firing) => JSON.stringify(firing));
    await this.#index.commitAll(commits, { triggerId, row: record ? encode(record) : null, firings: texts, keep: keptFirings });
  }

  async firings(triggerId: string, { limit = 100 }: { readonly limit?: number } = {}): Promise<readonly Firing[]> {
    const rows = await (await flowStore(this.#world)).listFirings(triggerId, limit);
    return rows.map((text) => JSON.parse(text) as Firing);
  }
}

function encode({ trigger, revision, createdAt, nextFireAt }: TriggerRecord): TriggerRow {
  const http = trigger.type === 'http' ? { method: trigger.method ?? 'POST', path: trigger.path } : { method: null, path: null };
  const event =
    trigger.type === 'event' ? { event: trigger.event, sourceFlowId: trigger.sourceFlowId ?? null } : { event: null, sourceFlowId: null };
  return {
    triggerId: trigger.id,
    type: trigger.type,
    revision,
    enabled: trigger.enabled !== false,
    ...http,
    ...event,
    nextFireAt: nextFireAt ?? null,
    createdAt,
    definition: JSON.stringify(trigger),
  };
}

function decode({ definition, revision, createdAt, nextFireAt }: TriggerRow): TriggerRecord {
  const trigger = JSON.parse(definition) as Trigger;
  return { trigger, revision, createdAt, ...(nextFireAt === null ? {} : { nextFireAt }) };
}
