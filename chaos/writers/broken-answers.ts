import type { Event } from '@workflow/world';

/** A call that was not refused, and the event that it was answered with. */
export interface Answer {
  readonly type: Event['eventType'];
  readonly eventId: string | undefined;
}

/** What the log of a run does not have as its writers were told: each of their events is there, for one of them, and no other is. */
export function brokenAnswers(answers: readonly Answer[], log: readonly Event[]): string[] {
  const broken: string[] = [];
  const logged = new Map(log.map((event) => [event.eventId, event.eventType]));
  const told = new Set<string>();
  for (const { type, eventId } of answers) {
    if (eventId === undefined) {
      // A run that is running already is an answer without an event.
      if (type !== 'run_started') broken.push(`${type} was acknowledged without an event`);
      continue;
    }
    const found = logged.get(eventId);
    const conflict = type === 'hook_created' && found === 'hook_conflict';
    if (found === undefined) broken.push(`${type} was acknowledged as ${eventId}, which is not in the log`);
    else if (found !== type && !conflict) broken.push(`${type} was acknowledged as ${eventId}, which is a ${found} in the log`);
    // Asked once more, the same conflict is the answer.
    if (told.has(eventId) && !conflict) broken.push(`two calls were acknowledged as the one ${eventId}`);
    told.add(eventId);
  }
  for (const [eventId, type] of logged) {
    if (!told.has(eventId)) broken.push(`${type} ${eventId} is in the log, and no call was acknowledged as it`);
  }
  return broken;
}
