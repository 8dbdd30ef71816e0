import type { Execution } from '../types.ts';

type Led = Pick<Execution, 'metadata'>;

/**
 * The triggers that led to an execution: `metadata.triggerId`, which started it, and `metadata.triggerIds`, those behind the event that one
 * heard of, or behind its parent. Metadata is free, so anything may stand there.
 */
export function triggerIdsOf({ metadata = {} }: Led): readonly string[] {
  const { triggerId, triggerIds } = metadata;
  const ids: unknown[] = [...(Array.isArray(triggerIds) ? triggerIds : []), triggerId];
  return [...new Set(ids.filter((id) => typeof id === 'string'))];
}

/** What the metadata of an execution says of the triggers behind its parent; undefined if there are none. */
export function triggersBehind(parent: Led): { readonly triggerIds: readonly string[] } | undefined {
  const triggerIds = triggerIdsOf(parent);
  return triggerIds.length === 0 ? undefined : { triggerIds };
}
