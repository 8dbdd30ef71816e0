import { builtinHandlers } from '../../../src/flow/handlers/builtin-handlers.ts';
import { Result } from '../../../src/flow/result.ts';
import type { HandlerParams, HandlerResult, StepHandler } from '../../../src/flow/types.ts';
import type { SimulatedProcess, VirtualTime } from '../virtual-time.ts';
import type { FlowBody, FlowWitness } from './witness.ts';

/** A token that a step has handed out to whoever is to answer. */
export interface Question {
  readonly executionId: string;
  readonly stepId: string;
  readonly token: string;
}

export interface HandlerPlace {
  readonly process: SimulatedProcess;
  readonly time: VirtualTime;
  readonly witness: FlowWitness;
  /** Hears of each token. */
  readonly ask: (question: Question) => void;
}

type Execute = (params: HandlerParams, body: FlowBody) => Promise<HandlerResult>;

/** What the steps of simulated flows call, under the eyes of the witness; the built-in handlers are the real ones. */
export function simulatedHandlers(place: HandlerPlace): StepHandler[] {
  const { witness, process } = place;
  const watched = (handler: StepHandler, execute: Execute): StepHandler => ({
    ...handler,
    async execute(params) {
      const body = witness.bodyBegins(process, params);
      try {
        return await execute(params, body);
      } finally {
        body.ended();
      }
    },
  });
  const own: readonly (readonly [string, Execute])[] = [
    ['work', (params, body) => work(place, params, body)],
    ['ask', (params, body) => ask(place, params, body)],
    ['signal', signal],
  ];
  const real = builtinHandlers().filter(({ type }) => ['delay', 'parallel', 'map', 'subflow', 'code'].includes(type));
  return [
    ...own.map(([type, execute]) => watched({ type, execute: () => Promise.reject(new Error('never called')) }, execute)),
    ...real.map((handler) =>
      watched(handler, (params, body) => {
        const { duration } = params.config as { readonly duration?: number };
        if (duration !== undefined && !params.resumed) body.asks(duration);
        return handler.execute(params);
      }),
    ),
  ];
}

interface WorkConfig {
  readonly bodyMs: number;
  readonly failures: number;
  readonly saves: boolean;
}

async function work(
  { time }: HandlerPlace,
  { config, input, attempt, step, checkpoint }: HandlerParams,
  body: FlowBody,
): Promise<HandlerResult> {
  const { bodyMs, failures, saves } = config as unknown as WorkConfig;
  if (saves) body.loaded(await checkpoint.load<number>());
  if (step.timeout !== undefined) body.asks(step.timeout + (step.retries?.initialDelay ?? 0));
  await time.sleep(bodyMs);
  if (saves) {
    await checkpoint.save(body.nonce);
    body.saved();
  }
  if (attempt <= failures) {
    if (step.timeout === undefined && step.retries && attempt <= step.retries.maxAttempts) body.asks(step.retries.initialDelay ?? 0);
    return Result.failure({ code: 'SIMULATED', message: 'again' });
  }
  return Result.success({ step: step.id, nonce: body.nonce, saw: Object.keys(input as object).toSorted() });
}

async function ask({ ask: tell, time }: HandlerPlace, params: HandlerParams, body: FlowBody): Promise<HandlerResult> {
  const { config, step, execution, tokens, resumed, clock } = params;
  if (resumed) return Result.success(resumed);
  const { lingersMs, patienceMs } = config as { readonly lingersMs: number; readonly patienceMs?: number };
  const token = await tokens.create(execution.id);
  // Whoever is asked may answer before the wait is durable.
  tell({ executionId: execution.id, stepId: step.id, token });
  await time.sleep(lingersMs);
  if (patienceMs !== undefined) body.asks(patienceMs);
  return Result.wait({ token, ...(patienceMs === undefined ? {} : { wakeAt: clock.now() + patienceMs }) });
}

async function signal({ resumed }: HandlerParams): Promise<HandlerResult> {
  return resumed ? Result.success(resumed) : Result.wait({ reason: 'signal' });
}
