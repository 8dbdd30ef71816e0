import { type Body, groupBySteps } from './ledger.ts';

export interface Evidence {
  readonly bodies: readonly Body[];
  /** The marks that each run gave as its value. */
  readonly marks: ReadonlyMap<string, readonly string[]>;
  readonly killedAt: ReadonlyMap<string, number>;
  /** Hosts that stood still for longer than their lease. */
  readonly givenUp: readonly string[];
}

export interface Judgement {
  readonly violations: readonly string[];
  /** Bodies that were begun again. */
  readonly repeated: number;
  /** How long after the death of its worker each step that was cut off went on elsewhere, in milliseconds. */
  readonly recoveries: readonly number[];
}

/**
 * Holds the effects outside against what was recorded: each result is that of one body, of its own run, and the last that began; a body is
 * begun again only if the worker that had it died, or stood still and was given up.
 */
export function judge({ bodies, marks, killedAt, givenUp }: Evidence): Judgement {
  const violations: string[] = [];
  const recoveries: number[] = [];
  const recorded = new Map<string, string>();
  for (const [runId, ofRun] of marks) {
    for (const mark of ofRun) {
      if (recorded.has(mark)) violations.push(`the result ${mark} is that of ${runId} and of ${recorded.get(mark)}`);
      recorded.set(mark, runId);
    }
  }
  let repeated = 0;
  for (const [key, begun] of groupBySteps(bodies)) {
    // By attempt: somebody who stood still between the start of a step and its body begins late, and what he does is in vain.
    const ofStep = begun.toSorted((a, b) => a.attempt - b.attempt);
    if (!marks.has(ofStep[0]?.runId ?? '')) continue;
    const taken = ofStep.filter(({ mark }) => recorded.has(mark));
    if (taken.length !== 1) violations.push(`${key} has ${taken.length} recorded results of ${ofStep.length} bodies`);
    repeated += ofStep.length - 1;
    for (const [index, body] of ofStep.slice(0, -1).entries()) {
      const died = killedAt.get(body.host);
      const next = ofStep[index + 1] as Body;
      if (died === undefined && !givenUp.includes(body.host)) violations.push(`${key} began again, though ${body.host} lived`);
      else if (died !== undefined && body.endedAt === undefined) recoveries.push(next.at - died);
      if (recorded.has(body.mark)) violations.push(`${key} began again after its result was recorded`);
    }
  }
  return { violations, repeated, recoveries };
}

/** The value below which this share of all is, or NaN where there are none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** The same as a figure of a report. */
export function shownQuantile(values: readonly number[], share: number): number | string {
  return values.length === 0 ? 'none to measure' : quantile(values, share);
}
