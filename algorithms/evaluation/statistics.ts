/** The percentiles that a summary reports, as fractions. */
export const quantileLevels = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99] as const;

/** The share of episodes over which expected shortfall averages. */
export const shortfallShare = 0.05;

/** On which side of a metric's distribution the bad episodes lie. */
export type WorstSide = 'low' | 'high';

/** A sample's figures, in the metric's own unit. */
export interface Summary {
  readonly mean: number;
  /** Sample standard deviation (n − 1). */
  readonly std: number;
  /** Of the mean. */
  readonly stderr: number;
  /** Student's t interval of the mean, 95 %. */
  readonly ci95: readonly [number, number];
  /** By level, '0.01' … '0.99'; linear between order statistics. */
  readonly quantiles: Readonly<Record<string, number>>;
  /** The mean of the worst 5 % of the episodes, on the metric's worst side. */
  readonly expectedShortfall: number;
}

/** @param values [n], n ≥ 2 */
export function summarise(values: ArrayLike<number>, worst: WorstSide = 'low'): Summary {
  const sorted = Float64Array.from(values).sort();
  const { mean, std, stderr, ci95 } = estimateMean(values);
  return {
    mean,
    std,
    stderr,
    ci95,
    quantiles: Object.fromEntries(
      quantileLevels.map((level) => [String(level), quantile(sorted, level)]),
    ),
    expectedShortfall: expectedShortfall(sorted, shortfallShare, worst),
  };
}

/** Mean, sample deviation, standard error and 95 % interval of n ≥ 2 values. */
export function estimateMean(
  values: ArrayLike<number>,
): Pick<Summary, 'mean' | 'std' | 'stderr' | 'ci95'> {
  const count = values.length;
  if (count < 2) throw new RangeError(`a sample needs at least 2 values; it has ${count}`);
  let sum = 0;
  for (let index = 0; index < count; index += 1) sum += values[index]!;
  const mean = sum / count;
  let squares = 0;
  for (let index = 0; index < count; index += 1) squares += (values[index]! - mean) ** 2;
  const std = Math.sqrt(squares / (count - 1));
  const stderr = std / Math.sqrt(count);
  const half = studentQuantile975(count - 1) * stderr;
  return { mean, std, stderr, ci95: [mean - half, mean + half] };
}

/**
 * Linear interpolation between order statistics (type 7 of Hyndman and Fan 1996, NumPy's default).
 * @param sorted [n], ascending
 */
export function quantile(sorted: ArrayLike<number>, level: number): number {
  const position = level * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  if (position === below) return low;
  return low + (position - below) * (sorted[below + 1]! - low);
}

/**
 * The mean of the worst `share` of the values; where share·n is no integer, the last one counts in part
 * (Acerbi and Tasche 2002), so that the figure is continuous in the share.
 * @param sorted [n], ascending
 */
export function expectedShortfall(
  sorted: ArrayLike<number>,
  share: number,
  worst: WorstSide,
): number {
  const weight = share * sorted.length;
  let sum = 0;
  let left = weight;
  for (let rank = 0; left > 0 && rank < sorted.length; rank += 1) {
    const part = Math.min(1, left);
    sum += part * sorted[worst === 'low' ? rank : sorted.length - 1 - rank]!;
    left -= part;
  }
  return sum / weight;
}

/**
 * The 97.5 % quantile of Student's t distribution: exact for one and two degrees of freedom, else the
 * Cornish–Fisher expansion (Abramowitz and Stegun 26.7.5), within 0.3 % from three on.
 */
export function studentQuantile975(freedom: number): number {
  if (freedom === 1) return Math.tan(Math.PI * 0.475);
  if (freedom === 2) return 0.95 * Math.sqrt(2 / (1 - 0.95 ** 2));
  const z = 1.959963984540054;
  const terms = [
    z,
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160,
  ];
  return terms.reduce((sum, term, order) => sum + term / freedom ** order, 0);
}
