import type { Host } from '../../test/e2e/support/host.ts';
import { monotonic, pause } from '../load/monotonic.ts';
import type { Place } from '../load/places.ts';
import { countRows } from './count-rows.ts';
import type { Sample } from './trend.ts';

export interface Watched {
  /** Of each worker, what its heap holds after a collection, and what the system gave it. */
  readonly heap: ReadonlyMap<string, Sample[]>;
  readonly resident: ReadonlyMap<string, Sample[]>;
  /** The rows of each table. */
  readonly tables: ReadonlyMap<string, readonly number[]>;
}

/** Measures workers and tables every now and then for so long. */
export async function watch(workers: readonly Host[], place: Place, { ms, everyMs }: { ms: number; everyMs: number }): Promise<Watched> {
  const heap = new Map(workers.map(({ id }) => [id, [] as Sample[]]));
  const resident = new Map(workers.map(({ id }) => [id, [] as Sample[]]));
  const tables = new Map<string, number[]>();
  const beganAt = monotonic();
  for (let next = everyMs; next <= ms; next += everyMs) {
    await pause(Math.max(0, beganAt + next - monotonic()));
    for (const worker of workers) {
      const { heapUsed, external, rss } = await worker.api.memory();
      const atMs = monotonic() - beganAt;
      heap.get(worker.id)?.push({ atMs, value: heapUsed + external });
      resident.get(worker.id)?.push({ atMs, value: rss });
    }
    for (const [table, count] of Object.entries(await countRows(place))) tables.set(table, [...(tables.get(table) ?? []), count]);
  }
  return { heap, resident, tables };
}
