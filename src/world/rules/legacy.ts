import { conflict } from '../errors.ts';
import { isTerminal, type RunRow } from '../rows.ts';
import type { Decision, EventRequest, RuleContext } from './request.ts';
import { eventOf, onRun } from './transitions.ts';

/** Runs of the legacy protocol can still be cancelled, woken and resumed, and nothing else (spec/world.md B8). */
export function changeLegacyRun(request: EventRequest, run: RunRow, context: RuleContext): Decision {
  switch (request.type) {
    case 'run_cancelled':
      if (isTerminal(run.status)) return { kind: 'unchanged', eventSeq: null };
      return { kind: 'commit', transition: onRun(run, context, { run: { kind: 'cancelLegacy' } }) };
    case 'wait_completed':
    case 'hook_received':
      return { kind: 'commit', transition: onRun(run, context, { events: [eventOf(request)], external: true, wakeAt: context.now }) };
    default:
      throw conflict(`"${request.type}" is not supported for legacy runs: run "${run.runId}" has spec version ${run.specVersion}.`);
  }
}
