import type { AggregatePoint } from '../../algorithms/evaluation/learning-curve';
import type { GroupComparison, GroupSummary } from '../../algorithms/evaluation/run-groups';

/** What `compare --json` prints: runs of one environment, in groups of one config each. */
export interface RunComparison {
  /** The environment's id, or the file of its module. */
  readonly env: string;
  /** What the scores are of: the test streams after training, or the last validation. */
  readonly source: 'test' | 'validation';
  /** What has to be known to read the figures rightly. */
  readonly notes: readonly string[];
  readonly groups: readonly ComparedGroup[];
  /** The first is the one to judge by. */
  readonly measures: readonly Measure[];
  readonly curves: readonly CurveFamily[];
}

export interface ComparedGroup {
  readonly label: string;
  readonly runs: readonly ComparedRun[];
  /** The keys in which the groups' configs differ, and this group's values. */
  readonly differences: Readonly<Record<string, unknown>>;
}

export interface ComparedRun {
  readonly path: string;
  readonly seed: number;
  /** Iterations that its log holds. */
  readonly iterations: number;
  /** By measure. */
  readonly scores: Readonly<Record<string, number>>;
}

export interface Measure {
  /** `score`: the normalised score, 0 for the naive policy and 1 for the optimum. */
  readonly name: 'score' | 'return';
  readonly groups: readonly GroupSummary[];
  readonly pairs: readonly GroupComparison[];
}

/** One figure of the log by group. */
export interface CurveFamily {
  readonly metric: string;
  readonly title: string;
  readonly unit: string;
  readonly groups: readonly {
    readonly label: string;
    readonly points: readonly AggregatePoint[];
  }[];
}
