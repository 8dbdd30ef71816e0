import { createRequire } from 'node:module';
import { serveRoutes } from './serve-routes.js';

const worldCache = Symbol.for('@workflow/world//cache');

/**
 * An application in this process: the compiled workflows on the World under measurement, with a
 * way to learn of its events the moment they are acknowledged. (`run.returnValue` asks once a
 * second, which would drown what is measured here.)
 */
export async function openSession({ flowRoute, stepRoute }) {
  // The World is told its port before anything of the SDK is loaded, which opens it. And without a port that listens the SDK would look for
  // one before every step.
  const require = createRequire(import.meta.url);
  const routes = {};
  const server = await serveRoutes({ flow: (request) => routes.flow(request), step: (request) => routes.step(request) });
  const { getWorld } = await import('workflow/runtime');
  const { start } = await import('workflow/api');
  routes.flow = require(flowRoute).POST;
  routes.step = require(stepRoute).POST;

  const world = getWorld();
  const listeners = new Set();
  globalThis[worldCache] = watchEvents(world, (runId, eventType) => {
    for (const listener of listeners) listener(runId, eventType);
  });
  await world.start?.();

  return {
    world,
    /** Calls `listener` for each acknowledged event; the returned function ends that. */
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    start: (name, args) => start({ workflowId: `workflow//./workflows/steps//${name}` }, args),
    /** Runs a workflow and answers when its completion is acknowledged. */
    async run(name, args) {
      const completed = new Map();
      let runId;
      let settle;
      const done = new Promise((resolve, reject) => (settle = { resolve, reject }));
      const check = () => {
        const eventType = completed.get(runId);
        if (eventType === 'run_completed') settle.resolve();
        else if (eventType) settle.reject(new Error(`${name} ended with ${eventType}`));
      };
      const stop = this.onEvent((id, eventType) => {
        if (!['run_completed', 'run_failed', 'run_cancelled'].includes(eventType)) return;
        completed.set(id, eventType);
        check();
      });
      try {
        ({ runId } = await this.start(name, args));
        check();
        await done;
        return runId;
      } finally {
        stop();
      }
    },
    async close() {
      await world.close?.();
      server.close();
    },
  };
}

function watchEvents(world, onEvent) {
  const create = async (runId, data, params) => {
    const result = await world.events.create(runId, data, params);
    onEvent(runId, result.event?.eventType ?? data.eventType);
    return result;
  };
  const events = new Proxy(world.events, { get: (target, name) => (name === 'create' ? create : read(target, name)) });
  return new Proxy(world, { get: (target, name) => (name === 'events' ? events : read(target, name)) });
}

function read(target, name) {
  const value = target[name];
  return typeof value === 'function' ? value.bind(target) : value;
}
