import type { Operator } from '../operate/operator.ts';
import type { PageQuery } from '../operate/pages.ts';
import { listHooks, listWaits, type ShownHook, type ShownWait } from '../operate/run-waits.ts';
import { decodeCursor, encodeCursor } from '../world/cursor.ts';

export interface WaitsPage {
  readonly hooks: readonly ShownHook[];
  readonly waits: readonly ShownWait[];
  /** Of both lists; null: neither goes on. */
  readonly cursor: string | null;
  readonly hasMore: boolean;
}

const kind = 'hooks and waits of a run';
// A list that is at its end: its own cursors are never empty.
const atEnd = '';

/** A page of the hooks of a run, and one of its sleeps; the cursor goes on with those of both that are left. */
export async function listHooksAndWaits(operator: Operator, runId: string, { limit, cursor, order }: PageQuery): Promise<WaitsPage> {
  const [hooksFrom, waitsFrom] = (decodeCursor(kind, cursor, ['string', 'string']) ?? [undefined, undefined]) as (string | undefined)[];
  const hooks = hooksFrom === atEnd ? undefined : await listHooks(operator, runId, { limit, order, cursor: hooksFrom });
  const waits = waitsFrom === atEnd ? undefined : await listWaits(operator, runId, { limit, order, cursor: waitsFrom });
  const rest = [hooks?.cursor ?? atEnd, waits?.cursor ?? atEnd];
  const hasMore = rest.some((one) => one !== atEnd);
  return { hooks: hooks?.data ?? [], waits: waits?.data ?? [], cursor: hasMore ? encodeCursor(kind, rest) : null, hasMore };
}
