import { createResampler } from './bootstrap';
import { quantile } from './statistics';

/** A figure of a few runs. */
export interface Estimate {
  readonly value: number;
  /** Percentile interval of the stratified bootstrap; null where a stratum has one run only. */
  readonly ci95: readonly [number, number] | null;
}

export interface StratifiedOptions {
  readonly resamples?: number;
  readonly seed?: number;
}

/**
 * Percentile bootstrap over strata (Agarwal et al. 2021, section 4): the runs of each stratum are drawn with
 * replacement from that stratum alone, as many as it has, independently of the other strata.
 * @param strata each [runs], at least one run
 * @param statistic of one resample of every stratum, in their order; each comes in ascending order, and the
 *   arrays are the same from call to call
 * @returns the same for the same input
 */
export function stratifiedBootstrap(
  strata: readonly ArrayLike<number>[],
  statistic: (strata: readonly Float64Array[]) => number,
  { resamples = 5000, seed = 0 }: StratifiedOptions = {},
): Estimate {
  const sorted = strata.map((values) => Float64Array.from(values).sort());
  const value = statistic(sorted);
  if (sorted.some(({ length }) => length < 2)) return { value, ci95: null };
  const draws = sorted.map((values, index) => createDraw(values, seed + index));
  const samples = Float64Array.from({ length: resamples }, () =>
    statistic(draws.map((draw) => draw())),
  ).sort();
  return { value, ci95: [quantile(samples, 0.025), quantile(samples, 0.975)] };
}

/** Each call draws as many values with replacement as there are, in ascending order. */
function createDraw(sorted: Float64Array, seed: number): () => Float64Array {
  const drawCounts = createResampler(sorted.length, seed);
  const drawn = new Float64Array(sorted.length);
  return () => {
    let place = 0;
    drawCounts().forEach((count, index) => {
      drawn.fill(sorted[index]!, place, place + count);
      place += count;
    });
    return drawn;
  };
}
