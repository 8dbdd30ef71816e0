import type { z } from 'zod';
import { renderUlid } from '../base/ulid.ts';
import { describeError } from '../base/logger.ts';
import { decodeCursor, encodeCursor } from '../world/cursor.ts';
import { expectScope, type Scope } from './caller.ts';
import { asOperateError } from './errors.ts';
import { newLineId } from './line-id.ts';
import type { Operator } from './operator.ts';
import type { PageOf, PageQuery } from './pages.ts';
import { instant } from './run-views.ts';
import type { auditEntrySchema } from './schemas/system.ts';

export type AuditEntry = z.infer<typeof auditEntrySchema>;

export interface Audited {
  /** What is done, as `run.cancel`. */
  readonly action: string;
  /** To which run, flow or trigger; null: to none in particular. */
  readonly target: string | null;
  readonly scope: Scope;
  /** What else is worth knowing. Never a payload, nor a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
}

const keptMs = 90 * 86_400_000;

/**
 * Does what changes something, if the caller may, and leaves a line about it: in the log as `audit`, and in the database for 90 days. What
 * was refused or failed leaves one too. An act that is done is not undone because its line could not be kept; that is told in the log.
 */
export async function audited<T>(operator: Operator, about: Audited, act: () => Promise<T>): Promise<T> {
  try {
    expectScope(operator.caller, about.scope);
    const done = await act();
    await leaveLine(operator, about, { outcome: 'done', code: null });
    return done;
  } catch (error) {
    const known = asOperateError(error);
    const outcome = known && known.kind !== 'unavailable' ? 'refused' : 'failed';
    await leaveLine(operator, about, { outcome, code: known?.code ?? 'INTERNAL' });
    throw error;
  }
}

/** Leaves a line about what was done outside `audited`. Never throws. */
export async function leaveLine(
  operator: Operator,
  about: Audited,
  { outcome, code }: Pick<AuditEntry, 'outcome' | 'code'>,
): Promise<void> {
  const { caller, clock, logger } = operator;
  const at = clock.now();
  const { action, target } = about;
  const details = { ...about.details, ...(caller.idempotencyKey === undefined ? {} : { idempotencyKey: caller.idempotencyKey }) };
  const entry = { actor: caller.name, via: caller.via, action, target, outcome, code, details };
  logger.info('audit', { ...entry, tenantId: caller.tenantId });
  try {
    const store = await operator.store();
    const row = { auditId: newLineId(at), at, tenantId: caller.tenantId, entry: JSON.stringify(entry) };
    await store.commit({ kind: 'audit', row, keepFrom: renderUlid({ ms: Math.max(0, at - keptMs), high40: 0, low40: 0 }) });
  } catch (error) {
    logger.error(`This line of the audit log could not be kept: ${describeError(error)}`, { ...entry, tenantId: caller.tenantId });
  }
}

const remembered = 1_000;

/** Whether this caller has done it to this target under this key, as far as the newest lines say. */
export async function hasDone(
  operator: Operator,
  { action, target, key }: { readonly action: string; readonly target: string; readonly key: string },
): Promise<boolean> {
  const { name, tenantId } = operator.caller;
  const rows = await (await operator.store()).operator.listAudit({ tenantId, after: undefined, limit: remembered });
  return rows.some((row) => {
    const entry = JSON.parse(row.entry) as AuditEntry;
    const same = entry.actor === name && row.tenantId === tenantId && entry.action === action && entry.target === target;
    return same && entry.outcome === 'done' && entry.details['idempotencyKey'] === key;
  });
}

/** What was done, the newest first; one who is bound to a tenant sees what was done in its name. */
export async function listAudit(operator: Operator, { limit = 50, cursor }: PageQuery = {}): Promise<PageOf<AuditEntry>> {
  expectScope(operator.caller, 'admin');
  const after = decodeCursor('audit log', cursor, ['string'])?.[0] as string | undefined;
  const rows = await (await operator.store()).operator.listAudit({ tenantId: operator.caller.tenantId, after, limit: limit + 1 });
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const hasMore = rows.length > limit;
  return {
    data: shown.map(({ at, tenantId, entry }) => ({
      at: instant(at),
      tenantId,
      ...(JSON.parse(entry) as Omit<AuditEntry, 'at' | 'tenantId'>),
    })),
    cursor: hasMore && last ? encodeCursor('audit log', [last.auditId]) : null,
    hasMore,
  };
}
