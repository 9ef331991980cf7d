import { interquartileMean } from './interquartile-mean';
import { probabilityOfImprovement } from './probability-of-improvement';
import { type Estimate, stratifiedBootstrap } from './stratified-bootstrap';
import { quantile } from './statistics';

/** Runs of one config, a score a seed. */
export interface RunGroup {
  readonly label: string;
  /** [runs], higher is better. */
  readonly scores: readonly number[];
}

export interface GroupSummary {
  readonly label: string;
  readonly runs: number;
  readonly interquartileMean: Estimate;
  readonly mean: number;
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** One group against another. */
export interface GroupComparison {
  readonly group: string;
  readonly against: string;
  /** That a run of the group scores higher than one of the other; a tie counts half. */
  readonly probabilityOfImprovement: Estimate;
  /** Interquartile mean of the group less the other's. */
  readonly difference: Estimate;
}

/** Interquartile means over the runs of each group, with bootstrap intervals. */
export const summariseGroups = (groups: readonly RunGroup[]): GroupSummary[] =>
  groups.map(({ label, scores }) => {
    const sorted = Float64Array.from(scores).sort();
    return {
      label,
      runs: scores.length,
      interquartileMean: stratifiedBootstrap([scores], ([drawn]) => interquartileMean(drawn!)),
      mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
      median: quantile(sorted, 0.5),
      least: sorted[0]!,
      most: sorted.at(-1)!,
    };
  });

/**
 * Every pair of groups, the one with the higher interquartile mean first; a resample draws from the two
 * independently. The pairs of the best group come first.
 */
export function compareGroups(groups: readonly RunGroup[]): GroupComparison[] {
  const ranked = groups
    .map((group) => ({ ...group, rank: interquartileMean(group.scores) }))
    .sort((left, right) => right.rank - left.rank);
  return ranked.flatMap((group, index) =>
    ranked.slice(index + 1).map((against) => {
      const strata = [group.scores, against.scores];
      return {
        group: group.label,
        against: against.label,
        probabilityOfImprovement: stratifiedBootstrap(strata, ([ours, theirs]) =>
          probabilityOfImprovement(ours!, theirs!),
        ),
        difference: stratifiedBootstrap(
          strata,
          ([ours, theirs]) => interquartileMean(ours!) - interquartileMean(theirs!),
        ),
      };
    }),
  );
}
