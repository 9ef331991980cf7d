import type { Estimate } from './estimate';

/** What was traded in a day, second by second. */
export interface DailyVolume {
  /** Second of the day that the arrays begin with. */
  readonly first: number;
  /** Shares in each second, and the sum of squares of what was traded at each moment of it. */
  readonly shares: Float64Array;
  readonly squares: Float64Array;
}

export interface VolumeCurve {
  readonly buckets: readonly {
    /** Seconds of the day. */
    readonly from: number;
    readonly to: number;
    /** Share of the day's volume. */
    readonly share: Estimate;
    /** Shares in the bucket, mean over the days. */
    readonly volume: number;
  }[];
  /** Shares a day. */
  readonly dailyVolume: Estimate;
  /** What the errors rest on: the variation between days, or the number and sizes of the trades. */
  readonly errorsFrom: 'days' | 'trades';
}

/** From so many days on, the errors come from the variation between them. */
const enoughDays = 5;

/**
 * The share of the volume that falls into each part of the trading day, Σ over days by Σ over days.
 * With five days or more the errors are those of a ratio of sums over days. With fewer they
 * are those of trades that arrive independently, which leaves out that days differ.
 * @param session seconds of the day from which to which buckets of equal length reach
 * @returns null where nothing was traded
 */
export function estimateVolumeCurve(
  days: readonly DailyVolume[],
  count: number,
  [from, to]: readonly [number, number],
): VolumeCurve | null {
  const tables = days.map((day) => fillBuckets(day, count, from, to));
  const totals = tables.map(({ shares }) => sum(shares));
  const total = sum(totals);
  if (total === 0) return null;
  const errorsFrom = days.length >= enoughDays ? 'days' : 'trades';
  const buckets = Array.from({ length: count }, (_, bucket) => {
    const volumes = tables.map(({ shares }) => shares[bucket]!);
    const value = sum(volumes) / total;
    const squares = sum(tables.map((table) => table.squares[bucket]!));
    const others = sum(tables.map((table) => sum(table.squares))) - squares;
    const error =
      errorsFrom === 'days'
        ? deviationOfSum(volumes.map((volume, day) => volume - value * totals[day]!)) / total
        : Math.sqrt((1 - value) ** 2 * squares + value ** 2 * others) / total;
    return {
      from: from + ((to - from) * bucket) / count,
      to: from + ((to - from) * (bucket + 1)) / count,
      share: { value, error: sum(volumes) === 0 ? null : error },
      volume: sum(volumes) / days.length,
    };
  });
  const daily = total / days.length;
  const dailyError =
    errorsFrom === 'days'
      ? deviationOfSum(totals.map((volume) => volume - daily)) / days.length
      : Math.sqrt(sum(tables.map((table) => sum(table.squares)))) / days.length;
  return { buckets, dailyVolume: { value: daily, error: dailyError }, errorsFrom };
}

function fillBuckets(
  { first, shares, squares }: DailyVolume,
  count: number,
  from: number,
  to: number,
): { readonly shares: Float64Array; readonly squares: Float64Array } {
  const table = { shares: new Float64Array(count), squares: new Float64Array(count) };
  shares.forEach((volume, second) => {
    if (volume === 0) return;
    // By the middle of the second.
    const bucket = Math.floor(((first + second + 0.5 - from) / (to - from)) * count);
    const inside = Math.min(Math.max(bucket, 0), count - 1);
    table.shares[inside]! += volume;
    table.squares[inside]! += squares[second]!;
  });
  return table;
}

/** Standard deviation of the sum of n independent terms whose mean is zero. */
const deviationOfSum = (terms: readonly number[]): number =>
  Math.sqrt((sum(terms.map((term) => term * term)) * terms.length) / (terms.length - 1));

const sum = (terms: ArrayLike<number>): number => {
  let total = 0;
  for (let index = 0; index < terms.length; index += 1) total += terms[index]!;
  return total;
};
