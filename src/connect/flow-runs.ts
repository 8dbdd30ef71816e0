import type { Event, EventResult, World } from '@workflow/world';
import { decodeValue } from '../base/codec.ts';
import { hashToken } from '../flow/token.ts';
import { flowHookPrefix } from '../flow/world/names.ts';
import type { FlowWorld } from '../flow/world/flow-world.ts';
import { viewEvent } from '../world/event-view.ts';
import type { Store } from '../world/port.ts';
import { isTerminal, type RunRow } from '../world/rows.ts';
import { viewHook, viewRun } from '../world/views.ts';
import { flowNamespace } from '../world/flow-port.ts';

type Create = World['events']['create'];

interface Asked {
  readonly eventType?: string;
  readonly correlationId?: string;
  readonly eventData?: { readonly payload?: unknown };
}

/**
 * Events that tools of the SDK create on the run of a flow go the way of flows, which is loaded only then: a cancellation, and what a hook
 * receives. Everything else is for the World's own rules.
 */
export function throughFlows(flows: FlowWorld, create: Create): Create {
  const intercepted = (...[runId, data, params]: Parameters<Create>): Promise<EventResult> => {
    const asked = (data ?? {}) as Asked;
    if (typeof runId !== 'string' || !mayConcernFlow(asked)) return create(runId, data as never, params);
    return changeFlow(flows, runId, asked).then((result) => result ?? create(runId, data as never, params));
  };
  return intercepted as Create;
}

/** Hooks of flows are stored under the hash of their token; whoever has the token itself finds them too. */
export function hooksOfFlows(flows: FlowWorld, hooks: World['hooks']): World['hooks'] {
  return {
    ...hooks,
    async getByToken(token, params) {
      const store = isResumeToken(token) ? await flows.open() : undefined;
      const row = await store?.getHookByToken(hashToken(token));
      return row ? viewHook(row, undefined) : hooks.getByToken(token, params);
    },
  };
}

function isResumeToken(token: unknown): token is string {
  return typeof token === 'string' && /^[A-Za-z0-9_-]{43}$/.test(token);
}

function mayConcernFlow({ eventType, correlationId }: Asked): boolean {
  if (eventType === 'run_cancelled') return true;
  return eventType === 'hook_received' && typeof correlationId === 'string' && correlationId.startsWith(flowHookPrefix);
}

async function changeFlow(
  flows: FlowWorld,
  runId: string,
  { eventType, correlationId = '', eventData }: Asked,
): Promise<EventResult | undefined> {
  const store = await flows.open();
  const run = await store.getRun(runId);
  if (run?.namespace !== flowNamespace || isTerminal(run.status)) return undefined;
  const { cancelFromOutside, receiveFromOutside } = await import('../flow/world/outside.ts');
  if (eventType === 'run_cancelled') await cancelFromOutside(flows, runId);
  else await receiveFromOutside(flows, runId, { hookId: correlationId, payload: eventData?.payload });
  const after = (await store.getRun(runId)) as RunRow;
  const event = await newestEvent(store, run, String(eventType));
  return { ...(event ? { event } : {}), ...(eventType === 'run_cancelled' ? { run: await fullRun(store, after) } : {}) };
}

async function newestEvent(store: Store, { runId, lastSeq }: RunRow, type: string): Promise<Event | undefined> {
  const rows = await store.listEvents({ runId, after: lastSeq, order: 'asc', limit: 100, payloads: true });
  const row = rows.find((one) => one.type === type);
  return row && viewEvent(row);
}

async function fullRun(store: Store, row: RunRow) {
  const [bytes] = row.inputSeq === null ? [] : await store.readPayloads([{ runId: row.runId, seq: row.inputSeq }]);
  return viewRun(row, { input: bytes && decodeValue(bytes), output: undefined });
}
