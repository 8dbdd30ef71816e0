import { createHash } from 'node:crypto';
import { EntityConflictError } from '@workflow/errors';
import type { z } from 'zod';
import { currentCarrier } from '../base/tracing.ts';
import { newUlid } from '../base/ulid.ts';
import { specVersion } from '../world/rules/spec-version.ts';
import { audited } from './audit.ts';
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
    const flow = /^flow\/\/([^@]+)(?:@(.+))?$/.exec(workflow);
    if (!flow) return startCode(operator, { workflow: await fullName(operator, workflow), input: framePayload(args), idempotencyKey });
    const [input = {}, ...rest] = args;
    if (rest.length > 0 || typeof input !== 'object' || input === null || Array.isArray(input)) {
      throw invalid('A flow takes one argument, an object.', [{ pointer: '/args', message: 'must hold one object' }]);
    }
    const given = { input: input as Record<string, unknown>, version: flow[2], idempotencyKey };
    return createExecution(operator, String(flow[1]), given);
  });
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
  if (operator.caller.tenantId !== null) {
    throw new OperateError(
      'forbidden',
      'FORBIDDEN',
      'Runs of code belong to no tenant, so a token that is bound to one cannot start them.',
    );
  }
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

/** The key is as good as the run is kept: it is in the run's id. */
function idOfKey(workflow: string, key: string): string {
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
