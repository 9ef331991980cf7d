import type { LearnerConfig } from './schema';

/** δ of an iteration: geometric from `trustRegion` in the first to `finalTrustRegion` in the last. */
export function trustRegionAt({ trpo, training }: LearnerConfig, iteration: number): number {
  const { trustRegion, finalTrustRegion } = trpo;
  if (finalTrustRegion === null || training.iterations === 1) return trustRegion;
  const share = Math.min(1, iteration / (training.iterations - 1));
  return trustRegion * (finalTrustRegion / trustRegion) ** share;
}

/** Falls evenly from `entropyBonus` in the first iteration to 0 in the last. */
export function entropyBonusAt({ training }: LearnerConfig, iteration: number): number {
  const { entropyBonus, iterations } = training;
  return entropyBonus * Math.max(0, 1 - iteration / Math.max(1, iterations - 1));
}
