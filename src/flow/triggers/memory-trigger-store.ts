import { FlowError } from '../errors.ts';
import type { ExecutionIndex } from '../execution-index.ts';
import { DueQueue } from '../memory/due-queue.ts';
import type { TriggerFiring, TriggerStore } from './port.ts';
import type { Firing, TriggerRecord } from './types.ts';

const keptFirings = 1_000;

/** Triggers in memory, beside executions in memory. */
export class MemoryTriggerStore implements TriggerStore {
  readonly #index: ExecutionIndex;
  readonly #records = new Map<string, TriggerRecord>();
  readonly #firings = new Map<string, Firing[]>();
  readonly #due = new DueQueue();

  constructor(index: ExecutionIndex) {
    this.#index = index;
  }

  async put(record: TriggerRecord): Promise<void> {
    this.#expect(record);
    this.#write(record);
  }

  async find(id: string): Promise<TriggerRecord | undefined> {
    return this.#records.get(id);
  }

  async list(): Promise<readonly TriggerRecord[]> {
    return [...this.#records.values()];
  }

  async delete(id: string): Promise<void> {
    this.#records.delete(id);
    this.#firings.delete(id);
    this.#due.set(id, null);
  }

  async findHttp(method: string, path: string): Promise<TriggerRecord | undefined> {
    for (const record of this.#records.values()) {
      const { trigger } = record;
      if (trigger.type !== 'http' || trigger.enabled === false) continue;
      if (trigger.path === path && (trigger.method ?? 'POST') === method) return record;
    }
    return undefined;
  }

  async listEvent(event: string, flowId: string): Promise<readonly TriggerRecord[]> {
    return [...this.#records.values()].filter(({ trigger }) => {
      if (trigger.type !== 'event' || trigger.enabled === false || trigger.event !== event) return false;
      return trigger.sourceFlowId === undefined || trigger.sourceFlowId === flowId;
    });
  }

  async due({ now, limit }: { readonly now: number; readonly limit: number }) {
    const { ids, nextDueAt } = this.#due.due(now, limit, () => false);
    const records = ids.flatMap((id) => this.#records.get(id) ?? []);
    return { records, ...(nextDueAt === undefined ? {} : { nextDueAt }) };
  }

  async fire({ triggerId, record, firings, commits }: TriggerFiring): Promise<void> {
    // The record is taken first, so that of two who fire one is refused before it creates anything.
    const before = this.#records.get(triggerId);
    if (record) await this.put(record);
    try {
      for (const commit of commits) await this.#index.commit(commit);
    } catch (error) {
      if (record && before) this.#write(before);
      throw error;
    }
    const known = this.#firings.get(triggerId) ?? [];
    this.#firings.set(triggerId, [...firings.toReversed(), ...known].slice(0, keptFirings));
  }

  async firings(triggerId: string, { limit = 100 }: { readonly limit?: number } = {}): Promise<readonly Firing[]> {
    return (this.#firings.get(triggerId) ?? []).slice(0, limit);
  }

  #expect({ trigger, revision }: TriggerRecord): void {
    const stored = this.#records.get(trigger.id)?.revision ?? 0;
    if (stored === revision - 1) return;
    throw new FlowError('EXECUTION_CONFLICT', `Trigger ${trigger.id} is at revision ${stored}, not ${revision - 1}.`);
  }

  #write(record: TriggerRecord): void {
    const { trigger, nextFireAt } = record;
    this.#records.set(trigger.id, record);
    this.#due.set(trigger.id, trigger.enabled === false ? null : (nextFireAt ?? null));
  }
}
