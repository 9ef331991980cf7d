import { policySteps } from './policy-steps';
import type { Work } from './timing';

/** Decisions in a trading day of six and a half hours, one a second. */
export const decisionsPerDay = 23_400;

/**
 * Trading days simulated with a 64 × 64 policy: a stretch of T decisions in the days of B
 * environments, transitions stored. The amount is the fraction of days it covers.
 */
export function tradingDays(environments: number, steps: number): Work {
  const work = policySteps(environments, steps, decisionsPerDay);
  return { ...work, amount: work.amount / decisionsPerDay };
}
