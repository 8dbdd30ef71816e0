import { createHash } from 'node:crypto';
import { EntityConflictError } from '@workflow/errors';
import type { z } from 'zod';
import { currentCarrier } from '../base/tracing.ts';
import { newUlid } from '../base/ulid.ts';
import { specVersion } from '../world/rules/spec-version.ts';
import { audited } from './audit.ts';
import { expectScope } from './caller.ts';
import { invalid, OperateError } from './errors.ts';
import { framePayload, sealPayload } from './frame-payload.ts';
import type { Operator } from './operator.ts';
import { findRun, humanName, type RunSummary, viewSummary } from './run-views.ts';
import type { startRunSchema } from './schemas/actions.ts';
import { createExecution } from './start-flow.ts';

export interface Started {
  readonly run: RunSummary;
  /** False: the idempotency key found this one, which was there before. */
  readonly created: boolean;
}

export type StartRun = z.input<typeof startRunSchema> & { readonly idempotencyKey?: string | undefined };

/**
 * Starts a workflow by its name: a "use workflow" function by its full name, or by the short one if a run of it is known, and a flow as
 * `flow//<id>` or `flow//<id>@<version>`. Whether a worker has it shows only when one takes it.
 */
export async function startRun(operator: Operator, { workflow, args = [], idempotencyKey }: StartRun): Promise<Started> {
  return audited(operator, { action: 'run.start', target: workflow, scope: 'act' }, async () => {
    const what = await readStart(operator, { workflow, args });
    if (what.kind === 'flow') return createExecution(operator, what.flowId, { ...what, idempotencyKey });
    return startCode(operator, { workflow: what.workflow, input: framePayload(args), idempotencyKey });
  });
}

export interface StartPlan {
  /** In full. */
  readonly workflow: string;
  /** The run that has the idempotency key already; null: one would be started. */
  readonly existing: string | null;
}

/** What `startRun` would do, after all that it checks; it changes nothing. */
export async function planStart(operator: Operator, { workflow, args = [], idempotencyKey }: StartRun): Promise<StartPlan> {
  expectScope(operator.caller, 'act');
  const what = await readStart(operator, { workflow, args });
  if (what.kind === 'flow') {
    const { tenantId } = operator.caller;
    const { execution, commit } = await operator.engine().prepare(what.flowId, what.input, {
      ...(what.version === undefined ? {} : { version: what.version }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      ...(tenantId === null ? {} : { tenantId }),
    });
    return { workflow: `flow//${execution.flowId}@${execution.flowVersion}`, existing: commit ? null : execution.id };
  }
  expectNoTenant(operator);
  const found =
    idempotencyKey === undefined ? undefined : await (await operator.store()).operator.findRun(idOfKey(what.workflow, idempotencyKey));
  return { workflow: what.workflow, existing: found?.runId ?? null };
}

type What =
  | { readonly kind: 'code'; readonly workflow: string }
  | { readonly kind: 'flow'; readonly flowId: string; readonly version: string | undefined; readonly input: Record<string, unknown> };

async function readStart(
  operator: Operator,
  { workflow, args }: { readonly workflow: string; readonly args: readonly unknown[] },
): Promise<What> {
  const [, flowId, version] = /^flow\/\/([^@]+)(?:@(.+))?$/.exec(workflow) ?? [];
  if (flowId === undefined) return { kind: 'code', workflow: await fullName(operator, workflow) };
  const [input = {}, ...rest] = args;
  if (rest.length > 0 || typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw invalid('A flow takes one argument, an object.', [{ pointer: '/args', message: 'must hold one object' }]);
  }
  return { kind: 'flow', flowId, version, input: input as Record<string, unknown> };
}

export interface StartCode {
  readonly workflow: string;
  /** Its arguments: framed, or in whatever other form they once were stored. */
  readonly input: unknown;
  readonly idempotencyKey?: string | undefined;
  readonly executionContext?: Readonly<Record<string, unknown>>;
}

/** Creates the run of a "use workflow" function, which is its first wake too. */
export async function startCode(
  operator: Operator,
  { workflow, input: given, idempotencyKey, executionContext }: StartCode,
): Promise<Started> {
  expectNoTenant(operator);
  const runId = idempotencyKey === undefined ? `wrun_${newUlid(operator.clock.now())}` : idOfKey(workflow, idempotencyKey);
  const input = given instanceof Uint8Array ? await sealPayload(operator, given, { runId, isNew: true }) : given;
  const deploymentId = await operator.world.getDeploymentId();
  const traceCarrier = currentCarrier();
  const context = { ...executionContext, ...(traceCarrier ? { traceCarrier } : {}) };
  const eventData = {
    deploymentId,
    workflowName: workflow,
    input,
    ...(Object.keys(context).length > 0 ? { executionContext: context } : {}),
  };
  const created = await operator.world.events.create(runId, { eventType: 'run_created', specVersion, eventData } as never).then(
    () => true,
    (error: unknown) => {
      if (idempotencyKey === undefined || !EntityConflictError.is(error)) throw error;
      return false;
    },
  );
  return { run: viewSummary(operator, await findRun(operator, runId)), created };
}

function expectNoTenant({ caller }: Operator): void {
  if (caller.tenantId === null) return;
  const rule = 'Runs of code belong to no tenant, so a token that is bound to one cannot start them.';
  throw new OperateError('forbidden', 'FORBIDDEN', rule);
}

/** The key is as good as the run is kept: it is in the run's id. */
export function idOfKey(workflow: string, key: string): string {
  return `wrun_key_${createHash('sha256').update(`${workflow}\0${key}`).digest('hex').slice(0, 40)}`;
}

const looked = 500;

async function fullName(operator: Operator, given: string): Promise<string> {
  if (given.startsWith('workflow//')) return given;
  const { operator: reads } = await operator.store();
  const rows = await reads.searchRuns({ ...anything, name: given, limit: looked });
  const names = [...new Set(rows.map(({ workflowName }) => workflowName))].filter((name) => humanName(name) === given);
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  const why = names.length === 0 ? 'no run of that name is known here' : `it may be ${names.join(' or ')}`;
  throw new OperateError(
    'not-found',
    'WORKFLOW_NOT_FOUND',
    `"${given}" is no full name of a workflow, and ${why}: give its full name, as "workflow//./src/orders//placeOrder".`,
  );
}

const anything = {
  status: undefined,
  kind: 'code',
  tenantId: undefined,
  createdFrom: undefined,
  createdBefore: undefined,
  idText: undefined,
  after: undefined,
  order: 'desc',
} as const;
