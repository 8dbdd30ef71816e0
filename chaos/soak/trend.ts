/** A measurement, by the clock that nobody sets. */
export interface Sample {
  readonly atMs: number;
  readonly value: number;
}

export interface Trend {
  readonly mean: number;
  /** In parts of the mean per hour: 0.01 is one percent. */
  readonly perHour: number;
  /** The standard error of that. */
  readonly error: number;
}

/** The straight line through the samples, by least squares. */
export function trendOf(samples: readonly Sample[]): Trend {
  const n = samples.length;
  const mean = samples.reduce((sum, { value }) => sum + value, 0) / n;
  const middle = samples.reduce((sum, { atMs }) => sum + atMs, 0) / n;
  const spread = samples.reduce((sum, { atMs }) => sum + (atMs - middle) ** 2, 0);
  const slope = samples.reduce((sum, { atMs, value }) => sum + (atMs - middle) * (value - mean), 0) / spread;
  const rest = samples.reduce((sum, { atMs, value }) => sum + (value - mean - slope * (atMs - middle)) ** 2, 0);
  const hour = 3_600_000;
  return { mean, perHour: (slope * hour) / mean, error: (Math.sqrt(rest / (n - 2) / spread) * hour) / mean };
}
