import { badRequest, conflict, hookNotFound } from '../../world/errors.ts';
import { Engine } from '../engine.ts';
import { FlowError } from '../errors.ts';
import { createHandlerRegistry } from '../handler-registry.ts';
import type { FlowWorld } from './flow-world.ts';
import { plainValue } from './frame.ts';
import { worldIds } from './ids.ts';
import { WorldFlowRegistry } from './world-flow-registry.ts';
import { WorldResumeTokens } from './world-resume-tokens.ts';
import { WorldStateStore } from './world-state-store.ts';

/**
 * What tools of the SDK do to the run of a flow, done by the rules of flows: one act ends the execution with its run, whoever asks for it,
 * also a process that knows nothing of flows but their database (decisions C10, C11).
 */
export async function cancelFromOutside(world: FlowWorld, runId: string): Promise<void> {
  await translated(runId, () => engineOf(world).cancel(runId, { source: 'admin' }));
}

/** A resume of a hook, with the payload as the SDK frames it, or as it is. */
export async function receiveFromOutside(
  world: FlowWorld,
  runId: string,
  hook: { readonly hookId: string; readonly payload: unknown },
): Promise<void> {
  const { hookId, payload } = hook;
  const state = await (await world.open()).loadState({ runId, hookId });
  if (state.hook?.status !== 'live') throw hookNotFound(hookId);
  const { token } = state.hook;
  await translated(hookId, () => engineOf(world).receive(runId, { hash: token, data: plainValue(payload) }));
}

const engines = new WeakMap<FlowWorld, Engine>();

/** It decides and writes, and never runs a step: so it needs no handlers. */
function engineOf(world: FlowWorld): Engine {
  const { clock, logger } = world;
  const options = { tokens: new WorldResumeTokens(world), ids: worldIds, clock, logger };
  const engine =
    engines.get(world) ?? new Engine(new WorldStateStore(world), createHandlerRegistry(), new WorldFlowRegistry(world), options);
  engines.set(world, engine);
  return engine;
}

async function translated(what: string, change: () => Promise<unknown>): Promise<void> {
  try {
    await change();
  } catch (error) {
    if (!FlowError.is(error)) throw error;
    if (error.code === 'INVALID_RESUME_TOKEN') throw hookNotFound(what);
    if (error.code === 'CONTEXT_LIMIT' || error.code === 'INVALID_INPUT') throw badRequest(error.message, error);
    throw conflict(error.message);
  }
}
