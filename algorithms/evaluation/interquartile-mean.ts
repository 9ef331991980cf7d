/**
 * The mean of the middle half: of n values in order, the lowest and the highest ⌊n/4⌋ are left out (as
 * `scipy.stats.trim_mean(values, 0.25)`, the definition of Agarwal et al. 2021, "Deep reinforcement learning
 * at the edge of the statistical precipice", and of their library rliable). Up to three values: their mean.
 * @param values [n], n ≥ 1, in any order
 */
export function interquartileMean(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const cut = Math.floor(sorted.length / 4);
  const middle = sorted.subarray(cut, sorted.length - cut);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}
