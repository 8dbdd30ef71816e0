import {
  type Event,
  type PaginatedResponse,
  type PaginationOptions,
  type ResolveData,
  type Storage,
  stripEventDataRefs,
} from '@workflow/world';
import type { WorldContext } from './context.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { badRequest, hookNotFound, notFound, runNotFound } from './errors.ts';
import { eventSeq, viewEvent } from './event-view.ts';
import { checkName } from './names.ts';
import { readPayloadsOf } from './payloads.ts';
import type { Order, Page } from './page-queries.ts';
import type { HookRow, RunRow, StepRow } from './rows.ts';
import { shown } from './shown.ts';
import { viewHook, viewRun, viewStep } from './views.ts';

const maxLimit = 1_000;

/** What a page of a list is asked for with; the order is the list's own where the caller names none. */
function pageOf<K>(pagination: PaginationOptions | undefined, defaults: { order: Order; limit: number }, after: K | undefined): Page<K> {
  const { limit = defaults.limit, sortOrder = defaults.order } = pagination ?? {};
  if (!Number.isInteger(limit) || limit < 1) {
    // The default of a list that gives everything is infinite; only a caller's own number is checked.
    if (limit !== Infinity) throw badRequest(`pagination.limit must be a whole number of at least 1, not ${shown(limit)}.`);
  }
  if (sortOrder !== 'asc' && sortOrder !== 'desc')
    throw badRequest(`pagination.sortOrder must be "asc" or "desc", not ${shown(sortOrder)}.`);
  return { after, order: sortOrder, limit: limit === Infinity ? Number.MAX_SAFE_INTEGER - 1 : Math.min(limit, maxLimit) };
}

/** Reads one row more than asked for: whether it is there says if there is another page. */
async function paginate<R, V, K>(
  page: Page<K>,
  read: (page: Page<K>) => Promise<readonly R[]>,
  view: (rows: readonly R[]) => Promise<V[]>,
  cursorOf: (row: R) => string,
): Promise<PaginatedResponse<V>> {
  const rows = await read({ ...page, limit: page.limit + 1 });
  const visible = rows.slice(0, page.limit);
  const last = visible.at(-1);
  const hasMore = rows.length > page.limit;
  return { data: await view(visible), cursor: hasMore && last ? cursorOf(last) : null, hasMore };
}

const atKey = (key: readonly (string | number)[] | undefined) => key && { at: Number(key[0]), id: String(key[1]) };

export function runReads(context: WorldContext): Storage['runs'] {
  const view = async (rows: readonly RunRow[], resolveData: ResolveData = 'all') => {
    if (resolveData === 'none') return rows.map((row) => viewRun(row, {}));
    const payloads = await readPayloadsOf(
      await context.open(),
      rows.flatMap(({ runId, inputSeq, outputSeq }) => [
        { runId, seq: inputSeq },
        { runId, seq: outputSeq },
      ]),
    );
    return rows.map((row, index) => viewRun(row, { input: payloads[2 * index], output: payloads[2 * index + 1] }));
  };

  const get = async (runId: string, params?: { resolveData?: ResolveData }) => {
    const row = await (await context.open()).store.getRun(checkName('runId', runId, 'runs.get'));
    if (!row) throw runNotFound(runId);
    return (await view([row], params?.resolveData))[0];
  };

  const list = async (params: Parameters<Storage['runs']['list']>[0] = {}) => {
    const { workflowName, status, pagination, resolveData } = params;
    if (workflowName !== undefined) checkName('workflowName', workflowName, 'runs.list');
    if (status !== undefined) checkName('status', status, 'runs.list');
    const after = atKey(decodeCursor('runs', pagination?.cursor, ['number', 'string']));
    const page = pageOf(pagination, { order: 'desc', limit: 20 }, after);
    const { store } = await context.open();
    return paginate(
      page,
      (asked) => store.listRuns({ ...asked, workflowName, status }),
      (rows) => view(rows, resolveData),
      (row) => encodeCursor('runs', [row.createdAt, row.runId]),
    );
  };
  return { get, list } as Storage['runs'];
}

export function stepReads(context: WorldContext): Storage['steps'] {
  const view = async (rows: readonly StepRow[], resolveData: ResolveData = 'all') => {
    if (resolveData === 'none') return rows.map((row) => viewStep(row, {}));
    const payloads = await readPayloadsOf(
      await context.open(),
      rows.flatMap(({ runId, inputSeq, outputSeq }) => [
        { runId, seq: inputSeq },
        { runId, seq: outputSeq },
      ]),
    );
    return rows.map((row, index) => viewStep(row, { input: payloads[2 * index], output: payloads[2 * index + 1] }));
  };

  const get = async (runId: string | undefined, stepId: string, params?: { resolveData?: ResolveData }) => {
    const scope = runId === undefined || runId === null ? undefined : checkName('runId', runId, 'steps.get');
    const row = await (await context.open()).store.getStep(scope, checkName('stepId', stepId, 'steps.get'));
    if (!row) throw notFound(`Step "${stepId}"${runId === undefined ? '' : ` of run "${runId}"`}`);
    return (await view([row], params?.resolveData))[0];
  };

  const list = async ({ runId, pagination, resolveData }: Parameters<Storage['steps']['list']>[0]) => {
    checkName('runId', runId, 'steps.list');
    const after = atKey(decodeCursor('steps', pagination?.cursor, ['number', 'string']));
    const page = pageOf(pagination, { order: 'desc', limit: 20 }, after);
    const { store } = await context.open();
    return paginate(
      page,
      (asked) => store.listSteps({ ...asked, runId }),
      (rows) => view(rows, resolveData),
      (row) => encodeCursor('steps', [row.createdAt, row.stepId]),
    );
  };
  return { get, list } as Storage['steps'];
}

export function hookReads(context: WorldContext): Storage['hooks'] {
  const view = async (rows: readonly HookRow[], resolveData: ResolveData = 'all') => {
    const bare = resolveData === 'none';
    const metadata = bare
      ? []
      : await readPayloadsOf(
          await context.open(),
          rows.map(({ runId, eventSeq: seq }) => ({ runId, seq })),
        );
    return rows.map((row, index) => viewHook(row, metadata[index]));
  };

  return {
    async get(hookId, params) {
      const row = await (await context.open()).store.getHook(checkName('hookId', hookId, 'hooks.get'));
      if (!row) throw hookNotFound(hookId);
      return (await view([row], params?.resolveData))[0] as ReturnType<typeof viewHook>;
    },
    async getByToken(token, params) {
      const row = await (await context.open()).store.getHookByToken(checkName('token', token, 'hooks.getByToken'));
      if (!row) throw hookNotFound(token);
      return (await view([row], params?.resolveData))[0] as ReturnType<typeof viewHook>;
    },
    async list({ runId, pagination, resolveData } = {}) {
      if (runId !== undefined) checkName('runId', runId, 'hooks.list');
      const after = atKey(decodeCursor('hooks', pagination?.cursor, ['number', 'string']));
      const page = pageOf(pagination, { order: 'asc', limit: 100 }, after);
      const { store } = await context.open();
      return paginate(
        page,
        (asked) => store.listHooks({ ...asked, ...(runId === undefined ? {} : { runId }) }),
        (rows) => view(rows, resolveData),
        (row) => encodeCursor('hooks', [row.createdAt, row.hookId]),
      );
    },
  };
}

export function eventReads(context: WorldContext): Omit<Storage['events'], 'create'> {
  const strip = (resolveData: ResolveData | undefined) => (event: Event) => stripEventDataRefs(event, resolveData ?? 'all');

  return {
    async get(runId, eventId, params) {
      const seq = eventSeq(checkName('runId', runId, 'events.get'), checkName('eventId', eventId, 'events.get'));
      const row = seq === undefined ? undefined : await (await context.open()).store.getEvent(runId, seq);
      const event = row && viewEvent(row);
      if (event?.eventId !== eventId) throw notFound(`Event "${eventId}" of run "${runId}"`);
      return strip(params?.resolveData)(event);
    },
    async list({ runId, pagination, resolveData }) {
      checkName('runId', runId, 'events.list');
      const given = decodeCursor('events', pagination?.cursor, ['number'])?.[0] as number | undefined;
      // Without a limit a replay gets its whole log in one page (spec/world.md C2).
      const page = pageOf(pagination, { order: 'asc', limit: Infinity }, given);
      const { store } = await context.open();
      const result = await paginate(
        page,
        (asked) => store.listEvents({ ...asked, runId, payloads: resolveData !== 'none' }),
        async (rows) => rows.map(viewEvent).map(strip(resolveData)),
        (row) => encodeCursor('events', [row.seq]),
      );
      // The SDK resumes from the end of a log, so unlike other lists this one has a cursor there too (C3).
      const last = result.data.at(-1);
      const tail = last ? eventSeq(runId, last.eventId) : given;
      return { ...result, cursor: tail === undefined ? null : encodeCursor('events', [tail]) };
    },
    async listByCorrelationId({ correlationId, runId, pagination, resolveData }) {
      checkName('correlationId', correlationId, 'events.listByCorrelationId');
      if (runId !== undefined) checkName('runId', runId, 'events.listByCorrelationId');
      const key = decodeCursor('correlated events', pagination?.cursor, ['number', 'string', 'number']);
      const after = key && { at: Number(key[0]), runId: String(key[1]), seq: Number(key[2]) };
      const page = pageOf(pagination, { order: 'asc', limit: 100 }, after);
      const { store } = await context.open();
      const result = await paginate(
        page,
        (asked) => store.listEventsByCorrelation({ ...asked, correlationId, runId, payloads: resolveData !== 'none' }),
        async (rows) => rows.map((row) => ({ row, event: strip(resolveData)(viewEvent(row)) })),
        (row) => encodeCursor('correlated events', [row.createdAt, row.runId, row.seq]),
      );
      const last = result.data.at(-1)?.row;
      return {
        data: result.data.map(({ event }) => event),
        cursor: last ? encodeCursor('correlated events', [last.createdAt, last.runId, last.seq]) : (pagination?.cursor ?? null),
        hasMore: result.hasMore,
      };
    },
  };
}
