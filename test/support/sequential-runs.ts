import { EntityConflictError, RunExpiredError, WorkflowWorldError } from '@workflow/errors';
import type { World } from '@workflow/world';
import { newRunId, newStepName, newWorkflowName } from '../../src/testing/ids.ts';
import { registerStepName } from '../../src/testing/registered-steps.ts';

/** What was done outside of the World, which it cannot take back. */
export interface Ledger {
  /** How often the body of each step began. */
  readonly bodies: Map<string, number>;
  /** Bodies that began although the World had already taken their result. */
  readonly repeatedAfterRecord: string[];
}

/** Runs of some steps in sequence, driven call by call as the SDK drives them. */
export class SequentialRuns {
  readonly ledger: Ledger = { bodies: new Map(), repeatedAfterRecord: [] };
  readonly #steps: number;
  readonly #workflowName = newWorkflowName();
  readonly #stepName = registerStepName(newStepName());
  readonly #recorded = new Set<string>();

  constructor({ steps }: { readonly steps: number }) {
    this.#steps = steps;
  }

  /** Registers the handlers of the workflow and its step, in a World that is to work. */
  workOn(world: World): void {
    const { createQueueHandler } = world;
    createQueueHandler('__wkf_workflow_', async (message) => this.#replay(world, String((message as Record<string, unknown>)['runId'])));
    createQueueHandler('__wkf_step_', async (message) => {
      const { workflowRunId, stepId } = message as Record<string, string>;
      await this.#step(world, String(workflowRunId), String(stepId));
    });
  }

  /** Starts a run, as often as it takes for the World to be there. */
  async start(world: World, runId = newRunId()): Promise<string> {
    return await untilAvailable(() => this.create(world, runId));
  }

  /** Starts a run, or throws what the World says. */
  async create(world: World, runId: string): Promise<string> {
    const input = new Uint8Array([1]);
    const eventData = { deploymentId: await world.getDeploymentId(), workflowName: this.#workflowName, input };
    await tolerate(() => world.events.create(runId, { eventType: 'run_created', specVersion: 3, eventData } as never));
    return runId;
  }

  /** Resolves with the states of the runs when all are over, or when the time is up. */
  async finished(world: World, runIds: readonly string[], timeoutMs = 60_000): Promise<string[]> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const states = await Promise.all(
        runIds.map(async (runId) => (await untilAvailable(() => world.runs.get(runId, { resolveData: 'none' }))).status as string),
      );
      if (states.every((status) => status === 'completed') || performance.now() > deadline) return states;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async #replay(world: World, runId: string): Promise<void> {
    const started = await tolerate(() => world.events.create(runId, { eventType: 'run_started', specVersion: 3 }));
    if (started?.run?.status !== 'running') return;
    const events = started.events ?? [];
    const done = events.filter(({ eventType }) => eventType === 'step_completed').length;
    const stateUpdatedAt = timeOf(events.at(-1)?.eventId ?? '');
    if (done === this.#steps) {
      const eventData = { output: new Uint8Array([2]) };
      await tolerate(() => world.events.create(runId, { eventType: 'run_completed', specVersion: 3, eventData }, { stateUpdatedAt }));
      return;
    }
    const stepId = `step_${done}_${runId}`;
    if (!events.some(({ eventType, correlationId }) => eventType === 'step_created' && correlationId === stepId)) {
      const eventData = { stepName: this.#stepName, input: new Uint8Array([3]) };
      const request = { eventType: 'step_created', specVersion: 3, correlationId: stepId, eventData };
      await tolerate(() => world.events.create(runId, request as never, { stateUpdatedAt }));
    }
    const message = { workflowName: this.#workflowName, workflowRunId: runId, workflowStartedAt: 0, stepId };
    await world.queue(`__wkf_step_${this.#stepName}`, message, { idempotencyKey: stepId });
  }

  async #step(world: World, runId: string, stepId: string): Promise<void> {
    const create = (eventType: string, eventData: object) =>
      world.events.create(runId, { eventType, specVersion: 3, correlationId: stepId, eventData } as never);
    const started = await tolerate(() => create('step_started', { stepName: this.#stepName }));
    if (started) {
      this.#body(stepId);
      await tolerate(() => create('step_completed', { stepName: this.#stepName, result: new Uint8Array([4]) }));
      this.#recorded.add(stepId);
    }
    await world.queue(`__wkf_workflow_${this.#workflowName}`, { runId });
  }

  #body(stepId: string): void {
    if (this.#recorded.has(stepId)) this.ledger.repeatedAfterRecord.push(stepId);
    this.ledger.bodies.set(stepId, (this.ledger.bodies.get(stepId) ?? 0) + 1);
  }
}

/** A refusal that says "this has happened already" is an answer too. */
async function tolerate<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (EntityConflictError.is(error) || RunExpiredError.is(error)) return undefined;
    throw error;
  }
}

async function untilAvailable<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!WorkflowWorldError.is(error) || error.status !== 503) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function timeOf(eventId: string): number {
  let ms = 0;
  for (const letter of eventId.slice(eventId.lastIndexOf('_') + 1).slice(0, 10))
    ms = ms * 32 + '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.indexOf(letter);
  return ms;
}
