import type { EventType } from '@workflow/world';

/** The large field of each event's data; it is stored as bytes, apart from the small ones (EVENT_DATA_REF_FIELDS of the SDK). */
export const payloadFields: Readonly<Record<string, string>> = {
  run_created: 'input',
  run_completed: 'output',
  run_failed: 'error',
  step_created: 'input',
  step_completed: 'result',
  step_failed: 'error',
  step_retrying: 'error',
  hook_created: 'metadata',
  hook_received: 'payload',
} satisfies Partial<Record<EventType, string>>;
