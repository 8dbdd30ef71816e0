import { formatRoughly } from '../base/duration.ts';
import type { RunStatus } from '../world/rows.ts';

/** What is known of a run at one moment; `readSituation` reads it. Instants are epoch milliseconds. */
export interface RunSituation {
  readonly now: number;
  readonly runId: string;
  /** As a person reads it. */
  readonly name: string;
  readonly status: RunStatus;
  readonly deploymentId: string;
  readonly endedAt: number | null;
  /** Message of what failed it. */
  readonly error: string | null;
  /** Retention has taken its data. */
  readonly expired: boolean;
  /** The run itself as a message: of code to be replayed, of a flow to be carried on. */
  readonly delivery: DeliveryState;
  /** Open steps of code. */
  readonly steps: readonly OpenStep[];
  /** Instants at which its sleeps are over. */
  readonly sleeps: readonly number[];
  /** Hooks of code that something may still arrive at; a flow waits for one at a time. */
  readonly hooks: readonly string[];
  readonly workers: readonly LiveWorker[];
  /** Set for a flow, whose own state says more than its rows. */
  readonly flow: FlowSituation | null;
}

export interface DeliveryState {
  /** Null: there is nothing to deliver. */
  readonly dueAt: number | null;
  readonly leaseOwner: string | null;
  /** Begun since it last made progress. */
  readonly deliveries: number;
}

export interface OpenStep {
  readonly name: string;
  readonly attempt: number;
  readonly startedAt: number | null;
  readonly error: string | null;
  readonly delivery: DeliveryState;
}

export interface LiveWorker {
  readonly workerId: string;
  readonly host: string;
  readonly pid: number;
  readonly deploymentId: string;
}

export interface FlowSituation {
  readonly stepId: string | null;
  readonly attempt: number;
  readonly retryAt: number | null;
  /** Of the attempt before. */
  readonly error: string | null;
  /** `hookId`: what ends it, if that is a hook. */
  readonly wait: { readonly wakeAt: number | null; readonly hookId: string | null; readonly reason: string | null } | null;
  readonly children: { readonly finished: number; readonly needed: number } | null;
  readonly cancelRequested: boolean;
}

/** One thing that a run does or waits for. */
export type Fact =
  | { readonly kind: 'ended'; readonly status: RunStatus; readonly at: number | null; readonly error: string | null }
  | { readonly kind: 'cancelling' }
  | { readonly kind: 'working'; readonly what: string; readonly host: string; readonly pid: number; readonly since: number | null }
  | { readonly kind: 'queued'; readonly what: string; readonly since: number; readonly why: QueuedWhy }
  | { readonly kind: 'redelivery'; readonly what: string; readonly at: number; readonly deliveries: number }
  | { readonly kind: 'retry'; readonly what: string; readonly attempt: number; readonly at: number; readonly error: string | null }
  | { readonly kind: 'sleep'; readonly until: number }
  | { readonly kind: 'signal'; readonly hookId: string | null; readonly reason: string | null; readonly until: number | null }
  | { readonly kind: 'children'; readonly finished: number; readonly needed: number }
  | { readonly kind: 'nothing' };

/** Why something that is due is not under way. */
export type QueuedWhy = 'no worker' | 'no worker of its build' | 'its worker died' | 'not taken yet';

export interface Explanation {
  /** One paragraph, for a person. */
  readonly text: string;
  /** The same for a program. */
  readonly facts: readonly Fact[];
}

/** Says why a run is where it is, and what to do if it should not be. Pure: asks nothing and changes nothing. */
export function explain(situation: RunSituation): Explanation {
  const facts = findFacts(situation);
  const { runId, name, status, expired } = situation;
  const sentences = [...describeFacts(facts, situation), ...(expired ? ['Its data is gone: retention has deleted it.'] : [])];
  return { text: `Run ${runId} (${name}) is ${status}. ${[...sentences, ...remedies(facts, situation)].join(' ')}`.trim(), facts };
}

function findFacts(situation: RunSituation): Fact[] {
  const { status, endedAt, error, flow } = situation;
  if (status === 'completed' || status === 'failed' || status === 'cancelled') return [{ kind: 'ended', status, at: endedAt, error }];
  const facts = flow ? flowFacts(situation, flow) : codeFacts(situation);
  return facts.length === 0 ? [{ kind: 'nothing' }] : facts;
}

function codeFacts(situation: RunSituation): Fact[] {
  const { delivery, steps, sleeps, hooks } = situation;
  return [
    ...deliveryFacts(situation, delivery, { what: 'the workflow function', since: null }),
    ...steps.flatMap((step) => stepFacts(situation, step)),
    ...sleeps.toSorted((a, b) => a - b).map((until): Fact => ({ kind: 'sleep', until })),
    ...hooks.map((hookId): Fact => ({ kind: 'signal', hookId, reason: null, until: null })),
  ];
}

function stepFacts(situation: RunSituation, { name, attempt, startedAt, error, delivery }: OpenStep): Fact[] {
  const what = `step "${name}"`;
  const { dueAt, leaseOwner } = delivery;
  if (leaseOwner === null && dueAt !== null && dueAt > situation.now && error !== null) {
    return [{ kind: 'retry', what, attempt: attempt + 1, at: dueAt, error }];
  }
  return deliveryFacts(situation, delivery, { what, since: startedAt });
}

function flowFacts(situation: RunSituation, flow: FlowSituation): Fact[] {
  const { now, delivery } = situation;
  const what = flow.stepId === null ? 'the flow' : `step "${flow.stepId}"`;
  const facts: Fact[] = flow.cancelRequested ? [{ kind: 'cancelling' }] : [];
  if (delivery.leaseOwner !== null) return [...facts, ...deliveryFacts(situation, delivery, { what, since: null })];
  if (flow.children) facts.push({ kind: 'children', ...flow.children });
  else if (flow.wait && (flow.wait.hookId !== null || flow.wait.wakeAt === null)) {
    facts.push({ kind: 'signal', hookId: flow.wait.hookId, reason: flow.wait.reason, until: flow.wait.wakeAt });
  } else if (flow.wait?.wakeAt != null && flow.wait.wakeAt > now) facts.push({ kind: 'sleep', until: flow.wait.wakeAt });
  else if (flow.retryAt !== null && flow.retryAt > now) {
    facts.push({ kind: 'retry', what, attempt: flow.attempt + 1, at: flow.retryAt, error: flow.error });
  }
  // What it waits for is told already; a due time in the future is only the alarm for it.
  const waits = facts.some(({ kind }) => kind !== 'cancelling');
  return waits && !(delivery.dueAt !== null && delivery.dueAt <= now)
    ? facts
    : [...facts, ...deliveryFacts(situation, delivery, { what, since: null })];
}

function deliveryFacts(
  { now, workers, deploymentId }: RunSituation,
  { dueAt, leaseOwner, deliveries }: DeliveryState,
  { what, since }: { readonly what: string; readonly since: number | null },
): Fact[] {
  if (leaseOwner !== null) {
    const worker = workers.find(({ workerId }) => workerId === leaseOwner);
    if (worker) return [{ kind: 'working', what, host: worker.host, pid: worker.pid, since }];
    return [{ kind: 'queued', what, since: dueAt ?? since ?? now, why: workers.length === 0 ? 'no worker' : 'its worker died' }];
  }
  if (dueAt === null) return [];
  if (dueAt > now) return deliveries > 0 ? [{ kind: 'redelivery', what, at: dueAt, deliveries }] : [];
  const ofBuild = workers.some((worker) => worker.deploymentId === deploymentId);
  const why = workers.length === 0 ? 'no worker' : ofBuild ? 'not taken yet' : 'no worker of its build';
  return [{ kind: 'queued', what, since: dueAt, why }];
}

const shownOfAKind = 3;

/** Of each kind the first few, and how many more there are. */
function describeFacts(facts: readonly Fact[], situation: RunSituation): string[] {
  const kinds = [...new Set(facts.map(({ kind }) => kind))];
  return kinds.flatMap((kind) => {
    const ofKind = facts.filter((fact) => fact.kind === kind);
    const more = ofKind.length - shownOfAKind;
    const shown = ofKind.slice(0, shownOfAKind).map((fact) => describe(fact, situation));
    return more > 0 ? [...shown, `So it is with ${more} more.`] : shown;
  });
}

function describe(fact: Fact, { now, deploymentId }: RunSituation): string {
  switch (fact.kind) {
    case 'ended': {
      const when = fact.at === null ? 'It is over' : `It ended ${formatRoughly(now - fact.at)} ago, at ${instant(fact.at)}`;
      return fact.error === null ? `${when}.` : `${when}: ${sentence(fact.error)}`;
    }
    case 'cancelling':
      return 'It was asked to cancel, and does so as soon as a worker has it.';
    case 'working': {
      const since = fact.since === null ? '' : `, for ${formatRoughly(now - fact.since)}`;
      return `${capital(fact.what)} is being run by process ${fact.pid} on ${fact.host}${since}.`;
    }
    case 'queued':
      return `${capital(fact.what)} has been due for ${formatRoughly(now - fact.since)}, and ${queuedWhy(fact.why, deploymentId)}.`;
    case 'redelivery':
      return `${capital(fact.what)} could not be delivered (${times(fact.deliveries)}), and is delivered again ${inTime(fact.at, now)}.`;
    case 'retry':
      return `${capital(fact.what)} failed${fact.error === null ? '' : ` with "${fact.error}"`}; attempt ${fact.attempt} begins ${inTime(fact.at, now)}.`;
    case 'sleep':
      return fact.until > now
        ? `It sleeps, and goes on ${inTime(fact.until, now)}.`
        : 'It has slept long enough, and goes on when a worker takes it.';
    case 'signal': {
      const hook = fact.hookId === null ? 'somebody outside' : `somebody outside (hook ${fact.hookId})`;
      const reason = fact.reason === null ? '' : `, "${fact.reason}"`;
      return `It waits for ${hook}${reason}${fact.until === null ? '' : `, but no longer than ${inTime(fact.until, now).replace(/^in /, '')}`}.`;
    }
    case 'children':
      return `It waits for its children: ${fact.finished} of ${fact.needed} have ended.`;
    case 'nothing':
      return 'Nothing of it is due, under way or waited for.';
  }
}

function queuedWhy(why: QueuedWhy, deploymentId: string): string {
  switch (why) {
    case 'no worker':
      return 'no worker is alive';
    case 'no worker of its build':
      return `no worker that is alive has its build, ${deploymentId}`;
    case 'its worker died':
      return 'the worker that had it is gone';
    case 'not taken yet':
      return 'no worker has taken it yet';
  }
}

const patienceMs = 60_000;

function remedies(facts: readonly Fact[], { now }: RunSituation): string[] {
  const queued = facts.filter((fact) => fact.kind === 'queued');
  const because = (why: QueuedWhy) => queued.some((fact) => fact.why === why);
  const late = queued.some((fact) => fact.why === 'not taken yet' && now - fact.since > patienceMs);
  return [
    ...(because('no worker') ? ['Start one: a process that calls world.start() or engine.start(), or "pawl serve".'] : []),
    ...(because('no worker of its build')
      ? ['Workers with the policy "latest" take it all the same; those with "pinned" do not, so start one of that build.']
      : []),
    ...(because('its worker died') ? ['Another one takes it over within seconds; nothing need be done.'] : []),
    ...(late
      ? ['See whether the workers are busy ("pawl doctor"), have its code or handlers, and the namespace (WORKFLOW_QUEUE_NAMESPACE).']
      : []),
    ...(facts.some(({ kind }) => kind === 'redelivery') ? ['The log of the workers says what went wrong.'] : []),
    ...(facts.some(({ kind }) => kind === 'nothing')
      ? ['A moment later this may be different; if it stays so, wake the run, and report it: that should not happen.']
      : []),
  ];
}

function inTime(at: number, now: number): string {
  return at <= now ? 'now' : `in ${formatRoughly(at - now)}, at ${instant(at)}`;
}

function instant(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
