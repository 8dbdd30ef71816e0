import type { Event, EventResult } from '@workflow/world';
import { stripEventDataRefs } from '@workflow/world';
import { decodeValue } from '../base/codec.ts';
import type { WorldContext } from './context.ts';
import { encodeCursor } from './cursor.ts';
import { currentDelivery } from './delivery.ts';
import { viewEvent } from './event-view.ts';
import { readPayload } from './payloads.ts';
import type { State, Store } from './port.ts';
import type { Written } from './publish-write.ts';
import type { RunRow } from './rows.ts';
import type { EventRequest } from './rules/request.ts';
import type { Transition } from './transition.ts';
import { viewHook, viewRun, viewStep, viewWait } from './views.ts';
import type { WrittenRows } from './written-rows.ts';

export interface Committed {
  readonly context: WorldContext;
  readonly store: Store;
  readonly request: EventRequest;
  readonly transition: Transition;
  readonly written: Written;
  readonly rows: WrittenRows;
}

/** What `events.create` answers with: the event, and the entity as the commit left it (spec/world.md B1). */
export async function resultOf(committed: Committed): Promise<EventResult> {
  const { request, transition, written, context, store } = committed;
  const events = transition.events.map((event, index) =>
    viewEvent({ ...event, runId: transition.runId, seq: written.firstSeq + index, createdAt: written.at }),
  );
  const event = pickEvent(events, request.type);
  const answer: EventResult = event ? { event: stripEventDataRefs(event, request.params.resolveData ?? 'all') } : {};
  if (request.type.startsWith('run_')) {
    return { ...answer, ...(await runAnswer(context, store, request, committed.rows.run)) };
  }
  return { ...answer, ...(await entityAnswer(committed)) };
}

/** Where nothing had to be written: the run as it is, or the event that said the same before. */
export async function unchangedResult(
  context: WorldContext,
  store: Store,
  request: EventRequest,
  state: State,
  eventSeq: number | null,
): Promise<EventResult> {
  if (eventSeq !== null) {
    const row = await store.getEvent(request.runId, eventSeq);
    return row ? { event: viewEvent(row) } : {};
  }
  return runAnswer(context, store, request, state.run as RunRow);
}

async function runAnswer(context: WorldContext, store: Store, request: EventRequest, row: RunRow): Promise<EventResult> {
  const log = await context.log();
  // run_started always carries the whole log, so that a replay needs no further read (spec/world.md 0.11).
  const events = request.type === 'run_started' ? await log.read(row.runId, row.lastSeq) : undefined;
  if (events) noteKnownSteps(events);
  const bare = request.params.resolveData === 'none';
  const payloads = bare
    ? {}
    : {
        input: await readPayload(store, log, row.runId, row.inputSeq),
        output: request.type === 'run_completed' ? ownPayload(request) : undefined,
      };
  const preload = events && {
    events: bare ? events.map((event) => stripEventDataRefs(event, 'none')) : events,
    cursor: encodeCursor('events', [events.length]),
    hasMore: false,
  };
  return { run: viewRun(row, payloads), ...preload, maxEvents: context.maxEvents };
}

/** The steps in the log have rows, so queueing them again in this delivery changes nothing. */
function noteKnownSteps(events: readonly Event[]): void {
  const delivery = currentDelivery();
  for (const { eventType, correlationId } of events) {
    if (eventType === 'step_created' && correlationId !== undefined) delivery?.knownSteps.add(correlationId);
  }
}

async function entityAnswer({ context, store, request, rows }: Committed): Promise<EventResult> {
  const [step] = rows.steps;
  const [wait] = rows.waits;
  const [hook] = rows.hooks;
  if (wait) return { wait: viewWait(wait) };
  if (hook) return hook.status === 'live' ? { hook: viewHook(hook, ownPayload(request)) } : {};
  if (!step) return {};
  if (request.params.resolveData === 'none') return { step: viewStep(step, {}) };
  const created = request.type === 'step_created';
  const input = created ? ownPayload(request) : await readPayload(store, await context.log(), step.runId, step.inputSeq);
  return { step: viewStep(step, { input, output: request.type === 'step_completed' ? ownPayload(request) : undefined }) };
}

/** What was just stored, as an object that is not the caller's. */
function ownPayload({ payload }: EventRequest): unknown {
  return payload === null ? undefined : decodeValue(payload);
}

function pickEvent(events: readonly Event[], type: string): Event | undefined {
  const named = events.find(({ eventType }) => eventType === type);
  return named ?? events.find(({ eventType }) => eventType === 'hook_conflict');
}
