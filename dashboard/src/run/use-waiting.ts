import { api } from '../api/api.ts';
import type { Many } from '../api/load-pages.ts';
import type { Hook, Wait } from '../api/types.ts';
import { type Resource, useReload, useResource } from '../ui/use-resource.ts';

export interface HooksAndSleeps {
  readonly hooks: Many<Hook>;
  readonly waits: Many<Wait>;
}

/** What the run waits or waited for, asked for again with each version of it. */
export function useWaiting(runId: string, version: number): Resource<HooksAndSleeps> {
  const both = useResource(`waiting:${runId}`, async (signal) => {
    const [hooks, waits] = await Promise.all([api.hooks(runId, signal), api.waits(runId, signal)]);
    return { hooks, waits };
  });
  useReload(version, both.reload);
  return both;
}
