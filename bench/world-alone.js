import { createRequire } from 'node:module';
import { serveRoutes } from './serve-routes.js';

const stepName = 'step//./bench//alone';
const workflowName = 'workflow//./bench//alone';

/**
 * Drives a World as the SDK would, call by call, without the SDK: no VM, no replay, no
 * serialisation. What is left is what the World itself costs.
 */
export async function openWorldAlone({ target, deliversOverHttp, stepsPerRun }) {
  // In-process delivery needs to know that this process has the step.
  globalThis[Symbol.for('@workflow/core//registeredSteps')] ??= new Map();
  globalThis[Symbol.for('@workflow/core//registeredSteps')].set(stepName, () => {});
  const routes = {};
  if (deliversOverHttp) await serveRoutes({ flow: (request) => routes.flow(request), step: (request) => routes.step(request) });
  const world = loadWorld(target);
  const bytes = new Uint8Array(100).fill(7);
  const completed = new Map();

  const flow = world.createQueueHandler('__wkf_workflow_', async (message) => {
    const { runId, runInput } = message;
    const started = await tolerate(['RunExpiredError', 'EntityConflictError'], () =>
      world.events.create(runId, { eventType: 'run_started', specVersion: 3, ...(runInput ? { eventData: runInput } : {}) }, {}),
    );
    if (started?.run.status !== 'running') return;
    const events = started.events ?? (await listAll(world, runId));
    const done = events.filter(({ eventType }) => eventType === 'step_completed').length;
    if (done < stepsPerRun) return await suspend(runId, events, done);
    return await complete(runId, events);
  });

  async function suspend(runId, events, done) {
    const correlationId = `step_${runId}_${done}`;
    const created = events.some((event) => event.eventType === 'step_created' && event.correlationId === correlationId);
    if (!created) {
      const eventData = { stepName, workflowName, input: bytes };
      const data = { eventType: 'step_created', specVersion: 3, correlationId, eventData };
      await tolerate(['EntityConflictError'], () => world.events.create(runId, data, { stateUpdatedAt: lastMs(events) }));
    }
    const message = { workflowName, workflowRunId: runId, workflowStartedAt: 0, stepId: correlationId, requestedAt: new Date() };
    await world.queue(`__wkf_step_${stepName}`, message, { idempotencyKey: correlationId, headers: {} });
  }

  async function complete(runId, events) {
    const data = { eventType: 'run_completed', specVersion: 3, eventData: { output: bytes } };
    try {
      await world.events.create(runId, data, { stateUpdatedAt: lastMs(events) });
    } catch (error) {
      if (error.name === 'PreconditionFailedError') return { timeoutSeconds: 0 };
      if (error.name !== 'EntityConflictError') throw error;
    }
    completed.get(runId)?.();
    return undefined;
  }

  const step = world.createQueueHandler('__wkf_step_', async ({ workflowRunId, stepId }) => {
    const create = (eventType, eventData) =>
      world.events.create(workflowRunId, { eventType, specVersion: 3, correlationId: stepId, eventData }, {});
    const started = await tolerate(['EntityConflictError', 'RunExpiredError'], () => create('step_started', { stepName }));
    if (started) await create('step_completed', { stepName, result: bytes });
    await world.queue(`__wkf_workflow_${workflowName}`, { runId: workflowRunId, requestedAt: new Date() }, {});
  });
  Object.assign(routes, { flow, step });
  // world-local delivers in process when it is given the routes.
  world.registerHandler?.('__wkf_workflow_', flow);
  world.registerHandler?.('__wkf_step_', step);

  return {
    world,
    /** Starts a run as `start()` does and answers when its completion is acknowledged. */
    async run(runId) {
      const done = new Promise((resolve) => completed.set(runId, resolve));
      const deploymentId = await world.getDeploymentId();
      const input = { input: bytes, deploymentId, workflowName, executionContext: {} };
      const created = { eventType: 'run_created', specVersion: 3, eventData: input };
      await Promise.all([
        tolerate(['EntityConflictError'], () => world.events.create(runId, created, {})),
        world.queue(`__wkf_workflow_${workflowName}`, { runId, runInput: { ...input, specVersion: 3 } }, { deploymentId, specVersion: 3 }),
      ]);
      await done;
      completed.delete(runId);
    },
  };
}

function loadWorld(target) {
  const require = createRequire(import.meta.url);
  if (target === 'local') return require('@workflow/world-local').createLocalWorld({ dataDir: process.env.WORKFLOW_LOCAL_DATA_DIR });
  return require(target).createWorld();
}

async function tolerate(names, call) {
  try {
    return await call();
  } catch (error) {
    if (names.includes(error.name)) return undefined;
    throw error;
  }
}

async function listAll(world, runId) {
  const events = [];
  let page;
  do {
    page = await world.events.list({ runId, pagination: { sortOrder: 'asc', cursor: page?.cursor ?? undefined } });
    events.push(...page.data);
  } while (page.hasMore);
  return events;
}

/** The time inside the id of the last event, which is what the SDK sends as `stateUpdatedAt`. */
function lastMs(events) {
  const ulid = events.at(-1).eventId.split('_').at(-1);
  let ms = 0;
  for (const letter of ulid.slice(0, 10)) ms = ms * 32 + '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.indexOf(letter);
  return ms;
}
