import type { z } from 'zod';
import { hashToken } from '../flow/token.ts';
import { flowHookPrefix } from '../flow/world/names.ts';
import type { FoundRun } from '../world/operator-port.ts';
import { type HookRow, isTerminal } from '../world/rows.ts';
import { specVersion } from '../world/rules/spec-version.ts';
import { audited } from './audit.ts';
import { ended } from './change-run.ts';
import { OperateError } from './errors.ts';
import { framePayload, sealPayload } from './frame-payload.ts';
import type { Operator } from './operator.ts';
import { openHook } from './open-hook.ts';
import { findRun, isFlow } from './run-views.ts';
import type { resumedSchema } from './schemas/actions.ts';

export type Resumed = z.infer<typeof resumedSchema>;

export interface ResumeRun {
  /** Which hook; default: the only one there is, or the wait of a flow. */
  readonly hookId?: string | undefined;
  readonly data?: unknown;
}

/** An operator's resume, without a token: ends the wait of a flow, or gives a hook of a run what it waits for. */
export function resumeRun(operator: Operator, runId: string, { hookId, data }: ResumeRun = {}): Promise<Resumed> {
  const about = { action: 'run.resume', target: runId, scope: 'act', details: hookId === undefined ? {} : { hookId } } as const;
  return audited(operator, about, async () => {
    const run = await findRun(operator, runId);
    if (isTerminal(run.status)) throw ended(run);
    if (isFlow(run) && hookId === undefined) {
      await operator.engine().resume(runId, data);
      return { runId };
    }
    await receive(operator, { run, hook: await openHook(operator, run, hookId), data });
    return { runId };
  });
}

/** Resumes whatever waits for this token; the token is all that is asked for. Throws HOOK_NOT_FOUND for one that is unknown, used or expired. */
export async function resumeByToken(operator: Operator, token: string, data?: unknown): Promise<Resumed> {
  const { runId, hookId, hook } = await holderOf(operator, token);
  return audited(operator, { action: 'resume', target: runId, scope: 'act', details: { hookId } }, async () => {
    const run = await findRun(operator, runId);
    if (hook) await receive(operator, { run, hook, data });
    else await operator.engine().resume({ token }, data);
    return { runId };
  });
}

interface Holder {
  readonly runId: string;
  readonly hookId: string;
  /** Absent: it is a flow that holds the token. */
  readonly hook?: HookRow;
}

async function holderOf(operator: Operator, token: string): Promise<Holder> {
  const store = await operator.store();
  const flow = await store.flows.findTokenHolder(hashToken(token), store.now());
  if (flow) return flow;
  const hook = await store.getHookByToken(token);
  // What is stored of a flow's token is its hash, and nobody resumes a flow by knowing that.
  if (hook && !(token.startsWith('sha256:') && hook.hookId.startsWith(flowHookPrefix)))
    return { runId: hook.runId, hookId: hook.hookId, hook };
  throw new OperateError('not-found', 'HOOK_NOT_FOUND', 'Nothing waits for this token: it is unknown, used or expired.');
}

interface Receive {
  readonly run: FoundRun;
  readonly hook: HookRow;
  readonly data: unknown;
}

async function receive(operator: Operator, { run, hook, data }: Receive): Promise<void> {
  const { runId } = run;
  if (hook.isWebhook) {
    const rule = 'It is a webhook, which takes an HTTP request: send one to the URL that the app made for it.';
    throw new OperateError('conflict', 'WEBHOOK_NEEDS_REQUEST', rule);
  }
  const framed = framePayload(data);
  const payload = isFlow(run) ? framed : await sealPayload(operator, framed, { runId, isNew: false });
  const event = { eventType: 'hook_received', specVersion, correlationId: hook.hookId, eventData: { payload } };
  await operator.world.events.create(runId, event as never);
}
