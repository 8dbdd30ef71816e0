import { type Event, type EventResult, stripEventDataRefs } from '@workflow/world';
import { decodeValue } from '../base/codec.ts';
import type { Opened, WorldContext } from './context.ts';
import type { EventLogCache } from './event-log.ts';
import { encodeCursor } from './cursor.ts';
import { currentDelivery, type Delivery, mayWrite } from './delivery.ts';
import { leaseLost } from './errors.ts';
import { viewEvent } from './event-view.ts';
import { ownEvent } from './own-copy.ts';
import { readPayload } from './payloads.ts';
import type { State } from './port.ts';
import type { Written } from './publish-write.ts';
import type { RunRow, StepRow } from './rows.ts';
import type { EventRequest } from './rules/request.ts';
import { worldEvent } from './rules/transitions.ts';
import type { Transition } from './transition.ts';
import { viewHook, viewRun, viewStep, viewWait } from './views.ts';
import type { WrittenRows } from './written-rows.ts';

export interface Answering extends Opened {
  readonly context: WorldContext;
  readonly request: EventRequest;
}

export interface Committed {
  readonly transition: Transition;
  readonly written: Written;
  readonly rows: WrittenRows;
}

/** What `events.create` answers with: the event, and the entity as the commit left it (spec/world.md B1). */
export async function resultOf(answering: Answering, { transition, written, rows }: Committed): Promise<EventResult> {
  const { type, params } = answering.request;
  const event = eventOf(answering.log, type, transition, written);
  const answer: EventResult = event ? { event: stripEventDataRefs(event, params.resolveData ?? 'all') } : {};
  return Object.assign(answer, type.startsWith('run_') ? await runAnswer(answering, rows.run) : await entityAnswer(answering, rows));
}

/** Where nothing had to be written: the run as it is, or the event that said the same before. */
export async function unchangedResult(answering: Answering, state: State, eventSeq: number | null): Promise<EventResult> {
  const { store, request } = answering;
  if (eventSeq === null) return runAnswer(answering, state.run as RunRow);
  const row = await store.getEvent(request.runId, eventSeq);
  return row ? { event: viewEvent(row) } : {};
}

/**
 * The `step_started` of a step that was started when it was created: it is in the log already, and is answered with once. The answer, after
 * which the body begins, waits until the step is on the disk; rejects with 503 if it never comes there.
 */
export function stepStartedAtBirth(request: EventRequest, delivery: Delivery | undefined): Promise<EventResult> | undefined {
  if (request.type !== 'step_started' || delivery?.step?.stepId !== request.correlationId || delivery.startedSeq === null) return undefined;
  const { step, startedSeq } = delivery;
  delivery.startedSeq = null;
  return bornAs(delivery, step, startedSeq).then((born) => startAnswer(born, delivery.birth?.input ?? null, request));
}

interface BornStep {
  readonly step: StepRow;
  readonly startedSeq: number;
}

function startAnswer({ step, startedSeq }: BornStep, input: Uint8Array | null, request: EventRequest): EventResult {
  const event = worldEvent('step_started', step.stepId, step.specVersion, { stepName: step.stepName });
  const createdAt = step.startedAt as number;
  const bare = request.params.resolveData === 'none';
  return {
    event: viewEvent({ ...event, runId: step.runId, seq: startedSeq, createdAt }),
    step: viewStep(step, bare || input === null ? {} : { input: decodeValue(input) }),
  };
}

/** When it is on the disk: the step as it was really born, which may not be as it was foreseen. */
async function bornAs(delivery: Delivery, step: StepRow, startedSeq: number): Promise<BornStep> {
  const outcome = await delivery.birth?.durable;
  if (outcome === undefined) return { step, startedSeq };
  if (outcome.kind !== 'written') throw leaseLost(`step "${step.stepId}" of run "${step.runId}"`);
  if (outcome.firstSeq + 1 === startedSeq && outcome.at === step.startedAt) return { step, startedSeq };
  delivery.run = undefined;
  delivery.step = { ...step, inputSeq: outcome.firstSeq, createdAt: outcome.at, updatedAt: outcome.at, startedAt: outcome.at };
  return { step: delivery.step, startedSeq: outcome.firstSeq + 1 };
}

async function runAnswer(answering: Answering, row: RunRow): Promise<EventResult> {
  const { context, log, request } = answering;
  const bare = request.params.resolveData === 'none';
  // run_started always carries the whole log, so that a replay needs no further read (spec/world.md 0.11).
  const events = request.type === 'run_started' ? await readLog(log, row) : undefined;
  if (events) noteKnownSteps(events);
  const payloads = bare
    ? {}
    : {
        input: await readPayload(answering, row.runId, row.inputSeq),
        output: request.type === 'run_completed' ? ownPayload(request) : undefined,
      };
  const preload = events && {
    events: bare ? events.map((event) => stripEventDataRefs(event, 'none')) : events,
    cursor: encodeCursor('events', [events.length]),
    hasMore: false,
  };
  return { run: viewRun(row, payloads), ...preload, maxEvents: context.maxEvents };
}

/** The log as the delivery may see it: one that builds on what is foreseen builds on all of it, or it would come again for the rest. */
async function readLog(log: EventLogCache, { runId, lastSeq }: RunRow): Promise<Event[]> {
  const delivery = currentDelivery();
  const foreseen = delivery?.certain && log.readForeseen(runId, lastSeq);
  if (foreseen) {
    delivery.certain = Promise.all([delivery.certain, foreseen.certain]).then((all) => all.every(Boolean));
    return foreseen.events;
  }
  await mayWrite();
  return log.read(runId, lastSeq);
}

/** The steps in the log have rows, so queueing them again in this delivery changes nothing. */
function noteKnownSteps(events: readonly Event[]): void {
  const known = currentDelivery()?.knownSteps;
  if (!known) return;
  for (const { eventType, correlationId } of events) {
    if (eventType === 'step_created' && correlationId !== undefined) known.add(correlationId);
  }
}

async function entityAnswer(answering: Answering, { steps, waits, hooks }: WrittenRows): Promise<EventResult> {
  const [[step], [wait], [hook]] = [steps, waits, hooks];
  if (wait) return { wait: viewWait(wait) };
  if (hook) return hook.status === 'live' ? { hook: viewHook(hook, ownPayload(answering.request)) } : {};
  return step ? { step: await stepAnswer(answering, step) } : {};
}

async function stepAnswer(answering: Answering, step: StepRow) {
  const { request } = answering;
  if (request.params.resolveData === 'none') return viewStep(step, {});
  switch (request.type) {
    case 'step_created':
      return viewStep(step, { input: ownPayload(request) });
    case 'step_completed':
      return viewStep(step, { input: await readPayload(answering, step.runId, step.inputSeq), output: ownPayload(request) });
    default:
      return viewStep(step, { input: await readPayload(answering, step.runId, step.inputSeq) });
  }
}

/** What was just stored, as an object that is not the caller's. */
function ownPayload({ payload }: EventRequest): unknown {
  return payload === null ? undefined : decodeValue(payload);
}

/** The event that was asked for, or the `hook_conflict` that answers it. */
function eventOf(log: EventLogCache, type: string, { events, runId }: Transition, { firstSeq, at }: Written): Event | undefined {
  const index = events.findIndex((event) => event.type === type || event.type === 'hook_conflict');
  const event = events[index];
  if (!event) return undefined;
  const seq = firstSeq + index;
  const known = log.find(runId, seq);
  return known ? ownEvent(known) : viewEvent({ ...event, runId, seq, createdAt: at });
}
