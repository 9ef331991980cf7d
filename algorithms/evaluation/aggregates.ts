import type { MeansFigure } from './bootstrap';

/** Per-episode figures by name, each [episodes]. */
export type EpisodeMetrics = Readonly<Record<string, Float64Array>>;

/** A figure of a whole population of episodes. */
export interface Aggregate {
  readonly name: string;
  readonly description: string;
  /** Prepares the figure for one policy's episodes. */
  of(metrics: EpisodeMetrics): MeansFigure;
}

/**
 * Mean–variance cost `E + λV` of a per-episode cost (Almgren and Chriss 2000); lower is better.
 * @param riskAversion λ, per unit of the metric
 */
export const meanVariance = (metric: string, riskAversion: number): Aggregate => ({
  name: 'utility',
  description: `mean + ${riskAversion}·variance of ${metric} (lower is better)`,
  of: (metrics) =>
    figureOfMoments(metrics[metric]!, (mean, variance) => mean + riskAversion * variance),
});

/**
 * The sure amount worth as much as the metric's lottery to an exponential utility:
 * `−(1/γ) ln E e^{−γW}`; the mean where γ = 0.
 * @param riskAversion γ, per unit of the metric
 */
export const certaintyEquivalent = (metric: string, riskAversion: number): Aggregate => ({
  name: 'certaintyEquivalent',
  description: `−(1/γ) ln mean e^(−γ·${metric}) at γ = ${riskAversion}`,
  of: (metrics) => {
    const values = metrics[metric]!;
    if (riskAversion === 0) return { columns: [values], value: ([mean]) => mean! };
    // Relative to the worst episode, the largest exponential is one and cannot overflow.
    const worst = values.reduce((least, value) => Math.min(least, value), Infinity);
    return {
      columns: [values.map((value) => Math.exp(-riskAversion * (value - worst)))],
      value: ([mean]) => worst - Math.log(mean!) / riskAversion,
    };
  },
});

/** Mean over deviation of a per-episode profit, not annualised. */
export const sharpe = (metric: string): Aggregate => ({
  name: 'sharpe',
  description: `mean over standard deviation of ${metric}, per episode, not annualised`,
  of: (metrics) =>
    figureOfMoments(metrics[metric]!, (mean, variance) => mean / Math.sqrt(variance)),
});

/** The standard deviation (n − 1) of a per-episode figure. */
export const deviationOf = (values: Float64Array): MeansFigure =>
  figureOfMoments(values, (_, variance) => Math.sqrt(Math.max(0, variance)));

/**
 * A figure of mean and sample variance. Its columns are about the sample's mean, so that the variance
 * of a resample does not cancel.
 */
function figureOfMoments(
  values: Float64Array,
  figure: (mean: number, variance: number) => number,
): MeansFigure {
  const count = values.length;
  const centre = values.reduce((sum, value) => sum + value, 0) / count;
  const centred = values.map((value) => value - centre);
  return {
    columns: [centred, centred.map((value) => value * value)],
    value: ([first, second]) =>
      figure(centre + first!, ((second! - first! * first!) * count) / (count - 1)),
  };
}

/**
 * The aggregates of an environment, by the metrics it keeps: `utility` of `shortfall`,
 * `certaintyEquivalent` and `sharpe` of `profit`; λ and γ are its config's `riskAversion`.
 */
export function aggregatesFor(metrics: object, config: object): Aggregate[] {
  const riskAversion = 'riskAversion' in config ? config.riskAversion : undefined;
  const known = typeof riskAversion === 'number' ? riskAversion : null;
  return [
    ...('shortfall' in metrics && known !== null ? [meanVariance('shortfall', known)] : []),
    ...('profit' in metrics && known !== null ? [certaintyEquivalent('profit', known)] : []),
    ...('profit' in metrics ? [sharpe('profit')] : []),
  ];
}
