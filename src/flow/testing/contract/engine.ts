import type { FakeClock } from '../../../base/fake-clock.ts';
import type { EngineOptions } from '../../engine/core.ts';
import type { Engine } from '../../engine.ts';
import type { Flow, StepHandler } from '../../types.ts';
import { testEngineBadInput } from './engine-bad-input.ts';
import { testEngineCallBacks } from './engine-call-backs.ts';
import { testEngineChildren } from './engine-children.ts';
import { testEngineFaults } from './engine-faults.ts';
import { testEngineModel } from './engine-model.ts';
import { testEngineRetries } from './engine-retries.ts';
import { testEngineRules } from './engine-rules.ts';
import { testEngineSemantics } from './engine-semantics.ts';
import { testEngineWaits } from './engine-waits.ts';

export interface OpenOptions extends Omit<EngineOptions, 'clock'> {
  readonly handlers?: readonly StepHandler[];
  readonly flows?: readonly Flow[];
}

/** One storage with any number of workers on it. */
export interface EngineBackend {
  /** A worker with these handlers; the flows are registered where all workers see them. */
  open(options: OpenOptions): Promise<Engine> | Engine;
  /** The worker's process dies: what it holds is given up, and nothing it does afterwards counts. */
  kill(engine: Engine): Promise<void> | void;
  /** What workers do every now and then: what the dead still hold is given back. */
  sweep?(): Promise<void>;
  close?(): Promise<void>;
}

export type EngineBackendFactory = (options: { readonly clock: FakeClock }) => Promise<EngineBackend> | EngineBackend;

/**
 * What an Engine over a store with the `index` capability promises: the semantics of flow.md §2, the thirteen rules
 * of §4, what becomes of bad input, and all that again under random graphs, outcomes and kills: so many (`runs`) of them.
 */
export function testEngine(name: string, factory: EngineBackendFactory, options: { readonly runs?: number } = {}): void {
  testEngineSemantics(name, factory);
  testEngineWaits(name, factory);
  testEngineRetries(name, factory);
  testEngineChildren(name, factory);
  testEngineCallBacks(name, factory);
  testEngineRules(name, factory);
  testEngineFaults(name, factory);
  testEngineBadInput(name, factory);
  testEngineModel(name, factory, options);
}
