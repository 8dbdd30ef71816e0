import { conflict, hookNotFound } from '../errors.ts';
import type { State } from '../port.ts';
import { type HookRow, isTerminal, type RunRow } from '../rows.ts';
import { atCommit, seqOfEvent } from '../transition.ts';
import type { Decision, EventRequest, RuleContext } from './request.ts';
import { assertNotTerminal } from './terminal.ts';
import { eventOf, onRun, worldEvent } from './transitions.ts';

/**
 * hook_created. A token that anyone holds is not an error but a `hook_conflict` event; a replay that repeats the losing create gets that
 * same event again, even when the token is free by now.
 */
export function createHook(request: EventRequest, { run, hook, tokenHolder }: State, context: RuleContext): Decision {
  const live = run as RunRow;
  const token = String(request.data['token']);
  assertNotTerminal(live, 'create new entities');
  if (hook?.status === 'conflict') return { kind: 'unchanged', eventSeq: hook.eventSeq };
  if (hook) throw conflict(`Hook "${hook.hookId}" of run "${live.runId}" already exists.`);

  const row: HookRow = {
    shard: live.shard,
    runId: live.runId,
    hookId: request.correlationId,
    status: tokenHolder ? 'conflict' : 'live',
    token,
    isWebhook: request.data['isWebhook'] === true,
    specVersion: request.specVersion ?? live.specVersion,
    createdAt: atCommit,
    eventSeq: seqOfEvent(0),
    version: 1,
  };
  if (!tokenHolder) {
    const takeToken = { token, hookId: row.hookId };
    return { kind: 'commit', transition: onRun(live, context, { events: [eventOf(request)], hooks: [row], takeToken }) };
  }
  const answer = worldEvent('hook_conflict', row.hookId, row.specVersion, { token, conflictingRunId: tokenHolder.runId });
  return { kind: 'commit', transition: onRun(live, context, { events: [answer], hooks: [row] }) };
}

/** hook_received: any number while the hook lives. It comes from outside: no lease is asked for, and the run is woken. */
export function receiveHook(request: EventRequest, { run, hook }: State, context: RuleContext): Decision {
  const live = run as RunRow;
  if (hook?.status !== 'live' || isTerminal(live.status)) throw hookNotFound(request.correlationId);
  return {
    kind: 'commit',
    transition: onRun(
      live,
      { ...context, runLease: null },
      {
        external: true,
        events: [eventOf(request)],
        holdHook: { hookId: hook.hookId, version: hook.version },
        wakeAt: context.now,
      },
    ),
  };
}

/** hook_disposed: the token is free with the commit. */
export function disposeHook(request: EventRequest, { run, hook }: State, context: RuleContext): Decision {
  const live = run as RunRow;
  if (hook?.status === 'disposed') throw conflict(`Hook "${hook.hookId}" of run "${live.runId}" is already disposed.`);
  if (hook?.status !== 'live' || isTerminal(live.status)) throw hookNotFound(request.correlationId);
  return {
    kind: 'commit',
    transition: onRun(live, context, {
      events: [eventOf(request)],
      hooks: [{ ...hook, status: 'disposed', version: hook.version + 1 }],
      releaseToken: hook.token,
    }),
  };
}
