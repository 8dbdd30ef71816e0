import type { AnyEventRequest, CreateEventParams } from '@workflow/world';
import { newUlid, ulidTime } from '../base/ulid.ts';
import { badRequest } from './errors.ts';
import type { EventRequest } from './rules/request.ts';

const dayMs = 86_400_000;
const types = new Set<string>([
  'run_created',
  'run_started',
  'run_completed',
  'run_failed',
  'run_cancelled',
  'step_created',
  'step_started',
  'step_completed',
  'step_failed',
  'step_retrying',
  'hook_created',
  'hook_received',
  'hook_disposed',
  'wait_created',
  'wait_completed',
] satisfies AnyEventRequest['eventType'][]);

// Ids and names become keys: bounded, and free of the one character that PostgreSQL cannot store.
const maxNameLength = 2_048;

/** Checks the shape of a call to `events.create` (400 if it is wrong) and mints a run id where none is given. */
export function parseRequest(runId: string | null, data: AnyEventRequest, params: CreateEventParams = {}, now: number): EventRequest {
  if (typeof data !== 'object' || data === null || !types.has(data.eventType)) {
    throw badRequest(`events.create needs one of the SDK's event types, not "${String((data as { eventType?: unknown } | null)?.eventType)}".`);
  }
  const fields: unknown = 'eventData' in data ? data.eventData : undefined;
  if (fields !== undefined && fields !== null && typeof fields !== 'object') {
    throw badRequest(`The eventData of "${data.eventType}" must be an object.`);
  }
  const request: EventRequest = {
    runId: parseRunId(runId, data, now),
    type: data.eventType,
    correlationId: parseCorrelationId(data),
    specVersion: data.specVersion,
    data: { ...(fields as Record<string, unknown> | undefined) },
    params: params ?? {},
  };
  checkNames(request);
  return request;
}

function parseRunId(runId: string | null, { eventType }: AnyEventRequest, now: number): string {
  if (eventType !== 'run_created') {
    if (typeof runId !== 'string' || runId === '') throw badRequest(`runId is required for "${eventType}".`);
    return checkName('runId', runId);
  }
  if (runId === null || runId === undefined || runId === '') return `wrun_${newUlid(now)}`;
  const time = ulidTime(runId.replace(/^wrun_/, ''));
  if (time === undefined) {
    if (!/^[A-Za-z0-9_-]{1,128}$/.test(runId)) {
      throw badRequest(`Run id ${JSON.stringify(runId.slice(0, 80))} must be a ULID, or at most 128 letters, digits, "_" and "-".`);
    }
    return runId;
  }
  if (time < now - dayMs || time > now + 5 * 60_000) {
    throw badRequest(
      `Run id "${runId}" is from ${new Date(time).toISOString()}: the time in it must be within the last 24 hours and at most 5 minutes ahead.`,
    );
  }
  return runId;
}

function parseCorrelationId(data: AnyEventRequest): string {
  if (data.eventType.startsWith('run_')) return '';
  const id = data.correlationId;
  if (typeof id !== 'string' || id === '') throw badRequest(`correlationId is required for "${data.eventType}".`);
  return checkName('correlationId', id);
}

const namesOf: Readonly<Record<string, readonly string[]>> = {
  run_created: ['workflowName', 'deploymentId'],
  step_created: ['stepName'],
  hook_created: ['token'],
};

function checkNames({ type, data }: EventRequest): void {
  for (const field of namesOf[type] ?? []) {
    const name = data[field];
    if (typeof name !== 'string') throw badRequest(`"${type}" needs eventData.${field} as a string.`);
    checkName(field, name);
  }
}

function checkName(what: string, name: string): string {
  if (name.length > maxNameLength) throw badRequest(`${what} has ${name.length} characters; at most ${maxNameLength} are allowed.`);
  if (name.includes('\0')) throw badRequest(`${what} ${JSON.stringify(name.slice(0, 80))} contains a NUL character.`);
  return name;
}
