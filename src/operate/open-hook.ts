import { fitsToken } from '../flow/decide/resume.ts';
import type { FoundRun } from '../world/operator-port.ts';
import type { HookRow } from '../world/rows.ts';
import { OperateError } from './errors.ts';
import { hookOfWait } from './flow-wait.ts';
import { readExecution } from './get-run.ts';
import type { Operator } from './operator.ts';
import { isFlow } from './run-views.ts';

const shownIds = 10;

/**
 * The hook that an operator may answer: the one that is named, or the only one. Throws NOT_WAITING where it is not open, or would not end
 * the wait that a flow is in now, and HOOK_AMBIGUOUS where one must be named.
 */
export async function openHook(operator: Operator, run: FoundRun, hookId: string | undefined): Promise<HookRow> {
  if (hookId === undefined) return onlyHook(operator, run);
  const hook = await hookById(operator, run, hookId);
  if (isFlow(run)) return currentHook(operator, run, { hookId, hook });
  if (hook) return hook;
  throw new OperateError('conflict', 'NOT_WAITING', `Run "${run.runId}" has no open hook "${hookId}".`);
}

interface Named {
  readonly hookId: string;
  /** Undefined: it is not open. */
  readonly hook: HookRow | undefined;
}

/** The answer to any other hook would be kept for a wait that may never come, and lost with it. */
async function currentHook(operator: Operator, run: FoundRun, { hookId, hook }: Named): Promise<HookRow> {
  const execution = await readExecution(await operator.store(), run);
  if (hook && execution && fitsToken(execution, hook.token)) return hook;
  const current = execution && hookOfWait(execution);
  const now = current === undefined ? 'It waits for no hook now.' : `It waits for hook "${current}" now.`;
  const rule = `Run "${run.runId}" does not wait for hook "${hookId}": that wait is over, or has not begun. ${now}`;
  throw new OperateError('conflict', 'NOT_WAITING', rule);
}

async function onlyHook(operator: Operator, { runId }: FoundRun): Promise<HookRow> {
  const store = await operator.store();
  const [hook, ...others] = await store.listHooks({ runId, after: undefined, order: 'asc', limit: shownIds + 1 });
  if (!hook) throw new OperateError('conflict', 'NOT_WAITING', `Run "${runId}" has no open hook.`);
  if (others.length === 0) return hook;
  const ids = [hook, ...others].map((one) => one.hookId);
  const shown = `${ids.slice(0, shownIds).join(', ')}${ids.length > shownIds ? ', …' : ''}`;
  throw new OperateError('invalid', 'HOOK_AMBIGUOUS', `Run "${runId}" waits for several hooks: say which by hookId (${shown}).`);
}

// By its run as well: the id of a hook is its own only within that.
async function hookById(operator: Operator, { runId }: FoundRun, hookId: string): Promise<HookRow | undefined> {
  const { hook } = await (await operator.store()).loadState({ runId, hookId });
  return hook?.status === 'live' ? hook : undefined;
}
