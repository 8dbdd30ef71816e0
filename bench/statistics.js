/** The value below which `share` of the samples lie. */
export function percentile(samples, share) {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

export function median(samples) {
  return percentile(samples, 0.5);
}

/** Calls `work` `count` times, at most `width` of them at once. */
export async function inLanes(count, width, work) {
  let next = 0;
  const lane = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
}

/** Does the same work for so long before it is measured: what a process does first is compiled as it goes, and a worker lives for days. */
export async function warmUp(ms, work) {
  const until = performance.now() + ms;
  do await work();
  while (performance.now() < until);
}

/** How long `work` takes, in milliseconds. */
export async function timed(work) {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
