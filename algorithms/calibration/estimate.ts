/** An estimated number. */
export interface Estimate {
  readonly value: number;
  /** Standard error, in the number's own unit; null where the data say nothing about it. */
  readonly error: number | null;
}

/**
 * The mean of a series whose terms may depend on their neighbours and differ in variance. The error is
 * that of Newey and West (1987), Bartlett weights over ⌊4(n/100)^(2/9)⌋ lags.
 * @param series [n], n ≥ 1
 * @returns the error is null for n < 3
 */
export function estimateSeriesMean(series: ArrayLike<number>): Estimate {
  const count = series.length;
  let sum = 0;
  for (let index = 0; index < count; index += 1) sum += series[index]!;
  const value = sum / count;
  if (count < 3) return { value, error: null };
  const lags = Math.min(Math.floor(4 * (count / 100) ** (2 / 9)), count - 2);
  let variance = autocovariance(series, value, 0);
  for (let lag = 1; lag <= lags; lag += 1) {
    variance += 2 * (1 - lag / (lags + 1)) * autocovariance(series, value, lag);
  }
  return { value, error: Math.sqrt(Math.max(variance, 0) / (count - 1)) };
}

/** (1/n) Σ (x_t − mean)(x_{t+lag} − mean) */
function autocovariance(series: ArrayLike<number>, mean: number, lag: number): number {
  let sum = 0;
  for (let index = lag; index < series.length; index += 1) {
    sum += (series[index]! - mean) * (series[index - lag]! - mean);
  }
  return sum / series.length;
}
