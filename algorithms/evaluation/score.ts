import { bootstrap, type Interval } from './bootstrap';
import type { PlayedPolicy } from './compare';

/** The policies that mark 0 and 1. */
export interface ReferencePoints<Policy> {
  /** What a trader without a model would do. */
  readonly naive: Policy;
  /** The best there is. */
  readonly optimum: Policy;
}

/** Where a policy stands between doing the naive thing and the best there is. */
export interface Score {
  readonly policy: string;
  /**
   * (policy − naive)/(optimum − naive), each the sum of the returns over the same episodes; null where the
   * optimum gains nothing over the naive policy.
   */
  readonly normalised: Interval | null;
  /** Mean return of the optimum less the policy's, in units of the reward. */
  readonly gap: Interval;
}

export interface Scores extends ReferencePoints<string> {
  /** One a policy, in the order of the evaluation. */
  readonly policies: readonly Score[];
}

/** A gain below this share of the returns' size is rounding. */
const rounding = 1e-6;

/**
 * The normalised score of every policy, with percentile bootstrap intervals over the episodes. Chance that
 * the simulator knows to be zero on average is left out of the returns.
 */
export function scorePolicies(
  policies: readonly PlayedPolicy[],
  { naive, optimum }: ReferencePoints<PlayedPolicy>,
): Scores {
  const low = returnsOf(naive);
  const high = returnsOf(optimum);
  const measurable = meanGain({ naive, optimum }) !== null;
  const figures = policies.flatMap((policy) => {
    const columns = [returnsOf(policy), low, high];
    return [
      { columns, value: ([p, n, o]: readonly number[]) => (p! - n!) / (o! - n!) },
      { columns, value: ([p, , o]: readonly number[]) => o! - p! },
    ];
  });
  const intervals = bootstrap(figures, low.length);
  return {
    naive: naive.name,
    optimum: optimum.name,
    policies: policies.map(({ name }, index) => ({
      policy: name,
      normalised: measurable ? intervals[2 * index]! : null,
      gap: intervals[2 * index + 1]!,
    })),
  };
}

/** Mean return of the optimum less the naive policy's; null where it is no more than rounding. */
export function meanGain({ naive, optimum }: ReferencePoints<PlayedPolicy>): number | null {
  const [low, high] = [returnsOf(naive), returnsOf(optimum)];
  const gain = mean(high) - mean(low);
  const size = mean(high.map(Math.abs)) + mean(low.map(Math.abs));
  return Math.abs(gain) > rounding * size ? gain : null;
}

/** Mean return without the chance that is known. */
export const meanReturn = (metrics: PlayedPolicy['metrics']): number =>
  mean(returnsOf({ metrics }));

function returnsOf({ metrics }: Pick<PlayedPolicy, 'metrics'>): Float64Array {
  const { return: total, returnNoise: noise } = metrics;
  return total!.map((value, episode) => value - noise![episode]!);
}

const mean = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
