import type { AnyEventRequest, CreateEventParams, EventResult, World } from '@workflow/world';
import { PreconditionFailedError } from '@workflow/errors';
import { commitAndBegin } from './begin-early.ts';
import type { Opened, WorldContext } from './context.ts';
import { currentDelivery, type Delivery, mayWrite } from './delivery.ts';
import { unavailable } from './errors.ts';
import { type Committed, resultOf, stepStartedAtBirth, unchangedResult } from './event-result.ts';
import { knownState } from './known-state.ts';
import { parseRequest } from './parse-request.ts';
import type { Outcomes, State, StateKey, Store, WriteAct } from './port.ts';
import { isTerminal, type RunRow } from './rows.ts';
import { decide } from './rules/decide.ts';
import type { Decision, EventRequest, RuleContext } from './rules/request.ts';
import { startedAtBirth } from './rules/runs.ts';
import { publishWrite, type Written } from './publish-write.ts';
import { Refusals } from './refusals.ts';
import { bornTo, type Transition } from './transition.ts';
import { resolveRows } from './written-rows.ts';

const triesPerWrite = 1_000;

/** Whether a state is what a delivery saw a moment ago, or was just read. */
type Source = 'seen' | 'loaded';

interface Deciding {
  readonly delivery: Delivery | undefined;
  readonly rules: RuleContext;
  readonly source: Source;
}

/** The one way to change anything: load what the rule needs, decide, commit under the rule's guards; whoever loses a race decides again. */
export function createEvent(context: WorldContext): World['events']['create'] {
  const refusals = new Refusals();

  return async (runId: string | null, data: AnyEventRequest, params?: CreateEventParams): Promise<EventResult> => {
    const request = parseRequest(runId, data, params, context.now());
    const opening = context.open();
    // Nearly always open: every `await` of a call has its price.
    const opened = opening instanceof Promise ? await opening : opening;
    const delivery = deliveryOf(request);
    const started = stepStartedAtBirth(request, delivery);
    if (started) return started;
    // Nearly always true: whoever sends a run id of its own has just made it up.
    const seen = request.type === 'run_created' ? { run: undefined } : delivery && knownState(request, delivery);
    const early = seen && (await attempt(opened, request, seen, delivery, 'seen'));
    if (early) return early;
    await mayWrite();
    for (let tries = 1; tries <= triesPerWrite; tries += 1) {
      const state = await opened.store.loadState(stateKeyOf(request, delivery));
      if (delivery) delivery.run = state.run;
      const result = await attempt(opened, request, state, delivery, 'loaded');
      if (result) return result;
      if (tries > 10) await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
    }
    throw unavailable(`Run "${request.runId}" changes too fast: "${request.type}" lost ${triesPerWrite} races in a row.`);
  };

  /** Undefined if things are not as they were when the state was read: a guard no longer held, or only a fresh state can refuse. */
  async function attempt({ store, log }: Opened, request: EventRequest, state: State, delivery: Delivery | undefined, source: Source) {
    const bearStepFor = offerStep(context, request, delivery, state.run);
    let born = false;
    try {
      const rules = ruleContext(store, context, request, delivery, bearStepFor, refusals);
      const decision = decideOn(request, state, { delivery, rules, source });
      if (!decision) return undefined;
      if (decision.kind === 'unchanged') return await unchangedResult({ context, store, log, request }, state, decision.eventSeq);
      if (currentDelivery()?.certain) await mayWrite();
      const takeRunFor = offerRun(context, decision.transition, state.run);
      const transition = takeRunFor === null ? decision.transition : startedAtBirth(decision.transition);
      const before = delivery && retractable(delivery);
      const act = { kind: 'write', transition, takeRunFor } as const;
      const committed = await commit(context, store, act, {
        run: runOf(transition, state.run),
        early: bearStepFor !== undefined || (request.type === 'run_started' && delivery?.of === 'run'),
        publish(written, durable, certain) {
          const again = born;
          born = bearStepFor !== undefined;
          const published = { transition, written, rows: resolveRows(transition, state.run, written) };
          publishWrite({ context, log, delivery, durable, certain, again, ...published });
          if (certain && delivery?.of === 'run') delivery.certain = certain;
          return published;
        },
        retract() {
          log.forget(request.runId);
          if (delivery) Object.assign(delivery, before);
        },
      });
      if (!committed) return undefined;
      const { rows } = committed;
      const result = await resultOf({ context, store, log, request }, committed);
      // After the answer, which shows the run's input once more.
      const ended = isTerminal(rows.run.status);
      if (ended) log.forget(rows.run.runId);
      if (ended && rules.waiveStaleness)
        context.logger.warn(`Run "${request.runId}" ended although events kept arriving: its result had been refused too often for that.`);
      // Whoever replays says run_started first, however far the replay before got.
      if (ended || (delivery?.of === 'run' && request.type !== 'run_started')) refusals.forget(request.runId);
      return result;
    } finally {
      if (bearStepFor !== undefined && !born) context.dispatcher().dropStep();
    }
  }

  function decideOn(request: EventRequest, state: State, { delivery, rules, source }: Deciding): Decision | undefined {
    try {
      return decide(request, state, rules);
    } catch (error) {
      if (source === 'seen') return undefined;
      if (delivery && isEarlyEnd(request, state)) delivery.clockAhead = true;
      if (PreconditionFailedError.is(error)) refusals.count(request.runId);
      throw error;
    }
  }
}

/** What a publication changes of a delivery, beside the steps that it bears. */
function retractable({ run, step, waitsDue, wokeRun, leaseEnded }: Delivery): Partial<Delivery> {
  return { run, step, waitsDue, wokeRun, leaseEnded };
}

/** Refused, although the wait is still waiting: it is not due. */
function isEarlyEnd({ type }: EventRequest, { wait }: State): boolean {
  return type === 'wait_completed' && wait?.status === 'waiting';
}

/** A step that a replay creates is given at once to a worker of this process, if one has a free slot for it (K5). */
function offerStep({ dispatcher }: WorldContext, request: EventRequest, delivery: Delivery | undefined, run: RunRow | undefined) {
  if (request.type !== 'step_created' || delivery?.of !== 'run' || !run) return undefined;
  return dispatcher().offerStep(run, String(request.data['stepName']));
}

/** A run that is due at once is taken by a worker of this process, if one has a free slot for it. */
function offerRun({ dispatcher }: WorldContext, transition: Transition, before: RunRow | undefined): string | null {
  const { wakeAt, now } = transition;
  const run = runOf(transition, before);
  const due = wakeAt !== null && wakeAt <= now;
  return (due && run && dispatcher().offerRun(run)) || null;
}

function runOf({ run }: Transition, before: RunRow | undefined): RunRow | undefined {
  return run.kind === 'create' ? run.row : before;
}

interface Publishing {
  readonly run: RunRow | undefined;
  /** Answer as soon as it is written: a replay reaches the outside only by what it writes later, and by steps, which wait for the disk. */
  readonly early: boolean;
  /** Tells of the write as soon as it is visible: a delivery that it begins overlaps with the wait for the disk. */
  publish(written: Written, durable: Promise<Outcomes['write']>, certain?: Promise<boolean>): Committed;
  /** What was published was only foreseen, and did not come true. */
  retract(): void;
}

/** Undefined: lost. */
function commit(
  context: WorldContext,
  store: Store,
  act: WriteAct,
  { run, early, publish, retract }: Publishing,
): Promise<Committed | undefined> {
  let slots = act.takeRunFor === null ? 0 : 1;
  const keepSlots = (count: number) => {
    if (run && slots < count) context.dispatcher().keepRun(run);
    if (run && slots > count) context.dispatcher().dropRun(run);
    slots = 0;
  };
  return new Promise((resolve, reject) => {
    let committed: Committed | undefined;
    const durable = commitAndBegin(store, act, {
      begin(outcome, certain) {
        if (outcome.kind === 'ownerDead') context.dispatcher().takerIsDead(String(bornTo(act.transition)));
        keepSlots(outcome.kind === 'written' && outcome.taken ? 1 : 0);
        if (outcome.kind !== 'written') return false;
        committed = publish(outcome, durable, certain);
        if (early) resolve(committed);
        return early || outcome.taken !== undefined;
      },
      retract() {
        committed = undefined;
        retract();
      },
      abandon: () => keepSlots(0),
    });
    durable.then(() => resolve(committed), reject);
  });
}

function ruleContext(
  store: Store,
  { now, namespace, encryptionKeyId }: WorldContext,
  { runId, type, correlationId }: EventRequest,
  delivery: Delivery | undefined,
  bearStepFor: string | undefined,
  refusals: Refusals,
): RuleContext {
  return {
    now: store.now(),
    hostNow: now(),
    namespace,
    encryptionKeyId,
    runLease: delivery?.of === 'run' ? delivery.lease : null,
    stepLease: delivery?.of === 'step' && type.startsWith('step_') && delivery.stepId === correlationId ? delivery.lease : null,
    bearStepFor: bearStepFor ?? null,
    waiveStaleness: type === 'run_completed' && refusals.suffice(runId),
  };
}

/** The delivery that writes, if it is one of the same run: user code in a step may well write to other runs. */
function deliveryOf({ runId }: EventRequest): Delivery | undefined {
  const delivery = currentDelivery();
  return delivery?.runId === runId ? delivery : undefined;
}

function stateKeyOf({ type, runId, correlationId, data }: EventRequest, delivery: Delivery | undefined): StateKey {
  if (type.startsWith('step_')) return { runId, stepId: correlationId };
  if (type.startsWith('wait_')) return { runId, waitId: correlationId };
  if (type === 'hook_created') return { runId, hookId: correlationId, token: String(data['token']) };
  if (type.startsWith('hook_')) return { runId, hookId: correlationId };
  return { runId, openWaits: type === 'run_started' && delivery?.of === 'run' };
}
