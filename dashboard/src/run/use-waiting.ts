import { api, type Order } from '../api/api.ts';
import type { Many } from '../api/load-pages.ts';
import type { Hook, Wait } from '../api/types.ts';
import { type Resource, useReload, useResource } from '../ui/use-resource.ts';

export interface HooksAndSleeps {
  readonly hooks: Many<Hook>;
  readonly waits: Many<Wait>;
}

/** What the run waits or waited for, as much of it as is read from one end; asked for again with each version of the run. */
export function useWaiting(runId: string, version: number, order: Order): Resource<HooksAndSleeps> {
  const both = useResource(`waiting:${runId}:${order}`, async (signal) => {
    const [hooks, waits] = await Promise.all([api.hooks(runId, order, signal), api.waits(runId, order, signal)]);
    return { hooks, waits };
  });
  useReload(version, both.reload);
  return both;
}
