import type { Aggregate, EpisodeMetrics } from './aggregates';
import { bootstrap, type Interval } from './bootstrap';
import { estimateMean, summarise, type Summary, type WorstSide } from './statistics';

/** One policy's episodes. */
export interface PlayedPolicy {
  readonly name: string;
  readonly kind: 'trained' | 'classical';
  /** Each [episodes], the same episodes for every policy. */
  readonly metrics: EpisodeMetrics;
}

export interface PolicyReport {
  readonly name: string;
  readonly kind: 'trained' | 'classical';
  readonly metrics: Readonly<Record<string, Summary>>;
  readonly aggregates: Readonly<Record<string, Interval>>;
}

/** The difference policy − baseline over common noise. */
export interface Comparison {
  readonly policy: string;
  readonly baseline: string;
  readonly metric: string;
  readonly meanDifference: number;
  /** Student's t interval of the mean of the paired differences. */
  readonly ci95: readonly [number, number];
}

export function reportPolicies(
  played: readonly PlayedPolicy[],
  aggregates: readonly Aggregate[],
  worstSides: Readonly<Record<string, WorstSide>>,
): PolicyReport[] {
  const episodes = played[0]?.metrics.return?.length ?? 0;
  const figures = played.flatMap(({ metrics }) => aggregates.map((one) => one.of(metrics)));
  const intervals = bootstrap(figures, episodes);
  return played.map(({ name, kind, metrics }, index) => ({
    name,
    kind,
    metrics: Object.fromEntries(
      Object.entries(metrics).map(([metric, values]) => [
        metric,
        summarise(values, worstSides[metric]),
      ]),
    ),
    aggregates: Object.fromEntries(
      aggregates.map((aggregate, order) => [
        aggregate.name,
        intervals[index * aggregates.length + order]!,
      ]),
    ),
  }));
}

/** Every policy against every baseline, by metric; the episodes are paired, so common noise cancels. */
export function comparePolicies(
  policies: readonly PlayedPolicy[],
  baselines: readonly PlayedPolicy[],
): Comparison[] {
  return policies.flatMap((policy) =>
    baselines.flatMap((baseline) =>
      Object.entries(policy.metrics).map(([metric, values]) => {
        const other = baseline.metrics[metric]!;
        const { mean, ci95 } = estimateMean(values.map((value, index) => value - other[index]!));
        return {
          policy: policy.name,
          baseline: baseline.name,
          metric,
          meanDifference: mean,
          ci95,
        };
      }),
    ),
  );
}
