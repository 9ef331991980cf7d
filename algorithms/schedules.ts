import type { LearnerConfig } from './schema';

/** δ of an iteration: geometric from `trustRegion` in the first to `finalTrustRegion` in the last. */
export function trustRegionAt({ trpo, training }: LearnerConfig, iteration: number): number {
  return moveGeometrically(trpo.trustRegion, trpo.finalTrustRegion, iteration, training.iterations);
}

/**
 * Geometric from the first to the last value.
 * @param last null: it stays at the first
 * @param index of `count` values, 0 the first; beyond the last it stays there
 */
export function moveGeometrically(
  first: number,
  last: number | null,
  index: number,
  count: number,
): number {
  if (last === null || count === 1) return first;
  return first * (last / first) ** Math.min(1, index / (count - 1));
}

/** Falls evenly from `entropyBonus` in the first iteration to 0 in the last. */
export function entropyBonusAt({ training }: LearnerConfig, iteration: number): number {
  const { entropyBonus, iterations } = training;
  return entropyBonus * Math.max(0, 1 - iteration / Math.max(1, iterations - 1));
}
