import { createContext } from '../context.ts';
import { newExecution } from '../decide/create.ts';
import { isTerminal, unchanged, type Transition } from '../decide/transition.ts';
import { FlowError } from '../errors.ts';
import { adoptExecution } from '../execution-record.ts';
import { endOfSpan } from '../instant.ts';
import type { IdempotencyScope } from '../ports.ts';
import { seal } from '../seal.ts';
import { triggersBehind } from '../triggers/trigger-ids.ts';
import type { Execution, Flow } from '../types.ts';
import { commitTransition } from './commit.ts';
import type { EngineCore } from './core.ts';
import { expectInput } from './expect-input.ts';
import { askStore } from './store-failure.ts';

export interface CreateOptions {
  /** `[A-Za-z0-9_-]`, up to 128 characters; default a fresh one. */
  readonly executionId?: string;
  /** Default: the newest published version. */
  readonly version?: string;
  readonly tenantId?: string;
  /** One execution per tenant, flow and key while the key lives. */
  readonly idempotencyKey?: string;
  /** Milliseconds the key lives; default 24 h, at most 30 d. */
  readonly idempotencyTTL?: number;
  /** A live execution of the same tenant. This one does not end with it, not even by its cancellation: only children that a step started do. */
  readonly parentExecutionId?: string;
  /** Milliseconds after which the execution as a whole is cancelled. */
  readonly timeout?: number;
  readonly metadata?: Record<string, unknown>;
}

export interface CreateResult {
  readonly execution: Execution;
  /** False if a live execution with the same idempotency key was found instead. */
  readonly created: boolean;
}

const defaultTtl = 86_400_000;
const longestTtl = 30 * 86_400_000;

/** See `Engine.create`. */
export async function createExecution(
  core: EngineCore,
  flowId: string,
  context: Readonly<Record<string, unknown>>,
  options: CreateOptions = {},
): Promise<CreateResult> {
  const prepared = await prepareExecution(core, flowId, context, options);
  if (!prepared.created) return prepared;
  const { execution } = prepared;
  try {
    return { execution: await commitTransition(core, prepared.transition, {}), created: true };
  } catch (error) {
    // Someone else was first: with the key, or with the id.
    const key = execution.idempotencyKey;
    if (key === undefined || !FlowError.is(error, 'EXECUTION_CONFLICT')) throw error;
    const winner = await findLive(core, key, scopeOf(execution));
    if (!winner) throw error;
    return { execution: winner, created: false };
  }
}

export type PreparedExecution =
  | { readonly created: true; readonly execution: Execution; readonly transition: Transition }
  | { readonly created: false; readonly execution: Execution };

/** Everything `create` does before it writes: the checked first state, or the live execution with the same key. */
export async function prepareExecution(
  core: EngineCore,
  flowId: string,
  context: Readonly<Record<string, unknown>>,
  options: CreateOptions = {},
): Promise<PreparedExecution> {
  const flow = await askStore(core.flows.get(flowId, options.version));
  // First of all: whoever registered other content under this version means another flow than this.
  if (core.registry.flush) await askStore(core.registry.flush(flow));
  expectPublished(flow);
  const now = core.clock.now();
  const idempotency = idempotencyOf(options, now);
  const existing = idempotency && (await findLive(core, idempotency.key, scopeOf({ flowId: flow.id, tenantId: options.tenantId })));
  if (existing) return { execution: existing, created: false };
  const execution = await prepare(core, flow, context, { options, now, idempotency });
  return { execution, created: true, transition: { ...unchanged(execution), facts: [{ type: 'created', at: now }] } };
}

function scopeOf({ flowId, tenantId }: { readonly flowId: string; readonly tenantId?: string | undefined }): IdempotencyScope {
  return { flowId, ...(tenantId === undefined ? {} : { tenantId }) };
}

async function findLive(core: EngineCore, key: string, scope: IdempotencyScope): Promise<Execution | undefined> {
  const found = await askStore(core.store.findByIdempotencyKey(key, scope));
  // A store that knows only the seed's one argument may answer with another tenant's execution (decisions C3).
  const fits = found?.flowId === scope.flowId && found.tenantId === scope.tenantId;
  const lives = (found?.idempotencyExpiresAt ?? 0) > core.clock.now();
  return found && fits && lives ? adoptExecution(found) : undefined;
}

interface Prepared {
  readonly options: CreateOptions;
  readonly now: number;
  readonly idempotency: { readonly key: string; readonly expiresAt: number } | undefined;
}

async function prepare(
  core: EngineCore,
  flow: Flow,
  given: Readonly<Record<string, unknown>>,
  { options, now, idempotency }: Prepared,
): Promise<Execution> {
  const { executionId, timeout, parentExecutionId, tenantId } = options;
  const context = createContext(given, core.limits);
  await expectInput(core, flow, context);
  const parent = parentExecutionId === undefined ? undefined : await readParent(core, parentExecutionId, tenantId);
  const behind = parent && triggersBehind(parent);
  const metadata = behind ? { ...options.metadata, ...behind } : options.metadata;
  return newExecution({
    id: executionId === undefined ? core.ids.execution(now) : expectId(executionId),
    flow,
    context,
    now,
    tenantId,
    idempotency,
    deadlineAt: timeout === undefined ? undefined : endOfSpan(now, timeout, 'timeout'),
    metadata: metadata === undefined ? undefined : seal(metadata, { what: 'metadata', maxDepth: core.limits.maxDepth }),
    parent: parent && { execution: parent },
  });
}

async function readParent(core: EngineCore, id: string, tenantId: string | undefined): Promise<Execution> {
  const parent = await askStore(core.index.read(id));
  if (!parent) throw new FlowError('EXECUTION_NOT_FOUND', `There is no parent execution ${id}.`);
  if (parent.tenantId !== tenantId) throw new FlowError('TENANT_MISMATCH', `Parent execution ${id} belongs to another tenant.`);
  if (isTerminal(parent)) throw new FlowError('EXECUTION_CONFLICT', `Parent execution ${id} is ${parent.status}.`, { retryable: false });
  return parent;
}

function idempotencyOf({ idempotencyKey: key, idempotencyTTL = defaultTtl }: CreateOptions, now: number): Prepared['idempotency'] {
  if (key === undefined) return undefined;
  if (key === '') throw new FlowError('INVALID_INPUT', 'idempotencyKey must not be empty.');
  if (!(idempotencyTTL > 0) || idempotencyTTL > longestTtl) {
    throw new FlowError('INVALID_INPUT', `idempotencyTTL must be above 0 and at most ${longestTtl} ms (30 days), not ${idempotencyTTL}.`);
  }
  return { key, expiresAt: endOfSpan(now, idempotencyTTL, 'idempotencyTTL') };
}

/** Throws INVALID_INPUT for an id that no execution may have. */
export function expectId(id: string): string {
  if (/^[A-Za-z0-9_-]{1,128}$/.test(id)) return id;
  throw new FlowError('INVALID_INPUT', `executionId "${id}" must be 1 to 128 letters, digits, "_" or "-".`);
}

export function expectPublished(flow: Flow): void {
  const status = flow.status ?? 'published';
  if (status === 'published') return;
  throw new FlowError('INVALID_FLOW', `${flow.id}@${flow.version} is ${status}; only published flows start executions.`);
}
