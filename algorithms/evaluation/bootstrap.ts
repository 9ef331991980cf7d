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
  resamples = 500,
  seed = 0,
): Interval[] {
  const draw = createResampler(episodes, seed);
  const samples = figures.map(() => new Float64Array(resamples));
  for (let resample = 0; resample < resamples; resample += 1) {
    const counts = draw();
    figures.forEach((figure, index) => {
      samples[index]![resample] = figure.value(
        figure.columns.map((column) => dot(counts, column) / episodes),
      );
    });
  }
  const ones = new Float64Array(episodes).fill(1);
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
 * How often each of n episodes stands in a resample of n with replacement; each call draws another one.
 * The generator is sfc32 of PractRand (Doty-Humphrey): for resampling on the host only; what an
 * environment or a policy draws comes from the engine's counter-based streams. Its steps stand in the
 * loop, since a call for each of a hundred million draws would take most of the time.
 * @returns [n], the same array each time
 */
export function createResampler(episodes: number, seed: number): () => Float64Array {
  const counts = new Float64Array(episodes);
  const indexPerDraw = episodes / 2 ** 32;
  const state = Int32Array.of(seed, Math.floor(seed / 2 ** 32), 0x9e3779b9, 1);
  const advance = (steps: number): void => {
    let a = state[0]!;
    let b = state[1]!;
    let c = state[2]!;
    let counter = state[3]!;
    for (let step = 0; step < steps; step += 1) {
      const sum = (a + b + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + sum) | 0;
      const index = ((sum >>> 0) * indexPerDraw) | 0;
      counts[index] = counts[index]! + 1;
    }
    state.set([a, b, c, counter]);
  };
  // sfc32 asks for the first numbers to be dropped, while the seed spreads.
  advance(15);
  return () => {
    counts.fill(0);
    advance(episodes);
    return counts;
  };
}
