import { type CreateEventRequest, type RunCreatedEventRequest, SPEC_VERSION_CURRENT } from '@workflow/world';
import { newStepName, newToken, newWorkflowName } from './ids.ts';
import { payload } from './payload.ts';

type DataOf<T extends CreateEventRequest['eventType']> =
  Extract<CreateEventRequest, { eventType: T }> extends {
    eventData?: infer D;
  }
    ? NonNullable<D>
    : never;

const specVersion = SPEC_VERSION_CURRENT;

export function runCreated(
  eventData: Partial<RunCreatedEventRequest['eventData']> = {},
  version: number = specVersion,
): RunCreatedEventRequest {
  return {
    eventType: 'run_created',
    specVersion: version,
    eventData: { deploymentId: 'dpl_test', workflowName: newWorkflowName(), input: payload('input'), ...eventData },
  };
}

export function runStarted(eventData?: DataOf<'run_started'>): CreateEventRequest {
  return { eventType: 'run_started', specVersion, ...(eventData && { eventData }) };
}

export function runCompleted(output: unknown = payload('output')): CreateEventRequest {
  return { eventType: 'run_completed', specVersion, eventData: { output } };
}

export function runFailed(eventData: DataOf<'run_failed'> = { error: { message: 'boom' }, errorCode: 'USER_ERROR' }): CreateEventRequest {
  return { eventType: 'run_failed', specVersion, eventData };
}

export function runCancelled(): CreateEventRequest {
  return { eventType: 'run_cancelled', specVersion };
}

export function stepCreated(stepId: string, eventData: Partial<DataOf<'step_created'>> = {}): CreateEventRequest {
  return {
    eventType: 'step_created',
    specVersion,
    correlationId: stepId,
    eventData: { stepName: newStepName(), input: payload('step input'), ...eventData },
  };
}

export function stepStarted(stepId: string, eventData?: DataOf<'step_started'>): CreateEventRequest {
  return { eventType: 'step_started', specVersion, correlationId: stepId, ...(eventData && { eventData }) };
}

export function stepCompleted(stepId: string, result: unknown = payload('result')): CreateEventRequest {
  return { eventType: 'step_completed', specVersion, correlationId: stepId, eventData: { result } };
}

export function stepFailed(stepId: string, eventData: DataOf<'step_failed'> = { error: 'boom' }): CreateEventRequest {
  return { eventType: 'step_failed', specVersion, correlationId: stepId, eventData };
}

export function stepRetrying(stepId: string, eventData: Partial<DataOf<'step_retrying'>> = {}): CreateEventRequest {
  return { eventType: 'step_retrying', specVersion, correlationId: stepId, eventData: { error: 'try again', ...eventData } };
}

export function hookCreated(hookId: string, eventData: Partial<DataOf<'hook_created'>> = {}): CreateEventRequest {
  return { eventType: 'hook_created', specVersion, correlationId: hookId, eventData: { token: newToken(), ...eventData } };
}

export function hookReceived(hookId: string, received: unknown = payload('received')): CreateEventRequest {
  return { eventType: 'hook_received', specVersion, correlationId: hookId, eventData: { payload: received } };
}

export function hookDisposed(hookId: string): CreateEventRequest {
  return { eventType: 'hook_disposed', specVersion, correlationId: hookId };
}

export function waitCreated(waitId: string, resumeAt: Date): CreateEventRequest {
  return { eventType: 'wait_created', specVersion, correlationId: waitId, eventData: { resumeAt } };
}

export function waitCompleted(waitId: string, resumeAt?: Date): CreateEventRequest {
  return { eventType: 'wait_completed', specVersion, correlationId: waitId, ...(resumeAt && { eventData: { resumeAt } }) };
}
