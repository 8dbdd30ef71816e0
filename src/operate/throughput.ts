import type { z } from 'zod';
import type { Operator } from './operator.ts';
import { instant } from './run-views.ts';
import type { throughputQuerySchema, throughputSchema } from './schemas/system.ts';
import { expectWhole } from './system.ts';

export type Throughput = z.infer<typeof throughputSchema>;
export type ThroughputWindow = z.infer<typeof throughputQuerySchema>['window'];

const minute = 60_000;
const windows: Readonly<Record<ThroughputWindow, { readonly ms: number; readonly bucketMs: number }>> = {
  '15m': { ms: 15 * minute, bucketMs: minute / 4 },
  '1h': { ms: 60 * minute, bucketMs: minute },
  '6h': { ms: 360 * minute, bucketMs: 6 * minute },
  '24h': { ms: 1_440 * minute, bucketMs: 30 * minute },
  '7d': { ms: 10_080 * minute, bucketMs: 180 * minute },
};
const shards = 64;
/** So many runs are read for the times of their steps; of more, a fair sample. */
const sampledRuns = 4_000;
const mostSteps = 20_000;

/** How many runs began and ended, and how long steps took, over time. Where there were many, steps are counted by a sample. */
export async function getThroughput(operator: Operator, window: ThroughputWindow = '1h'): Promise<Throughput> {
  expectWhole(operator.caller);
  const { ms, bucketMs } = windows[window];
  const store = await operator.store();
  // Whole buckets, so that two looks agree on them.
  const end = Math.ceil((store.now() + 1) / bucketMs) * bucketMs;
  const since = end - ms;
  const { started, ended } = await store.operator.readThroughput({ since, bucketMs });
  const runs = ended.reduce((sum, each) => sum + each.runs, 0);
  const asked = Math.max(1, Math.min(shards, Math.floor((shards * sampledRuns) / Math.max(1, runs))));
  const steps = await store.operator.listStepTimes({ since, shards: asked, limit: mostSteps });
  const scale = shards / asked;
  const buckets = Array.from({ length: ms / bucketMs }, (_, bucket) => {
    const from = since + bucket * bucketMs;
    const ofBucket = (rows: readonly { readonly bucket: number; readonly runs: number }[]) =>
      rows.reduce((sum, row) => (row.bucket === bucket ? sum + row.runs : sum), 0);
    const times = steps.filter(({ completedAt }) => completedAt >= from && completedAt < from + bucketMs).map(({ tookMs }) => tookMs);
    const sorted = times.sort((a, b) => a - b);
    return {
      at: instant(from),
      started: ofBucket(started),
      completed: ofBucket(ended.filter(({ status }) => status === 'completed')),
      failed: ofBucket(ended.filter(({ status }) => status === 'failed')),
      cancelled: ofBucket(ended.filter(({ status }) => status === 'cancelled')),
      stepsCompleted: Math.round(sorted.length * scale),
      stepP50Ms: percentile(sorted, 0.5),
      stepP95Ms: percentile(sorted, 0.95),
    };
  });
  return { bucketMs, buckets };
}

function percentile(sorted: readonly number[], part: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? null;
}
