import { hasDone } from '../operate/audit.ts';
import type { Operator } from '../operate/operator.ts';

export interface Once {
  readonly action: string;
  readonly target: string;
  /** Undefined: every call acts. */
  readonly key: string | undefined;
}

// Of one process: the same key at the same moment.
const underWay = new Map<string, Promise<object>>();

/**
 * Does what has no idempotency of its own once for each caller, target and key, as long as the audit log remembers; whoever calls again is
 * told so by `repeated`. The act itself must leave its line there with the key. Two processes that are called at the same moment with one key may both act.
 */
export async function once<T extends { readonly runId: string }>(
  operator: Operator,
  { action, target, key }: Once,
  act: () => Promise<T>,
): Promise<object> {
  if (key === undefined) return act();
  const { caller } = operator;
  const name = JSON.stringify([caller.name, caller.tenantId, action, target, key]);
  const other = underWay.get(name);
  if (other) return { ...(await other), repeated: true };
  const doing = actUnlessDone();
  underWay.set(name, doing);
  try {
    return await doing;
  } finally {
    underWay.delete(name);
  }

  async function actUnlessDone(): Promise<object> {
    if (await hasDone(operator, { action, target, key: String(key) })) return { runId: target, repeated: true };
    return act();
  }
}
