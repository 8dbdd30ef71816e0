import { AsyncLocalStorage } from 'node:async_hooks';
import { leaseLost } from './errors.ts';
import type { Birth, ClaimedStep } from './port.ts';
import type { Lease, RunRow, StepRow, TakenRun } from './rows.ts';

/** What the World knows of the delivery in whose course it is called (spec/world.md D8). */
export interface Delivery {
  readonly of: 'run' | 'step' | 'message';
  readonly runId: string | undefined;
  readonly stepId: string | undefined;
  readonly lease: Lease;
  /**
   * The rows as this delivery last saw them: what a rule needs is usually here, and where it is out of date the guard of the commit says
   * so. Undefined: not seen yet.
   */
  run: RunRow | undefined;
  step: StepRow | undefined;
  /** A wait of the run was due when it was leased, and has not been completed by this delivery yet. */
  waitsDue: boolean;
  /** The step was started when it was created; the next `step_started` is answered with that event (once). */
  startedSeq: number | null;
  /** Of such a step: its input, encoded, and when the body may begin. */
  readonly birth: Pick<Birth, 'input' | 'durable' | 'isWritten'> | null;
  /** Steps that this delivery created and that are leased to this worker, waiting for the message that the SDK sends after them. */
  readonly born: Map<string, ClaimedStep>;
  /** Steps known to have a row, which is their message: queueing them again changes nothing. */
  readonly knownSteps: Set<string>;
  /** How many steps a replay waits for: the SDK sends each of them its message. */
  openSteps: number;
  /** The terminal event of the step woke the run in the same act, so the wake that the SDK sends next says nothing new. */
  wokeRun: boolean;
  /** It tried to end a wait that is not due: the clock of this host is ahead, and what it makes of the time until then is wrong too. */
  clockAhead: boolean;
  /**
   * It began with what a write will probably come out as (ADR 17): before anything leaves this process it has to be true. False: it has to be
   * thrown away, and comes again.
   */
  certain: Promise<boolean> | undefined;
  /** A write of this delivery ended its lease already: the step or the run is over, or due again. Nothing is left to settle. */
  leaseEnded: boolean;
  /** It carried its execution on, which is due all the while it goes on: what fails from then on fails for the first time. */
  carriedOn: boolean;
}

const storage = new AsyncLocalStorage<Delivery>();

export function currentDelivery(): Delivery | undefined {
  return storage.getStore();
}

export function runInDelivery<T>(delivery: Delivery, work: () => Promise<T>): Promise<T> {
  return storage.run(delivery, work);
}

/**
 * To be awaited by whatever reaches beyond this process.
 *
 * @throws WorkflowWorldError 503 LEASE_LOST if the delivery in whose course it is called saw what did not come true
 */
export async function mayWrite(delivery = currentDelivery()): Promise<void> {
  const certain = delivery?.certain;
  if (!delivery || !certain) return;
  if (!(await certain)) throw leaseLost(`run "${delivery.runId}"`);
  // Another write may have been foreseen meanwhile.
  if (delivery.certain === certain) delivery.certain = undefined;
}

export interface StepMessage {
  readonly payload: Record<string, unknown>;
  readonly headers: Readonly<Record<string, string>>;
  readonly messageId: string;
}

/** By what a worker tells whether it can deliver a run; one whose key is not named is not encrypted. */
export type OfferedRun = Pick<RunRow, 'namespace' | 'deploymentId'> & Partial<Pick<RunRow, 'encryptionKeyId'>>;

/**
 * What the World asks of the workers of this process. A process without a worker offers nothing; then rows just wait for one elsewhere.
 */
export interface Dispatcher {
  /** A worker that could deliver such a run at once, and keeps a slot for it until `runTaken` or `dropRun`; or undefined. */
  offerRun(run: OfferedRun): string | undefined;
  dropRun(run: Pick<OfferedRun, 'namespace'>): void;
  /** A slot for a run that it was given although none was kept: more than are allowed, if need be. */
  keepRun(run: Pick<OfferedRun, 'namespace'>): void;
  /** `certain`: it was only foreseen, and whether it came true is told later. */
  runTaken(run: TakenRun, certain?: Promise<boolean>): void;
  /** The same for a step, until its delivery begins or `dropStep`. */
  offerStep(run: OfferedRun, stepName: string): string | undefined;
  dropStep(): void;
  /** Begins a step that was born leased to this worker, with the message that the SDK sent for it. */
  deliverBorn(claimed: ClaimedStep, message: StepMessage): void;
  /** The store gave nothing to this worker, for it is not alive under that name: nothing is offered until it is known again. */
  takerIsDead(workerId: string): void;
  /** Something became due that this process did not take. */
  somethingDue(dueAt: number): void;
}

export const noDispatcher: Dispatcher = {
  offerRun: () => undefined,
  dropRun() {},
  keepRun() {},
  runTaken() {},
  offerStep: () => undefined,
  dropStep() {},
  deliverBorn() {},
  takerIsDead() {},
  somethingDue() {},
};
