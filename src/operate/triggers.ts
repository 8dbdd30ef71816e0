import type { z } from 'zod';
import { nextOccurrence } from '../flow/triggers/schedule.ts';
import type { Firing, Trigger, TriggerRecord } from '../flow/triggers/types.ts';
import { audited } from './audit.ts';
import { expectScope } from './caller.ts';
import { OperateError, ofStoredError } from './errors.ts';
import type { Operator, RedactContext } from './operator.ts';
import { type PageOf, type PageQuery, pageOfAll } from './pages.ts';
import { redactedText } from './redacted-text.ts';
import { instant } from './run-views.ts';
import type { firingSchema, triggerDetailSchema, triggerSchema } from './schemas/flows.ts';

export type ShownTrigger = z.infer<typeof triggerSchema>;
export type TriggerDetail = z.infer<typeof triggerDetailSchema>;
export type ShownFiring = z.infer<typeof firingSchema>;

/** The triggers that this caller may see, by their ids. */
export async function listTriggers(operator: Operator, query: PageQuery = {}): Promise<PageOf<ShownTrigger>> {
  expectScope(operator.caller, 'read');
  const flows = (await operator.store()).flows;
  const records = flows ? await operator.engine().triggers.list() : [];
  const seen = records.filter(({ trigger }) => isVisible(operator, trigger)).map(viewTrigger);
  return pageOfAll(
    'triggers',
    seen.toSorted((a, b) => (a.triggerId < b.triggerId ? -1 : 1)),
    query,
  );
}

/** One trigger with the next instants at which it fires; throws TRIGGER_NOT_FOUND. */
export async function getTrigger(operator: Operator, id: string): Promise<TriggerDetail> {
  expectScope(operator.caller, 'read');
  return viewDetail(operator, await findTrigger(operator, id));
}

/** What became of its firings, the newest first; the last 1,000 are kept. */
export async function listFirings(operator: Operator, id: string, query: PageQuery = {}): Promise<PageOf<ShownFiring>> {
  expectScope(operator.caller, 'read');
  const { trigger } = await findTrigger(operator, id);
  const firings = await operator.engine().triggers.firings(id, { limit: mostFirings });
  const page = pageOfAll('firings', firings, query);
  return { ...page, data: page.data.map((firing) => viewFiring(operator, trigger, firing)) };
}

/** Keeps a trigger, or replaces the one with its id. */
export function putTrigger(operator: Operator, definition: Record<string, unknown>): Promise<TriggerDetail> {
  const { id } = definition;
  return audited(operator, { action: 'trigger.put', target: typeof id === 'string' ? id : null, scope: 'admin' }, async () => {
    const { tenantId } = operator.caller;
    if (tenantId !== null && definition['tenantId'] !== tenantId) {
      throw new OperateError(
        'forbidden',
        'TENANT_MISMATCH',
        `"${operator.caller.name}" is bound to tenant "${tenantId}": say it in tenantId.`,
      );
    }
    // What has this id already may be another tenant's.
    if (typeof id === 'string') await expectMine(operator, id);
    return viewDetail(operator, await operator.engine().triggers.register(structuredClone(definition) as unknown as Trigger));
  });
}

/** From now on it fires, or does not any more. */
export function enableTrigger(operator: Operator, id: string, enabled: boolean): Promise<TriggerDetail> {
  return audited(operator, { action: enabled ? 'trigger.enable' : 'trigger.disable', target: id, scope: 'admin' }, async () => {
    const { trigger } = await findTrigger(operator, id);
    return viewDetail(operator, await operator.engine().triggers.register({ ...structuredClone(trigger), enabled }));
  });
}

export interface FireTrigger {
  /** What it sees, instead of what it would see by itself. */
  readonly data?: Readonly<Record<string, unknown>> | undefined;
}

/** Fires it once, now, also while it is disabled. Throws what kept it from starting a run, which stands among its firings too. */
export function fireTrigger(operator: Operator, id: string, { data }: FireTrigger = {}): Promise<ShownFiring> {
  return audited(operator, { action: 'trigger.fire', target: id, scope: 'act' }, async () => {
    const { trigger } = await findTrigger(operator, id);
    const firing = viewFiring(operator, trigger, await operator.engine().triggers.fire(id, data));
    if (firing.error) throw ofStoredError(firing.error);
    return firing;
  });
}

/** The trigger as it is stored, if this caller may know of it. */
export async function findTrigger(operator: Operator, id: string): Promise<TriggerRecord> {
  const flows = (await operator.store()).flows;
  const record = flows ? await operator.engine().triggers.find(id) : undefined;
  if (record && isVisible(operator, record.trigger)) return record;
  throw new OperateError('not-found', 'TRIGGER_NOT_FOUND', `There is no trigger "${id}".`);
}

async function expectMine(operator: Operator, id: string): Promise<void> {
  const known = await operator.engine().triggers.find(id);
  if (known && !isVisible(operator, known.trigger)) throw new OperateError('conflict', 'CONFLICT', `The id "${id}" is taken.`);
}

function isVisible({ caller }: Operator, { tenantId }: Trigger): boolean {
  return caller.tenantId === null || tenantId === caller.tenantId;
}

const mostFirings = 1_000;
const shownFirings = 5;

function viewDetail({ clock }: Operator, record: TriggerRecord): TriggerDetail {
  return { ...viewTrigger(record), definition: withoutSecret(record.trigger), nextFirings: nextFirings(record.trigger, clock.now()) };
}

function viewTrigger({ trigger, createdAt, nextFireAt }: TriggerRecord): ShownTrigger {
  const { id, type, flowId, version = null, tenantId = null, enabled = true } = trigger;
  const next = enabled ? (nextFireAt ?? null) : null;
  return {
    triggerId: id,
    type,
    flowId,
    version,
    tenantId,
    enabled,
    createdAt: instant(createdAt),
    nextFireAt: instant(next),
    summary: summaryOf(trigger),
  };
}

function summaryOf(trigger: Trigger): string {
  switch (trigger.type) {
    case 'http':
      return `${trigger.method ?? 'POST'} ${trigger.path}${trigger.signature ? ', signed' : ''}`;
    case 'schedule':
      return `${trigger.cron} ${trigger.timezone ?? 'UTC'}`;
    case 'event':
      return `${trigger.event}${trigger.sourceFlowId === undefined ? '' : ` of ${trigger.sourceFlowId}`}`;
  }
}

/** A secret that stands in the definition itself is nobody's to read; the name of an environment variable is. */
function withoutSecret(trigger: Trigger): Record<string, unknown> {
  const { signature, ...rest } = structuredClone(trigger) as unknown as Record<string, unknown> & { signature?: { secret?: unknown } };
  if (!signature) return rest;
  return { ...rest, signature: { ...signature, secret: typeof signature.secret === 'string' ? '***' : signature.secret } };
}

function nextFirings(trigger: Trigger, now: number): string[] {
  if (trigger.type !== 'schedule' || trigger.enabled === false) return [];
  const found: string[] = [];
  for (let at = nextOccurrence(trigger, now); at !== undefined && found.length < shownFirings; at = nextOccurrence(trigger, at))
    found.push(instant(at));
  return found;
}

function viewFiring(
  operator: Operator,
  trigger: Trigger,
  { firedAt, scheduledFor, executionId, duplicate = false, error }: Firing,
): ShownFiring {
  return {
    firedAt: instant(firedAt),
    scheduledFor: instant(scheduledFor ?? null),
    runId: executionId ?? null,
    duplicate,
    error: error ? { code: error.code, message: redactedText(operator, 'message', error.message, firingContext(trigger)) } : null,
  };
}

/** Where the error of a firing stands that started no run: with the flow that it was to start. */
export function firingContext({ flowId, version }: Trigger): RedactContext {
  return { runId: '', workflowName: `flow//${flowId}${version === undefined ? '' : `@${version}`}`, what: 'error' };
}
