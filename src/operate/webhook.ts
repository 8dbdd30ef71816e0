import type { TriggerRequest } from '../flow/triggers/http.ts';
import type { TriggerResponse } from '../flow/triggers/triggers.ts';
import type { Trigger } from '../flow/triggers/types.ts';
import { leaveLine } from './audit.ts';
import { OperateError, type InputProblem } from './errors.ts';
import type { Operator } from './operator.ts';
import { redactedText } from './redacted-text.ts';
import { findTrigger, firingContext } from './triggers.ts';

export interface WebhookAccepted {
  readonly executionId: string;
  /** False: the idempotency key named one that was there before. */
  readonly created: boolean;
}

/** Fires an http trigger by what was sent to it: its method, its signature and its schema are for the trigger to judge. */
export async function receiveWebhook(operator: Operator, id: string, request: Omit<TriggerRequest, 'path'>): Promise<WebhookAccepted> {
  const { trigger } = await findTrigger(operator, id);
  // Which of them it is that does not fit is nobody's business from outside.
  if (trigger.type !== 'http' || (trigger.method ?? 'POST') !== request.method) throw notFound(id);
  const { status, body } = await operator.engine().triggers.handle({ ...request, path: trigger.path, triggerId: id });
  if (status !== 200 && status !== 202) throw refused(operator, trigger, { status, body });
  // What is refused leaves no line: anybody can send anything.
  const about = { action: 'trigger.webhook', target: id, scope: 'act' } as const;
  await leaveLine(operator, { ...about, details: { runId: body['executionId'] } }, { outcome: 'done', code: null });
  return { executionId: String(body['executionId']), created: status === 202 };
}

function notFound(id: string): OperateError {
  return new OperateError('not-found', 'TRIGGER_NOT_FOUND', `There is no trigger "${id}".`);
}

/** What it says may hold what was sent, so it is shown as everywhere: past the redaction. */
function refused(operator: Operator, trigger: Trigger, { status, body }: TriggerResponse): OperateError {
  const { error = 'It was refused.', code, problems = [] } = body as { error?: string; code?: string; problems?: readonly InputProblem[] };
  if (status === 404) return notFound(trigger.id);
  const shown = (text: string) => redactedText(operator, 'message', text, firingContext(trigger));
  const message = shown(error);
  if (status === 401) return new OperateError('unauthorized', 'INVALID_SIGNATURE', message);
  // Its sender may try again: the flow may be mended by then.
  if (status >= 500) return new OperateError('unavailable', code ?? 'UNAVAILABLE', message);
  return new OperateError('invalid', code ?? 'INVALID_INPUT', message, {
    problems: problems.map((problem) => ({ ...problem, message: shown(problem.message) })),
  });
}
