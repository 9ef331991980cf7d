import { quantile } from './statistics';

/** A figure of a population that is a function of the means of per-episode columns. */
export interface MeansFigure {
  /** Each [episodes]. */
  readonly columns: readonly Float64Array[];
  /** The figure, from the columns' means in the same order. */
  value(means: readonly number[]): number;
}

export interface Interval {
  readonly value: number;
  /** Percentile bootstrap. */
  readonly ci95: readonly [number, number];
}

/**
 * Percentile bootstrap of several figures over the same episodes. All figures share each resample, so
 * that the cost is one draw an episode and one multiplication a column; figures need the columns' means only.
 * @param episodes n: the length of every column
 * @param resamples number of resamples of n episodes with replacement
 * @returns one interval per figure, in their order; the same for the same input
 */
export function bootstrap(
  figures: readonly MeansFigure[],
  episodes: number,
  resamples = 1000,
  seed = 0,
): Interval[] {
  const random = createGenerator(seed);
  const counts = new Float64Array(episodes);
  const samples = figures.map(() => new Float64Array(resamples));
  for (let resample = 0; resample < resamples; resample += 1) {
    counts.fill(0);
    for (let draw = 0; draw < episodes; draw += 1) {
      const index = Math.floor((random() / 4294967296) * episodes);
      counts[index] = counts[index]! + 1;
    }
    figures.forEach((figure, index) => {
      samples[index]![resample] = figure.value(
        figure.columns.map((column) => dot(counts, column) / episodes),
      );
    });
  }
  const ones = counts.fill(1);
  return figures.map((figure, index) => {
    const sorted = samples[index]!.sort();
    return {
      value: figure.value(figure.columns.map((column) => dot(ones, column) / episodes)),
      ci95: [quantile(sorted, 0.025), quantile(sorted, 0.975)],
    };
  });
}

function dot(weights: Float64Array, values: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < weights.length; index += 1) sum += weights[index]! * values[index]!;
  return sum;
}

/**
 * Uniform 32-bit integers: sfc32 of PractRand (Doty-Humphrey). For resampling on the host only; what an
 * environment or a policy draws comes from the engine's counter-based streams.
 */
function createGenerator(seed: number): () => number {
  let [a, b, c, counter] = [seed | 0, (seed / 4294967296) | 0, 0x9e3779b9 | 0, 1];
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 15; round += 1) next();
  return next;
}
