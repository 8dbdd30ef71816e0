import { EntityConflictError, PreconditionFailedError, RunExpiredError, TooEarlyError } from '@workflow/errors';
import type { CreateEventParams, Event, EventResult, World } from '@workflow/world';
import type { PawlWorld } from '../../src/connect/create-world.ts';
import { ulidTime } from '../../src/base/ulid.ts';
import { readLog } from '../../src/testing/read-log.ts';
import { currentDelivery } from '../../src/world/delivery.ts';
import type { Lease } from './leases.ts';
import type { Part, Program } from './program.ts';
import type { SimulatedProcess, VirtualTime } from './virtual-time.ts';
import type { Witness } from './witness.ts';

export const workflowName = 'workflow//./workflows/simulated//run';
export const stepName = 'step//./workflows/simulated//work';
const giveUpAfter = 48;

export interface Stage {
  readonly world: PawlWorld;
  readonly process: SimulatedProcess;
  readonly time: VirtualTime;
  readonly wall: () => number;
  readonly programs: Pick<ReadonlyMap<string, Program>, 'get'>;
  readonly witness: Witness;
  /** The bodies that would end within the same tenth of a second end at once. */
  readonly bodiesMeet: boolean;
}

type Message = Readonly<Record<string, unknown>>;
type Answer = { readonly timeoutSeconds: number } | undefined;
type Request = Parameters<World['events']['create']>[1];

/** Registers what the SDK would: its handlers call the World in the order in which the SDK's do (spec of `@workflow/core` 4.8). */
export function workAsTheSdk(stage: Stage): void {
  const { world, witness, process } = stage;
  const { createQueueHandler } = world;
  createQueueHandler('__wkf_workflow_', (async (message: Message, { attempt }: { attempt: number }) => {
    const runId = String(message['runId']);
    const lease = ownLease();
    let [over, done] = [false, () => {}];
    onceCertain(() => {
      if (!over) done = witness.runDelivery(process, runId, lease);
    });
    try {
      return await replay(stage, runId, attempt);
    } finally {
      over = true;
      done();
    }
  }) as never);
  createQueueHandler('__wkf_step_', (async (message: Message, { attempt }: { attempt: number }) =>
    performStep(stage, String(message['workflowRunId']), String(message['stepId']), attempt)) as never);
}

export async function create({ world, witness }: Stage, runId: string, request: object, params?: CreateEventParams): Promise<EventResult> {
  const result = await world.events.create(runId, { specVersion: 3, ...request } as Request, params);
  onceCertain(() => witness.acknowledged(runId, result));
  return result;
}

/** The lease under which this is delivered. */
function ownLease(): Lease {
  const delivery = currentDelivery();
  if (!delivery) throw new Error('There is no delivery here.');
  return delivery.lease;
}

/** What a delivery has seen that was only foreseen counts when it has come true; before, it can do no harm (ADR 17). */
function onceCertain(tell: () => void): void {
  const certain = currentDelivery()?.certain;
  if (!certain) return tell();
  void certain.then((right) => right && tell());
}

async function replay(stage: Stage, runId: string, attempt: number): Promise<Answer> {
  const { world, witness, process } = stage;
  if (attempt > giveUpAfter) {
    witness.gaveUp(`run ${runId}`);
    await create(stage, runId, { eventType: 'run_failed', eventData: { error: 'given up' } });
    return undefined;
  }
  const started = await unless(create(stage, runId, { eventType: 'run_started' }), EntityConflictError, RunExpiredError);
  if (started?.run?.status !== 'running') return undefined;
  let log: readonly Event[] = started.events ?? (await readLog(world, runId));
  const seen = log;
  onceCertain(() => witness.sawLog(runId, seen));
  if (log.some(({ eventType }) => ['run_completed', 'run_failed', 'run_cancelled'].includes(eventType))) return undefined;
  if (await completeWaits(stage, runId, log)) {
    log = await readLog(world, runId);
    witness.sawLog(runId, log);
  }
  const program = stage.programs.get(runId) as Program;
  const awaited = program.stages.map((parts) => parts.filter((part) => !isDone(part, log))).find((parts) => parts.length > 0);
  const checked = log;
  onceCertain(() => witness.checkLog(program, checked));
  try {
    if (awaited) return await suspend(stage, runId, awaited, log);
    witness.completes(process, runId, log.length);
    const request = { eventType: 'run_completed', eventData: { output: program.output ?? new Uint8Array([1]) } };
    await unless(create(stage, runId, request, asOf(log)), EntityConflictError, RunExpiredError);
    return undefined;
  } catch (error) {
    if (PreconditionFailedError.is(error)) return { timeoutSeconds: 0 };
    throw error;
  }
}

async function completeWaits(stage: Stage, runId: string, log: readonly Event[]): Promise<boolean> {
  const due = log.filter(
    (event) => event.eventType === 'wait_created' && resumeAt(event) <= stage.wall() && !has(log, 'wait_completed', event.correlationId),
  );
  for (const { correlationId } of due) {
    await unless(create(stage, runId, { eventType: 'wait_completed', correlationId }, asOf(log)), EntityConflictError);
  }
  return due.length > 0;
}

async function suspend(stage: Stage, runId: string, parts: readonly Part[], log: readonly Event[]): Promise<Answer> {
  const { world, wall, witness } = stage;
  const params = asOf(log);
  const ofKind = <K extends Part['kind']>(kind: K) => parts.filter((part): part is Extract<Part, { kind: K }> => part.kind === kind);
  await Promise.all(
    ofKind('hook')
      .filter(({ id }) => !has(log, 'hook_created', id))
      .map(({ id, token }) =>
        unless(
          create(stage, runId, { eventType: 'hook_created', correlationId: id, eventData: { token } }, params),
          EntityConflictError,
          RunExpiredError,
        ),
      ),
  );
  const steps = ofKind('step').map(async ({ id }) => {
    const request = { eventType: 'step_created', correlationId: id, eventData: { stepName, input: new Uint8Array([2]) } };
    if (!has(log, 'step_created', id)) await unless(create(stage, runId, request, params), EntityConflictError);
    await world.queue(
      `__wkf_step_${stepName}`,
      { workflowName, workflowRunId: runId, workflowStartedAt: log[0]?.createdAt.getTime() ?? 0, stepId: id },
      { idempotencyKey: id },
    );
  });
  const ends = ofKind('sleep').map(({ id, ms }) => {
    const known = log.find((event) => event.eventType === 'wait_created' && event.correlationId === id);
    return { id, known: known !== undefined, at: known ? resumeAt(known) : wall() + ms };
  });
  const waits = ends
    .filter(({ known }) => !known)
    .map(({ id, at }) => {
      witness.sleeps(runId, id, at - wall(), at);
      return unless(
        create(stage, runId, { eventType: 'wait_created', correlationId: id, eventData: { resumeAt: new Date(at) } }, params),
        EntityConflictError,
      );
    });
  await Promise.all([...steps, ...waits]);
  if (ends.length === 0) return undefined;
  return { timeoutSeconds: Math.min(...ends.map(({ at }) => Math.ceil(Math.max(1_000, at - wall()) / 1_000))) };
}

async function performStep(stage: Stage, runId: string, stepId: string, attempt: number): Promise<Answer> {
  const { world, time, wall, witness, process, programs } = stage;
  const wake = () => world.queue(`__wkf_workflow_${workflowName}`, { runId });
  const report = (eventType: string, eventData: object) =>
    create(stage, runId, { eventType, correlationId: stepId, eventData: { stepName, ...eventData } });
  if (attempt > giveUpAfter) {
    witness.gaveUp(`step ${stepId} of ${runId}`);
    await unless(report('step_failed', { error: 'given up' }), EntityConflictError);
    await wake();
    return undefined;
  }
  let tries: number;
  try {
    const { step } = await report('step_started', {});
    tries = step?.attempt ?? 0;
  } catch (error) {
    if (EntityConflictError.is(error)) await wake();
    if (EntityConflictError.is(error) || RunExpiredError.is(error)) return undefined;
    if (TooEarlyError.is(error)) return { timeoutSeconds: Math.max(1, error.retryAfter ?? 1) };
    throw error;
  }
  const part = programs
    .get(runId)
    ?.stages.flat()
    .find(({ id }) => id === stepId) as Extract<Part, { kind: 'step' }>;
  const body = witness.bodyBegins(process, ownLease(), { runId, stepId, attempt: tries });
  await (stage.bodiesMeet ? meet(time, part.bodyMs) : time.sleep(part.bodyMs));
  try {
    if (tries <= part.failures) {
      const retryAfter = new Date(wall() + 1_000);
      const taken = await unless(report('step_retrying', { error: 'again', retryAfter }), EntityConflictError);
      body.ended(taken ? 'failed' : 'superseded');
      return taken && { timeoutSeconds: 1 };
    }
    const result = new TextEncoder().encode(String(body.nonce));
    const taken = await unless(report('step_completed', { result }), EntityConflictError);
    body.ended(taken ? 'recorded' : 'superseded');
    if (taken) await wake();
    return undefined;
  } catch (error) {
    body.failed();
    throw error;
  }
}

function meet(time: VirtualTime, ms: number): Promise<void> {
  return new Promise((resolve) => time.at(Math.ceil((time.now + ms) / 100) * 100, resolve));
}

function isDone(part: Part, log: readonly Event[]): boolean {
  switch (part.kind) {
    case 'step':
      return has(log, 'step_completed', part.id) || has(log, 'step_failed', part.id);
    case 'sleep':
      return has(log, 'wait_completed', part.id);
    case 'hook':
      return has(log, 'hook_received', part.id) || has(log, 'hook_conflict', part.id);
  }
}

function has(log: readonly Event[], eventType: string, correlationId: string | undefined): boolean {
  return log.some((event) => event.eventType === eventType && event.correlationId === correlationId);
}

function resumeAt(event: Event): number {
  return ((event as { eventData?: { resumeAt?: Date } }).eventData?.resumeAt ?? new Date(NaN)).getTime();
}

function asOf(log: readonly Event[]): CreateEventParams {
  const last = log.at(-1)?.eventId ?? '';
  return { stateUpdatedAt: ulidTime(last.slice(last.lastIndexOf('_') + 1)) as number };
}

interface ErrorClass {
  is(error: unknown): boolean;
}

/** Undefined if it failed in one of these ways, which say that it was done before or need not be done any more. */
export async function unless<T>(call: Promise<T>, ...tolerated: readonly ErrorClass[]): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (tolerated.some((kind) => kind.is(error))) return undefined;
    throw error;
  }
}
