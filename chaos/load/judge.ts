import { type Body, groupBySteps } from './ledger.ts';

export interface Evidence {
  readonly bodies: readonly Body[];
  /** The marks that each run gave as its value. */
  readonly marks: ReadonlyMap<string, readonly string[]>;
  /** The runs whose steps come one after the other, in the order of their marks. */
  readonly inOrder?: ReadonlySet<string>;
  readonly killedAt: ReadonlyMap<string, number>;
  /** When hosts said that they had stood still for longer than their lease. */
  readonly givenUpAt: ReadonlyMap<string, readonly number[]>;
  /** When the database was away: a result that could not be recorded then is worked out again, which is the SDK's rule. */
  readonly disturbed?: readonly { readonly began: number; readonly over: number }[];
}

export interface Judgement {
  readonly violations: readonly string[];
  /** Bodies that were begun again. */
  readonly repeated: number;
  /** How long after the death of its worker each step that it cost its end went on elsewhere, in milliseconds. */
  readonly recoveries: readonly number[];
  /** The same of those that were started once more before their body began, and so waited for a second lease. */
  readonly slowRecoveries: readonly number[];
}

// Who stood still says so when he hears of it, which may be after the next one has begun.
const hearsWithinMs = 30_000;
// Who could not reach the database tries again for a while, and what was sent before it went away may never have arrived.
const aftermathMs = 5_000;
const onItsWayMs = 1_000;
// On a machine that loads processes all the time, from the last line of a body to the log.
const recordedWithinMs = 3_000;

/**
 * Holds the effects outside against what was recorded: each result is that of one body, of its own run, and the last that began; a body is
 * begun again only if the worker that had it was killed, given up or cut off from the database in the meantime; and no step begins again
 * once the next one has.
 */
export function judge(evidence: Evidence): Judgement {
  const { bodies, marks, killedAt } = evidence;
  const { violations, recorded } = readResults(marks);
  const recoveries: number[] = [];
  const slowRecoveries: number[] = [];
  let repeated = 0;
  const steps = groupBySteps(bodies);
  for (const [key, begun] of steps) {
    // By attempt: somebody who stood still between the start of a step and its body begins late, and what he does is in vain.
    const ofStep = begun.toSorted((a, b) => a.attempt - b.attempt);
    if (!marks.has(ofStep[0]?.runId ?? '')) continue;
    const taken = ofStep.filter(({ mark, runId }) => recorded.get(mark) === runId);
    if (taken.length !== 1) violations.push(`${key} has ${taken.length} recorded results of ${ofStep.length} bodies`);
    repeated += ofStep.length - 1;
    for (const [index, body] of ofStep.slice(0, -1).entries()) {
      const next = ofStep[index + 1] as Body;
      if (!hasCause(evidence, body, next)) violations.push(`${key} began again, though ${body.host} lived`);
      const died = killedAt.get(body.host);
      if (died !== undefined && died <= latestCause(body, next)) {
        (next.attempt > body.attempt + 1 ? slowRecoveries : recoveries).push(next.at - died);
      }
      if (recorded.has(body.mark)) violations.push(`${key} began again after its result was recorded`);
    }
  }
  return { violations: [...violations, ...outOfOrder(evidence, steps)], repeated, recoveries, slowRecoveries };
}

/** Whose result each mark is. */
function readResults(marks: Evidence['marks']) {
  const violations: string[] = [];
  const recorded = new Map<string, string>();
  for (const [runId, ofRun] of marks) {
    for (const mark of ofRun) {
      if (recorded.has(mark)) violations.push(`the result ${mark} is that of ${runId} and of ${recorded.get(mark)}`);
      recorded.set(mark, runId);
    }
  }
  return { violations, recorded };
}

/**
 * Between the begin of a body and that of the next one for the same step something has to have happened to the worker of the first, or to the
 * database when its result was due.
 */
function hasCause({ killedAt, givenUpAt, disturbed = [] }: Evidence, body: Body, next: Body): boolean {
  const { host, at, endedAt } = body;
  const latest = latestCause(body, next);
  const died = killedAt.get(host);
  if (died !== undefined && died <= latest) return true;
  const heard = givenUpAt.get(host) ?? [];
  if (heard.some((instant) => instant >= at && instant <= latest + hearsWithinMs)) return true;
  const [dueFrom, dueUntil] = endedAt === undefined ? [at, next.at] : [endedAt, endedAt + onItsWayMs];
  return disturbed.some(({ began, over }) => dueFrom <= over + aftermathMs && dueUntil >= began);
}

/** What comes later cannot have cost the body its result: that was in the log by then. */
function latestCause({ endedAt }: Body, next: Body): number {
  return endedAt === undefined ? next.at : Math.min(next.at, endedAt + recordedWithinMs);
}

/** A step that begins after the next one of its run has lost a result that was recorded; late is only who had been given up. */
function outOfOrder({ bodies, marks, inOrder, givenUpAt }: Evidence, steps: ReadonlyMap<string, readonly Body[]>): string[] {
  const byMark = new Map(bodies.map((body) => [body.mark, body]));
  return [...(inOrder ?? [])].flatMap((runId) => {
    const taken = (marks.get(runId) ?? []).flatMap((mark) => byMark.get(mark) ?? []);
    return taken.slice(0, -1).flatMap(({ stepId }, index) => {
      const next = taken[index + 1] as Body;
      const heardOf = (host: string, at: number) =>
        (givenUpAt.get(host) ?? []).some((instant) => instant >= next.at - hearsWithinMs && instant <= at + hearsWithinMs);
      const late = (steps.get(`${runId} ${stepId}`) ?? []).filter(({ at, host }) => at > next.at && !heardOf(host, at));
      return late.map(({ host }) => `${runId} ${stepId} began in ${host} after the next step had`);
    });
  });
}
