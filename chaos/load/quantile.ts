/** The value below which this share of all is, or NaN where there are none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** The same as a figure of a report. */
export function shownQuantile(values: readonly number[], share: number): number | string {
  return values.length === 0 ? 'none to measure' : quantile(values, share);
}
