import type { z } from 'zod';
import { decodeFields } from '../base/codec.ts';
import { flowHookPrefix } from '../flow/world/names.ts';
import { type EventRow, isTerminal } from '../world/rows.ts';
import { expectScope } from './caller.ts';
import type { Operator } from './operator.ts';
import { type PageOf, type PageQuery, pageOfAll } from './pages.ts';
import { PayloadReader } from './payload.ts';
import { tokenHint } from './run-log.ts';
import { findRun, instant } from './run-views.ts';
import type { hookSchema, streamSchema, waitSchema } from './schemas/runs.ts';

export type ShownHook = z.infer<typeof hookSchema>;
export type ShownWait = z.infer<typeof waitSchema>;
export type ShownStream = z.infer<typeof streamSchema>;

// Rows of hooks and waits are gone with their run, so both are told from the log.

/** The hooks of a run, the oldest first unless told otherwise. */
export async function listHooks(operator: Operator, runId: string, query: PageQuery = {}): Promise<PageOf<ShownHook>> {
  expectScope(operator.caller, 'read');
  const run = await findRun(operator, runId);
  const store = await operator.store();
  const log = await store.operator.listEventsOfTypes({ runId, types: ['hook_created', 'hook_received', 'hook_disposed'] });
  const created = log.filter(({ type }) => type === 'hook_created');
  const page = pageOfAll('hooks of a run', created, query);
  const metadata = await store.readPayloads(page.data.map(({ seq }) => ({ runId, seq })));
  const reader = new PayloadReader(operator, run);
  const over = isTerminal(run.status);
  const view = async (event: EventRow, index: number): Promise<ShownHook> => {
    const of = log.filter(({ correlationId }) => correlationId === event.correlationId);
    const received = of.filter(({ type }) => type === 'hook_received');
    const gone = over || of.some(({ type }) => type === 'hook_disposed');
    const payload = metadata[index];
    const { token } = fieldsOf(event);
    return {
      hookId: String(event.correlationId),
      tokenHint: tokenHint(typeof token === 'string' ? token : ''),
      status: received.length > 0 ? 'received' : gone ? 'disposed' : 'waiting',
      createdAt: instant(event.createdAt),
      receivedAt: instant(received.at(-1)?.createdAt ?? null),
      receivedCount: received.length,
      isFlowWait: String(event.correlationId).startsWith(flowHookPrefix),
      schema: payload ? schemaIn(reader, await reader.read(payload)) : null,
    };
  };
  return { ...page, data: await Promise.all(page.data.map(view)) };
}

/** Where the metadata of a hook is an object with a `schema`, that is what it waits for, as far as it may be shown. */
function schemaIn(reader: PayloadReader, read: Awaited<ReturnType<PayloadReader['read']>>): unknown {
  const schema = 'value' in read ? objectIn(read.value, 'schema') : null;
  return schema && objectIn(objectIn(reader.redact({ metadata: { schema } }, 'event'), 'metadata'), 'schema');
}

function objectIn(value: unknown, name: string): object | null {
  const { [name]: inner } = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
  return typeof inner === 'object' ? inner : null;
}

/** What a run slept for, or sleeps for now, the oldest first unless told otherwise. */
export async function listWaits(operator: Operator, runId: string, query: PageQuery = {}): Promise<PageOf<ShownWait>> {
  expectScope(operator.caller, 'read');
  const run = await findRun(operator, runId);
  const log = await (await operator.store()).operator.listEventsOfTypes({ runId, types: ['wait_created', 'wait_completed'] });
  const completions = log.filter(({ type }) => type === 'wait_completed');
  const completed = new Map(completions.map(({ correlationId, createdAt }) => [correlationId, createdAt]));
  const over = isTerminal(run.status);
  const waits = log.flatMap((event): ShownWait[] => {
    if (event.type !== 'wait_created') return [];
    const status = completed.has(event.correlationId) ? 'completed' : over ? 'cancelled' : 'waiting';
    const resumeAt = fieldsOf(event)['resumeAt'];
    const at = resumeAt instanceof Date ? resumeAt.getTime() : Date.parse(String(resumeAt));
    return [
      {
        waitId: String(event.correlationId),
        status,
        resumeAt: instant(Number.isNaN(at) ? event.createdAt : at),
        createdAt: instant(event.createdAt),
        completedAt: instant(completed.get(event.correlationId) ?? null),
      },
    ];
  });
  return pageOfAll('waits of a run', waits, query);
}

/** The streams that a run has written, in the order in which it began them unless told otherwise. */
export async function listStreams(operator: Operator, runId: string, query: PageQuery = {}): Promise<PageOf<ShownStream>> {
  expectScope(operator.caller, 'read');
  await findRun(operator, runId);
  const store = await operator.store();
  const page = pageOfAll('streams of a run', await store.listStreams(runId), query);
  const rows = await Promise.all(page.data.map((name) => store.getStream(name)));
  const data = page.data.map((name, index) => ({ name, chunks: rows[index]?.chunkCount ?? 0, closed: rows[index]?.closedAt != null }));
  return { ...page, data };
}

function fieldsOf({ meta }: EventRow): Record<string, unknown> {
  return meta === null ? {} : decodeFields(meta);
}
