import { afterEach, beforeEach } from 'vitest';
import { createFakeClock, type FakeClock } from '../../../base/fake-clock.ts';
import { isTerminal } from '../../decide/transition.ts';
import type { Engine } from '../../engine.ts';
import { builtinHandlers } from '../../handlers/builtin-handlers.ts';
import { driveDue } from '../../local-worker.ts';
import type { Execution, Flow, StepHandler } from '../../types.ts';
import type { EngineBackend, EngineBackendFactory, OpenOptions } from './engine.ts';

export interface EngineFixture {
  readonly clock: FakeClock;
  readonly backend: EngineBackend;
  open(flows: Flow | readonly Flow[], handlers?: readonly StepHandler[], options?: OpenOptions): Promise<Engine>;
  /** Creates and drives until nothing is due at this instant. */
  start(engine: Engine, context?: Record<string, unknown>, flowId?: string): Promise<Execution>;
  /** Ids of the executions that an execution started, in order. */
  childrenOf(id: string): string[];
  /** Drives all that is due now. */
  drive(engine: Engine): Promise<void>;
  /** Drives what a killed worker left; as workers do, it looks again for what a claim that was under way still holds. */
  driveOn(engine: Engine, id: string): Promise<Execution>;
  /** Lets time pass to each due instant up to `ms` from now, and drives. */
  pass(engine: Engine, ms: number): Promise<void>;
}

const mostLooks = 6;

/** A fresh backend per test; call it inside a `describe`. */
export function useEngines(factory: EngineBackendFactory): EngineFixture {
  const current: { clock?: FakeClock; backend?: EngineBackend; opened: Engine[] } = { opened: [] };
  let created: Execution[] = [];
  const clock = () => current.clock as FakeClock;
  const backend = () => current.backend as EngineBackend;

  beforeEach(async () => {
    current.clock = createFakeClock(Date.UTC(2026, 0, 1));
    current.backend = await factory({ clock: current.clock });
    current.opened = [];
    created = [];
  });
  afterEach(async () => {
    for (const engine of current.opened) await engine.close();
    await current.backend?.close?.();
  });

  const fixture: EngineFixture = {
    get clock() {
      return clock();
    },
    get backend() {
      return backend();
    },
    async open(flows, handlers = [], options = {}) {
      const all = [...builtinHandlers(), ...handlers];
      const engine = await backend().open({ random: () => 0.5, ...options, flows: [flows].flat(), handlers: all });
      current.opened.push(engine);
      engine.on<Execution>('execution:created', (execution) => created.push(execution));
      return engine;
    },
    childrenOf: (id) => created.flatMap((execution) => (execution.parentExecutionId === id ? [execution.id] : [])),
    async start(engine, context = {}, flowId = 'flow') {
      const { execution } = await engine.create(flowId, context);
      await fixture.drive(engine);
      return engine.get(execution.id);
    },
    async drive(engine) {
      await driveDue(engine, clock());
    },
    async driveOn(engine, id) {
      for (let looks = 1; ; looks += 1) {
        await fixture.drive(engine);
        const execution = await engine.get(id);
        if (isTerminal(execution) || looks === mostLooks) return execution;
        await backend().sweep?.();
      }
    },
    async pass(engine, ms) {
      const end = clock().now() + ms;
      for (;;) {
        const next = await driveDue(engine, clock());
        if (next === undefined || next > end) break;
        clock().advance(next - clock().now());
      }
      clock().advance(Math.max(0, end - clock().now()));
      await driveDue(engine, clock());
    },
  };
  return fixture;
}

/** `step status` for each entry of the history. */
export function trail({ history }: Execution): string[] {
  return history.map(({ stepId, status }) => `${stepId} ${status}`);
}
