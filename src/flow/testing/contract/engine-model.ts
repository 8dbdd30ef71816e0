import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Result } from '../../result.ts';
import type { Clock } from '../../../base/clock.ts';
import { createFakeClock } from '../../../base/fake-clock.ts';
import { deliverOne } from '../../local-worker.ts';
import type { Engine } from '../../engine.ts';
import type { Flow, StepHandler } from '../../types.ts';
import { buildFlow, type StepSketch } from '../build-flow.ts';
import type { EngineBackend, EngineBackendFactory } from './engine.ts';

type Outcome = 'success' | 'failure' | 'throw' | 'nap' | 'bad-output' | 'crash';
type Plan = Record<string, { readonly sketch: StepSketch; readonly outcomes: readonly Outcome[] }>;

const maxSteps = 25;
const ids = ['s0', 's1', 's2', 's3', 's4'];

/**
 * Random graphs with random outcomes, killed at random steps, against a model of a few lines: where does each visit
 * lead, and how does it end? Each recorded visit happened once.
 */
export function testEngineModel(name: string, factory: EngineBackendFactory, { runs = 60 }: { readonly runs?: number } = {}): void {
  describe(`${name}: engine model`, () => {
    // The time only says when it hangs.
    it('goes where the model goes, whoever dies on the way', { timeout: 120_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(plans, async (plan) => {
          const clock = createFakeClock(Date.UTC(2026, 0, 1));
          const backend = await factory({ clock });
          try {
            expect(await execute(plan, backend, clock)).toEqual(predict(plan));
          } finally {
            await backend.close?.();
          }
        }),
        { numRuns: runs },
      );
    });
  });
}

const target = fc.option(fc.constantFrom(...ids), { nil: null, freq: 4 });
const maybe = fc.option(target, { nil: undefined });
const step = fc.record({
  onSuccess: target,
  onFailure: maybe,
  onTimeout: maybe,
  retries: fc.option(fc.record({ maxAttempts: fc.integer({ min: 0, max: 2 }), initialDelay: fc.constant(10) }), {
    nil: undefined,
  }),
  outcomes: fc.array(fc.constantFrom<Outcome>('success', 'success', 'failure', 'throw', 'nap', 'bad-output', 'crash'), {
    minLength: 1,
    maxLength: 6,
  }),
});
const plans: fc.Arbitrary<Plan> = fc.tuple(...ids.map(() => step)).map((steps) =>
  Object.fromEntries(
    steps.map(({ outcomes, ...sketch }, n) => {
      const present = Object.fromEntries(Object.entries(sketch).filter(([, value]) => value !== undefined));
      return [ids[n] as string, { sketch: { ...present, outputKey: `out.${ids[n]}` }, outcomes }];
    }),
  ),
);

interface Trace {
  readonly status: string;
  readonly error: string | undefined;
  /** `step visit.attempt status` */
  readonly trail: readonly string[];
}

/** The n-th call of a step answers its n-th outcome, round and round; a crash is a call of which nothing is recorded. */
function predict(plan: Plan): Trace {
  const calls = new Map<string, number>();
  const visits = new Map<string, number>();
  const trail: string[] = [];
  let at: string | null = ids[0] as string;
  for (let steps = 0; at !== null;) {
    if (steps >= maxSteps) return { status: 'failed', error: 'MAX_STEPS', trail };
    steps += 1;
    const id: string = at;
    const { sketch, outcomes } = plan[id] as Plan[string];
    const visit = (visits.get(id) ?? 0) + 1;
    visits.set(id, visit);
    let resumed = false;
    for (let attempt = 1; ;) {
      const call = calls.get(id) ?? 0;
      calls.set(id, call + 1);
      const outcome = outcomes[call % outcomes.length] as Outcome;
      if (outcome === 'crash' && crashesAllowed(outcomes)) continue;
      const place = `${id} ${visit}.${attempt}`;
      if (outcome === 'nap' && !resumed) {
        trail.push(`${place} wait`);
        if (sketch.onTimeout !== undefined) {
          at = sketch.onTimeout;
          break;
        }
        if (steps >= maxSteps) return { status: 'failed', error: 'MAX_STEPS', trail };
        steps += 1;
        resumed = true;
        continue;
      }
      if (outcome === 'failure' || outcome === 'throw' || outcome === 'bad-output') {
        trail.push(`${place} failure`);
        if (outcome !== 'bad-output' && attempt <= (sketch.retries?.maxAttempts ?? 0)) {
          attempt += 1;
          resumed = false;
          continue;
        }
        if (sketch.onFailure === undefined || sketch.onFailure === null) {
          return { status: 'failed', error: outcome === 'failure' ? 'NOPE' : 'HANDLER_ERROR', trail };
        }
        at = sketch.onFailure;
        break;
      }
      trail.push(`${place} success`);
      at = sketch.onSuccess ?? null;
      break;
    }
  }
  return { status: 'completed', error: undefined, trail };
}

/** A step that does nothing but crash would never end. */
function crashesAllowed(outcomes: readonly Outcome[]): boolean {
  return outcomes.some((outcome) => outcome !== 'crash');
}

const mostSweeps = 5;

async function execute(plan: Plan, backend: EngineBackend, clock: ReturnType<typeof createFakeClock>): Promise<Trace> {
  const flow = flowOf(plan);
  const calls = new Map<string, number>();
  let crash = () => {};
  const handlers = ids.map((type): StepHandler => ({
    type,
    async execute({ resumed }) {
      const call = calls.get(type) ?? 0;
      calls.set(type, call + 1);
      const { outcomes } = plan[type] as Plan[string];
      const outcome = outcomes[call % outcomes.length] as Outcome;
      if (outcome === 'crash' && crashesAllowed(outcomes)) {
        crash();
        return new Promise(() => {});
      }
      if (outcome === 'nap' && !resumed) return Result.wait({ wakeAt: clock.now() + 1_000 });
      if (outcome === 'failure') return Result.failure({ code: 'NOPE', message: 'nope' });
      if (outcome === 'throw') throw new Error('thrown');
      return Result.success(outcome === 'bad-output' ? { f: () => 1 } : { call });
    },
  }));
  const open = () => backend.open({ flows: [flow], handlers, maxSteps, maxDeliveries: 1_000, random: () => 0.5 });
  let engine: Engine = await open();
  let sweeps = 0;
  const { id } = (await engine.create('flow')).execution;
  for (;;) {
    const living = new AbortController();
    const crashed = new Promise<'crashed'>((resolve) => {
      crash = () => {
        living.abort();
        resolve('crashed');
      };
    });
    const driven = await Promise.race([driveWhileAlive(engine, clock, living.signal), crashed]);
    if (driven === 'crashed') {
      await backend.kill(engine);
      engine = await open();
      continue;
    }
    const execution = await engine.get(id);
    if (['completed', 'failed', 'cancelled'].includes(execution.status)) {
      const trail = execution.history.map(({ stepId, visit, attempt, status }) => `${stepId} ${visit}.${attempt} ${status}`);
      return { status: execution.status, error: execution.error?.code, trail };
    }
    if (driven !== undefined) clock.advance(driven - clock.now());
    // A write that was under way may have kept the lease from those who gave back what the dead one held; workers look again.
    else if (sweeps++ < mostSweeps) await backend.sweep?.();
    else throw new Error(`Execution is stuck: ${execution.status}`);
  }
}

/** As `driveDue` does; but a dead one takes nothing more when it learns at last that it lost what it had. */
async function driveWhileAlive(engine: Engine, clock: Clock, life: AbortSignal): Promise<number | undefined> {
  while (!life.aborted) {
    const page = await engine.store.index?.due({ now: clock.now(), limit: 10 });
    if (!page || page.ids.length === 0) return page?.nextDueAt;
    await Promise.all(page.ids.map((id) => deliverOne(engine, id)));
  }
  return undefined;
}

function flowOf(plan: Plan): Flow {
  const flow = buildFlow(Object.fromEntries(ids.map((id) => [id, (plan[id] as Plan[string]).sketch])));
  // Whatever the random graph leaves unreachable is mentioned, which is all that validation asks for.
  const first = ids[0] as string;
  return {
    ...flow,
    steps: { ...flow.steps, [first]: { ...(flow.steps[first] as Flow['steps'][string]), config: { mentions: ids } } },
  };
}
