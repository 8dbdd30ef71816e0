import type { Hook, RunKind, Wait } from '../api/types.ts';

export interface Waiting {
  /** The newest first, as all that follows. */
  readonly hooks: readonly Hook[];
  readonly waits: readonly Wait[];
}

/** Whether a hook can be answered. Of a flow only one that still waits; a hook of code may be answered more than once. */
export function isAnswerable(kind: RunKind, { status }: Hook): boolean {
  return kind === 'flow' ? status === 'waiting' : status !== 'disposed';
}

/** What an answer can be given to, the likeliest first. Undefined stands for a wait of a flow that has no hook: it sleeps. */
export function answerChoices(kind: RunKind, { hooks, waits }: Waiting): readonly (Hook | undefined)[] {
  const answerable = hooks.filter((hook) => isAnswerable(kind, hook));
  if (kind === 'code') return [...answerable.filter(isOpen), ...answerable.filter((hook) => !isOpen(hook))];
  const sleeps = waits.some(({ status }) => status === 'waiting');
  // A token may be issued long before the step that waits for it.
  return [...answerable, ...(sleeps || answerable.length === 0 ? [undefined] : [])];
}

/** What waits now comes first, what is over follows; both as they were. */
export function waitingFirst<T extends Hook | Wait>(all: readonly T[]): readonly T[] {
  return [...all.filter(isOpen), ...all.filter((each) => !isOpen(each))];
}

function isOpen({ status }: Hook | Wait): boolean {
  return status === 'waiting';
}
