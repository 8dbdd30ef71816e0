import type { Random } from '../../test/e2e/support/random.ts';

/** What a workflow awaits. */
export type Part =
  | { readonly kind: 'step'; readonly id: string; readonly bodyMs: number; readonly failures: number }
  | { readonly kind: 'sleep'; readonly id: string; readonly ms: number }
  | { readonly kind: 'hook'; readonly id: string; readonly token: string };

/** A workflow: stage after stage, the parts of each at the same time. */
export interface Program {
  readonly runId: string;
  readonly stages: readonly (readonly Part[])[];
  readonly startsAtMs: number;
  /** Somebody cancels it then; undefined: nobody does. */
  readonly cancelledAtMs: number | undefined;
  /** What it gives, as the SDK frames it; by default one byte. */
  readonly output?: Uint8Array;
}

/** Many steps at a time, and nothing else. The bodies of one host that would end within the same tenth of a second end at once. */
export function crowdedProgram(random: Random, index: number): Program {
  const stages = Array.from({ length: random.between(1, 3) }, (_, stage) =>
    Array.from({ length: random.between(2, 6) }, (__, place) => randomStep(random, `${stage}_${place}`)),
  );
  return { runId: `run-${index}`, stages, startsAtMs: random.between(0, 1_500), cancelledAtMs: undefined };
}

/** Ids of steps, hooks and waits are the same in every run, as the SDK's own would be in runs that start alike. */
export function randomProgram(random: Random, index: number): Program {
  const runId = `run-${index}`;
  const stages = Array.from({ length: random.between(1, 4) }, (_, stage) =>
    Array.from({ length: random.chance(0.3) ? random.between(2, 5) : 1 }, (__, place) => randomPart(random, `${stage}_${place}`, runId)),
  );
  const startsAtMs = random.between(0, 1_500);
  return { runId, stages, startsAtMs, cancelledAtMs: random.chance(0.1) ? startsAtMs + random.between(0, 4_000) : undefined };
}

function randomPart(random: Random, id: string, runId: string): Part {
  const chance = random.next();
  if (chance < 0.65) return randomStep(random, id);
  if (chance < 0.85) return { kind: 'sleep', id: `wait_${id}`, ms: random.pick([1, 100, 1_000, 2_500]) };
  return { kind: 'hook', id: `hook_${id}`, token: `token-${runId}-${id}` };
}

function randomStep(random: Random, id: string): Extract<Part, { kind: 'step' }> {
  return {
    kind: 'step',
    id: `step_${id}`,
    bodyMs: random.pick([0, 1, 20, 200, 1_500]),
    failures: random.chance(0.15) ? random.between(1, 2) : 0,
  };
}
