import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Stage } from '../../test/e2e/support/stage.ts';

/** A step body that began, and when it was over, if it ever was. */
export interface Body {
  readonly mark: string;
  readonly runId: string;
  readonly stepId: string;
  readonly attempt: number;
  readonly host: string;
  readonly at: number;
  endedAt: number | undefined;
}

/** What step bodies wrote down outside of the World, in the order in which they began. */
export async function readBodies(stage: Stage): Promise<Body[]> {
  const bodies = new Map<string, Body>();
  for await (const line of createInterface({ input: createReadStream(join(stage.directory, 'ledger.jsonl')) })) {
    const { kind, ...rest } = JSON.parse(line) as { kind: 'begin' | 'end' } & Omit<Body, 'endedAt'>;
    if (kind === 'begin') bodies.set(rest.mark, { ...rest, endedAt: undefined });
    else (bodies.get(rest.mark) as Body).endedAt = rest.at;
  }
  return [...bodies.values()];
}

export function groupBySteps(bodies: readonly Body[]): Map<string, Body[]> {
  const steps = new Map<string, Body[]>();
  for (const body of bodies) {
    const key = `${body.runId} ${body.stepId}`;
    const known = steps.get(key);
    if (known) known.push(body);
    else steps.set(key, [body]);
  }
  return steps;
}
