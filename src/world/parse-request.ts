import type { AnyEventRequest, CreateEventParams } from '@workflow/world';
import { encodeFields, encodeValue } from '../base/codec.ts';
import { newUlid, ulidTime } from '../base/ulid.ts';
import { badRequest } from './errors.ts';
import { payloadFields } from './event-fields.ts';
import { checkName } from './names.ts';
import { ownFields } from './own-copy.ts';
import type { EventRequest } from './rules/request.ts';
import { shown } from './shown.ts';

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

/**
 * Checks the shape of a call to `events.create` (400 if it is wrong), mints a run id where none is given, and encodes the data at once: what
 * the caller does to its objects afterwards changes nothing.
 */
export function parseRequest(
  runId: string | null,
  event: AnyEventRequest,
  params: CreateEventParams | undefined,
  now: number,
): EventRequest {
  const type = (event as { eventType?: unknown } | null | undefined)?.eventType;
  if (typeof type !== 'string' || !types.has(type)) {
    throw badRequest(`events.create needs one of the SDK's event types, not ${shown(type)}.`);
  }
  const { specVersion } = event;
  if (specVersion !== undefined && !Number.isSafeInteger(specVersion)) {
    throw badRequest(`The specVersion of "${type}" must be a whole number, not ${shown(specVersion)}.`);
  }
  const data = parseData(event);
  checkNamesIn(type, data);
  return {
    runId: parseRunId(runId, type, now),
    type: event.eventType,
    correlationId: type.startsWith('run_') ? '' : checkName('correlationId', event.correlationId, type),
    specVersion,
    ...encodeData(type, data),
    params: parseParams(params),
  };
}

function parseData(event: AnyEventRequest): Record<string, unknown> {
  const data: unknown = 'eventData' in event ? event.eventData : undefined;
  if (data === undefined || data === null) return {};
  if (typeof data !== 'object' || Array.isArray(data)) throw badRequest(`The eventData of "${event.eventType}" must be an object.`);
  const fields = { ...(data as Record<string, unknown>) };
  for (const name of ['resumeAt', 'retryAfter']) {
    // Null is no instant, as if it were not there (spec/world.md H).
    if (fields[name] === undefined || fields[name] === null) delete fields[name];
    else fields[name] = parseInstant(`eventData.${name} of "${event.eventType}"`, fields[name]);
  }
  return fields;
}

function parseParams(params: CreateEventParams | null | undefined): CreateEventParams {
  if (params === undefined || params === null) return {};
  const { occurredAt, stateUpdatedAt } = params;
  return {
    ...params,
    ...(occurredAt === undefined ? {} : { occurredAt: parseInstant('occurredAt', occurredAt) }),
    // Databases keep no fractions of milliseconds.
    ...(stateUpdatedAt === undefined ? {} : { stateUpdatedAt: parseInstant('stateUpdatedAt', stateUpdatedAt).getTime() }),
  };
}

/** A Date, or what the SDK's schemas read as one. */
function parseInstant(what: string, value: unknown): Date {
  const date = value instanceof Date || typeof value === 'string' || typeof value === 'number' ? new Date(value) : undefined;
  if (!date || Number.isNaN(date.getTime())) throw badRequest(`${what} must be a valid instant, not ${shown(value)}.`);
  return date;
}

function parseRunId(runId: unknown, type: string, now: number): string {
  if (type !== 'run_created') return checkName('runId', runId, type);
  if (runId === null || runId === undefined || runId === '') return `wrun_${newUlid(now)}`;
  const text = checkName('runId', runId, type);
  if (ulidTime(text.replace(/^wrun_/, '')) === undefined && !/^[A-Za-z0-9_-]{1,128}$/.test(text)) {
    throw badRequest(`runId ${JSON.stringify(text.slice(0, 80))} must be a ULID, or at most 128 letters, digits, "_" and "-".`);
  }
  return text;
}

const namesOf: Readonly<Record<string, readonly string[]>> = {
  run_created: ['workflowName', 'deploymentId'],
  step_created: ['stepName'],
  hook_created: ['token'],
};

function checkNamesIn(type: string, data: Readonly<Record<string, unknown>>): void {
  for (const field of namesOf[type] ?? []) checkName(`eventData.${field}`, data[field], type);
}

function encodeData(type: string, data: Readonly<Record<string, unknown>>): Pick<EventRequest, 'data' | 'meta' | 'payload'> {
  const field = type === 'run_started' ? 'input' : payloadFields[type];
  const { [field ?? '']: value, ...small } = data;
  try {
    return {
      // The rules read messages and codes out of errors; other payloads are nothing to them.
      data: ownFields(field === 'error' ? data : small),
      meta: Object.keys(small).length > 0 ? encodeFields(small) : null,
      payload: field !== undefined && field in data && !(type === 'run_started' && value === undefined) ? encodeValue(value) : null,
    };
  } catch (cause) {
    throw badRequest(`The data of "${type}" cannot be stored: ${(cause as Error).message}. Send bytes or structured data.`, cause);
  }
}
