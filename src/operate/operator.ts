import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { insidesOf, type PawlWorld } from '../connect/create-world.ts';
import { WorldEngine } from '../connect/open-engine.ts';
import { readSchemaStatus, type SchemaStatus } from '../connect/schema-status.ts';
import type { FlowWorld } from '../flow/world/flow-world.ts';
import type { Store } from '../world/port.ts';
import { type Caller, trustedCaller } from './caller.ts';

export interface OperatorOptions {
  readonly world: PawlWorld;
  /** Whose handlers flows are checked against; default: one with the built-in handlers, which never works. */
  readonly engine?: WorldEngine | undefined;
  /** Default: the process itself, which may do everything. */
  readonly caller?: Caller;
  /** Changes, before they are shown or logged, values that not everybody may see. */
  readonly redact?: Redact | undefined;
  /** Default: that of the World. */
  readonly logger?: Logger;
  /** False: payloads that are encrypted stay so, whatever keys this process has; default true. */
  readonly decrypt?: boolean;
}

/**
 * Where a value that is to be shown stands. A line of the log (a message, then its fields) is of no run in particular: both names are empty.
 * The error of a firing that started no run has the name of the flow alone.
 */
export interface RedactContext {
  readonly runId: string;
  readonly workflowName: string;
  readonly what: 'input' | 'output' | 'error' | 'event' | 'stepInput' | 'stepOutput' | 'stream' | 'log';
}

/** Gives back the value as it may be shown; undefined hides it altogether. It is handed a copy. */
export type Redact = (value: unknown, context: RedactContext) => unknown;

/** What every act of an operator is given: the World, and in whose name it acts. */
export interface Operator {
  readonly world: PawlWorld;
  readonly caller: Caller;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly redact: Redact | undefined;
  readonly decrypt: boolean;
  /** What flows need of the World. */
  readonly flowWorld: FlowWorld;
  store(): Promise<Store>;
  storeName(): 'sqlite' | 'postgres';
  schemaStatus(): Promise<SchemaStatus>;
  engine(): WorldEngine;
  /** Something is due at this instant: the workers of this process may look at once. */
  tellWorkers(dueAt: number): void;
  /** The same in another name. */
  as(caller: Caller): Operator;
}

/** An operator of a World. It opens nothing, and leaves the closing of the World to whoever made it. */
export function createOperator({ world, engine, caller, redact, logger, decrypt = true }: OperatorOptions): Operator {
  const { flows, settings } = insidesOf(world);
  let made = engine;
  // It does not change while the World is open.
  let schema: Promise<SchemaStatus> | undefined;
  const operator = (as: Caller): Operator => ({
    world,
    caller: as,
    flowWorld: flows,
    redact,
    decrypt,
    get clock() {
      return flows.clock;
    },
    get logger() {
      return logger ?? flows.logger;
    },
    store: async () => flows.open(),
    engine: () => (made ??= new WorldEngine(world, {})),
    storeName: () => (settings().url.startsWith('sqlite:') ? 'sqlite' : 'postgres'),
    schemaStatus: () => (schema ??= readSchemaStatus(settings(), flows.clock)),
    tellWorkers: (dueAt) => flows.dispatcher().somethingDue(dueAt),
    as: operator,
  });
  return operator(caller ?? trustedCaller('host', 'host'));
}
