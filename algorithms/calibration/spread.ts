import { type Estimate, estimateSeriesMean } from './estimate';

export interface SpreadEstimate extends Estimate {
  /** Share of the time at each spread, ascending; null where it takes too many values to list. */
  readonly distribution: readonly { readonly spread: number; readonly share: number }[] | null;
}

/**
 * The mean over time of the bid–ask spread. Its error is that of the mean of interval averages, which
 * depend on their neighbours (Newey and West 1987).
 * @param averages [n] average spread in each of n equal intervals, quote currency
 * @param occupancy seconds at each spread, or null
 * @returns quote currency; null where no interval was quoted throughout
 */
export function estimateSpread(
  averages: ArrayLike<number>,
  occupancy: ReadonlyMap<number, number> | null,
): SpreadEstimate | null {
  if (averages.length === 0) return null;
  return {
    ...estimateSeriesMean(averages),
    distribution: occupancy && distribute(occupancy),
  };
}

/**
 * The least spread that half of the time does not exceed.
 * @param occupancy seconds at each spread
 */
export function findMedianSpread(occupancy: ReadonlyMap<number, number>): number {
  const ascending = [...occupancy].sort(([a], [b]) => a - b);
  let left = ascending.reduce((sum, [, seconds]) => sum + seconds, 0) / 2;
  for (const [spread, seconds] of ascending) {
    left -= seconds;
    if (left <= 0) return spread;
  }
  return ascending.at(-1)?.[0] ?? NaN;
}

function distribute(occupancy: ReadonlyMap<number, number>): SpreadEstimate['distribution'] {
  const total = [...occupancy.values()].reduce((sum, seconds) => sum + seconds, 0);
  return [...occupancy]
    .map(([spread, seconds]) => ({ spread, share: seconds / total }))
    .sort((a, b) => a.spread - b.spread);
}
