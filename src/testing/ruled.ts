import type { AnyEventRequest } from '@workflow/world';
import { parseRequest } from '../world/parse-request.ts';
import type { State, Store } from '../world/port.ts';
import { decide } from '../world/rules/decide.ts';
import type { Transition } from '../world/transition.ts';

interface Ruling {
  readonly state: State;
  readonly bearStepFor?: string;
  readonly namespace?: string;
  readonly encryptionKeyId?: string;
}

/** What the rules make of an event. */
export function ruled(
  store: Store,
  runId: string,
  event: AnyEventRequest,
  { state, bearStepFor, namespace = '', encryptionKeyId }: Ruling,
): Transition {
  const now = store.now();
  const own = { namespace, encryptionKeyId: encryptionKeyId ?? null, runLease: null, stepLease: null, waiveStaleness: false };
  const decision = decide(parseRequest(runId, event, undefined, now), state, {
    ...own,
    now,
    hostNow: now,
    bearStepFor: bearStepFor ?? null,
  });
  if (decision.kind !== 'commit') throw new Error('The rules do not change anything.');
  return decision.transition;
}
