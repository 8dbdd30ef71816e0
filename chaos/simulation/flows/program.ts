import type { Flow, Step } from '../../../src/flow/types.ts';
import { frame } from '../../../src/flow/world/frame.ts';
import type { Random } from '../../../test/e2e/support/random.ts';
import type { Program } from '../program.ts';
import { workflowName } from '../replay.ts';

/** What one step of a simulated flow does. */
export type FlowPart =
  /** Fails so often, and then succeeds; `saves`: it keeps a checkpoint on the way. */
  | { readonly kind: 'work'; readonly id: string; readonly bodyMs: number; readonly failures: number; readonly saves: boolean }
  /** Fails as often as it is tried: `onFailure` leads on. With `timeoutMs` because it is too slow, and goes on after nobody waits any more. */
  | { readonly kind: 'fail'; readonly id: string; readonly bodyMs: number; readonly retries: number; readonly timeoutMs?: number }
  | { readonly kind: 'delay'; readonly id: string; readonly ms: number }
  /** Hands a token out, lingers, and waits for it, for so long at most. */
  | {
      readonly kind: 'ask';
      readonly id: string;
      readonly lingersMs: number;
      readonly patienceMs: number | undefined;
      readonly answeredAfterMs: number;
    }
  /** Waits to be resumed by the execution's id. */
  | { readonly kind: 'signal'; readonly id: string }
  | { readonly kind: 'parallel'; readonly id: string; readonly join: 'all' | 'any'; readonly branches: readonly Branch[] }
  | { readonly kind: 'map'; readonly id: string; readonly items: number; readonly concurrency: number; readonly item: Branch }
  | { readonly kind: 'subflow'; readonly id: string }
  /** A run of code as a child. */
  | { readonly kind: 'code'; readonly id: string };

export type Branch = Extract<FlowPart, { kind: 'work' | 'delay' }>;

/** One execution: what its steps do, and what somebody outside does with it. */
export interface FlowProgram {
  readonly flowId: string;
  readonly parts: readonly FlowPart[];
  readonly startsAtMs: number;
  /** Its id; undefined: it is started twice at the same time, with one idempotency key. */
  readonly executionId: string | undefined;
  readonly cancelledAtMs: number | undefined;
  /** How long it may take as a whole. */
  readonly timeoutMs?: number | undefined;
  /** Whether a cancelled one is undone by its step `undo`. */
  readonly undoes?: boolean;
}

export const undoStepId = 'undo';

const again = '_again';
/** The id under which an execution is tried again. */
export const againOf = (executionId: string) => `${executionId}${again}`;
export const isAgain = (executionId: string) => executionId.endsWith(again);

/** The flow that every `subflow` runs. */
export const childFlowId = 'simulated-child';
export const childParts: readonly FlowPart[] = [
  { kind: 'work', id: 'c0', bodyMs: 20, failures: 0, saves: false },
  { kind: 'delay', id: 'c1', ms: 1_500 },
  { kind: 'work', id: 'c2', bodyMs: 1, failures: 1, saves: false },
];

export const codeOutput = 'of a run of code';

/** What every run of code does that a `code` step starts. */
export function codeProgram(runId: string): Program {
  const work = { kind: 'step', id: 'step_0_0', bodyMs: 20, failures: 1 } as const;
  const stages = [[work], [{ kind: 'sleep', id: 'wait_1_0', ms: 1_000 } as const]];
  // Without the tag of what is stored.
  return { runId, stages, startsAtMs: 0, cancelledAtMs: undefined, output: frame(codeOutput).slice(1) };
}

export function randomFlowProgram(random: Random, index: number): FlowProgram {
  const startsAtMs = random.between(0, 1_500);
  return {
    flowId: `simulated-${index}`,
    parts: Array.from({ length: random.between(1, 5) }, (_, place) => randomPart(random, `s${place}`)),
    startsAtMs,
    executionId: random.chance(0.6) ? `wrun_simulated_${index}` : undefined,
    cancelledAtMs: random.chance(0.15) ? startsAtMs + random.between(0, 5_000) : undefined,
  };
}

/** The same with bounds: steps that are too slow, executions that may take so long only, and what undoes them. */
export function withBounds(random: Random, program: FlowProgram): FlowProgram {
  const slow = (part: FlowPart): FlowPart =>
    part.kind === 'fail' || random.chance(0.15)
      ? { kind: 'fail', id: part.id, bodyMs: 30_000, retries: random.between(0, 2), timeoutMs: random.pick([1, 300, 1_500]) }
      : part;
  return {
    ...program,
    parts: program.parts.map(slow),
    cancelledAtMs: program.cancelledAtMs ?? (random.chance(0.3) ? program.startsAtMs + random.between(0, 5_000) : undefined),
    timeoutMs: random.chance(0.4) ? random.pick([1, 300, 2_500, 8_000]) : undefined,
    undoes: random.chance(0.7),
  };
}

function randomPart(random: Random, id: string): FlowPart {
  const chance = random.next();
  if (chance < 0.4) return randomWork(random, id);
  if (chance < 0.45) return { kind: 'fail', id, bodyMs: random.pick([0, 20]), retries: random.between(0, 2) };
  if (chance < 0.55) return { kind: 'delay', id, ms: random.pick([1, 800, 2_500, 6_000]) };
  if (chance < 0.7) {
    const patienceMs = random.chance(0.3) ? random.pick([1, 500, 3_000]) : undefined;
    return { kind: 'ask', id, lingersMs: random.pick([0, 0, 100]), patienceMs, answeredAfterMs: random.pick([0, 0, 30, 1_000]) };
  }
  if (chance < 0.78) return { kind: 'signal', id };
  if (chance < 0.88) {
    const branches = Array.from({ length: random.between(1, 3) }, (_, place) => randomBranch(random, `${id}b${place}`));
    return { kind: 'parallel', id, join: random.pick(['all', 'any']), branches };
  }
  if (chance < 0.96)
    return { kind: 'map', id, items: random.between(0, 5), concurrency: random.between(1, 3), item: randomBranch(random, `${id}i`) };
  return { kind: chance < 0.98 ? 'subflow' : 'code', id };
}

function randomBranch(random: Random, id: string): Branch {
  return random.chance(0.3) ? { kind: 'delay', id, ms: random.pick([1, 1_500]) } : randomWork(random, id);
}

function randomWork(random: Random, id: string): Extract<FlowPart, { kind: 'work' }> {
  return {
    kind: 'work',
    id,
    bodyMs: random.pick([0, 1, 20, 200, 1_500]),
    failures: random.chance(0.2) ? random.between(1, 2) : 0,
    saves: random.chance(0.15),
  };
}

export function flowOf({ flowId, parts, undoes = false }: Pick<FlowProgram, 'flowId' | 'parts' | 'undoes'>): Flow {
  const undo: FlowPart = { kind: 'work', id: undoStepId, bodyMs: 20, failures: 1, saves: false };
  const steps = [...parts.flatMap((part, index) => stepsOf(part, parts[index + 1]?.id ?? null)), ...(undoes ? stepsOf(undo, null) : [])];
  return {
    ...(undoes ? { metadata: { onCancel: undoStepId } } : {}),
    id: flowId,
    version: '1.0.0',
    initialStepId: parts[0]?.id ?? '',
    steps: Object.fromEntries(steps.map((step) => [step.id, step])),
  };
}

function stepsOf(part: FlowPart, next: string | null): Step[] {
  const step = { id: part.id, type: part.kind, input: { type: 'full' }, outputKey: part.id, transitions: { onSuccess: next } } as const;
  switch (part.kind) {
    case 'work': {
      const config = { bodyMs: part.bodyMs, failures: part.failures, saves: part.saves };
      return [{ ...step, config, retries: { maxAttempts: part.failures, initialDelay: 1_500, backoff: 'exponential' } }];
    }
    case 'fail': {
      const config = { bodyMs: part.bodyMs, failures: 1_000, saves: false };
      // Where nothing follows there is nowhere to go: the execution fails.
      const transitions = next === null ? step.transitions : { onSuccess: next, onFailure: next };
      const retries = { maxAttempts: part.retries, initialDelay: 1_200, backoff: 'fixed' } as const;
      return [{ ...step, type: 'work', config, transitions, retries, ...(part.timeoutMs ? { timeout: part.timeoutMs } : {}) }];
    }
    case 'delay':
      return [{ ...step, config: { duration: part.ms } }];
    case 'ask':
      return [
        { ...step, config: { lingersMs: part.lingersMs, ...(part.patienceMs === undefined ? {} : { patienceMs: part.patienceMs }) } },
      ];
    case 'signal':
      return [step];
    case 'parallel': {
      const branches = Object.fromEntries(part.branches.map(({ id }) => [id, { startStepId: id }]));
      return [{ ...step, config: { join: part.join, branches } }, ...part.branches.flatMap((branch) => stepsOf(branch, null))];
    }
    case 'map': {
      const input = { type: 'static', value: Array.from({ length: part.items }, (_, item) => item) } as const;
      const config = { startStepId: part.item.id, concurrency: part.concurrency };
      return [{ ...step, input, config }, ...stepsOf(part.item, null)];
    }
    case 'code':
      return [{ ...step, config: { workflow: workflowName } }];
    case 'subflow':
      return [{ ...step, input: { type: 'static', value: { from: part.id } }, config: { flowId: childFlowId } }];
  }
}
