import { type Event, isTerminalRunEventType } from '@workflow/world';
import { ulidTime } from '../base/ulid.ts';
import { dataOf } from './read-log.ts';

/** What a replay needs of a log. Returns a sentence per broken rule; an intact log gives an empty list. */
export function brokenLogRules(log: readonly Event[]): string[] {
  return [...orderRules(log), ...runRules(log), ...entityRules(log)];
}

function orderRules(log: readonly Event[]): string[] {
  const broken: string[] = [];
  if (new Set(log.map((event) => event.eventId)).size !== log.length) broken.push('event ids repeat');
  log.forEach((event, index) => {
    const before = log[index - 1];
    if (ulidTime(ulidPart(event.eventId)) === undefined) broken.push(`${event.eventId} holds no ULID`);
    if (!before) return;
    if (event.eventId <= before.eventId) broken.push(`${event.eventId} does not sort after ${before.eventId}`);
    if (event.createdAt.getTime() < before.createdAt.getTime()) broken.push(`${event.eventId} is older than the event before it`);
  });
  return broken;
}

function runRules(log: readonly Event[]): string[] {
  const broken: string[] = [];
  if (log.length > 0 && log[0]?.eventType !== 'run_created') broken.push(`the log begins with ${log[0]?.eventType}`);
  if (count(log, 'run_created') > 1) broken.push('run_created repeats');
  if (count(log, 'run_started') > 1) broken.push('run_started repeats');
  const end = log.findIndex((event) => isTerminalRunEventType(event.eventType));
  if (end < 0) return broken;
  const cancelled = log[end]?.eventType === 'run_cancelled';
  for (const { eventType } of log.slice(end + 1)) {
    const late = ['step_completed', 'step_failed', 'step_retrying'].includes(eventType);
    if (!late && !(cancelled && eventType === 'run_cancelled')) broken.push(`${eventType} after the end of the run`);
  }
  return broken;
}

function entityRules(log: readonly Event[]): string[] {
  const histories = new Map<string, Event[]>();
  for (const event of log) {
    if (event.correlationId === undefined) continue;
    const key = `${event.eventType.split('_')[0]} ${event.correlationId}`;
    histories.set(key, [...(histories.get(key) ?? []), event]);
  }
  return [...histories].flatMap(([key, history]) => historyRules(key, history));
}

function historyRules(key: string, history: readonly Event[]): string[] {
  const broken: string[] = [];
  const births = new Set(['step_created', 'hook_created', 'hook_conflict', 'wait_created']);
  const deaths = new Set(['step_completed', 'step_failed', 'hook_conflict', 'hook_disposed', 'wait_completed']);
  history.forEach(({ eventType }, index) => {
    if (births.has(eventType) !== (index === 0)) broken.push(`${key}: ${eventType} at place ${index}`);
    if (deaths.has(eventType) && index !== history.length - 1) broken.push(`${key}: something follows ${eventType}`);
  });
  return [...broken, ...resumeAtRule(key, history)];
}

function resumeAtRule(key: string, history: readonly Event[]): string[] {
  const [created, completed] = ['wait_created', 'wait_completed'].map((type) => dataOf(history.find((event) => event.eventType === type)));
  if (!(completed?.['resumeAt'] instanceof Date) || !(created?.['resumeAt'] instanceof Date)) return [];
  return completed['resumeAt'].getTime() === created['resumeAt'].getTime() ? [] : [`${key}: two different resumeAt`];
}

function count(log: readonly Event[], eventType: string): number {
  return log.filter((event) => event.eventType === eventType).length;
}

/** An event id without its prefix. */
export function ulidPart(eventId: string): string {
  return eventId.slice(eventId.lastIndexOf('_') + 1);
}

/** The milliseconds of an event id, as the SDK reads them for `stateUpdatedAt`. */
export function eventIdMs(event: Event | undefined): number {
  const ms = event && ulidTime(ulidPart(event.eventId));
  if (ms === undefined) throw new Error(`${event?.eventId} holds no ULID`);
  return ms;
}
