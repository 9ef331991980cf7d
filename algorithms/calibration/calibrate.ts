import { InputError } from '../../engine/input-error';
import {
  type FillCurveEstimate,
  type FillCurvePoint,
  estimateFillCurve,
  measureFillCurve,
} from './fill-curve';
import { type OrderFlow, type OrderFlowEstimate, estimateOrderFlow } from './order-flow';
import { type SpreadEstimate, estimateSpread, findMedianSpread } from './spread';
import { type TapeRecord, secondsPerDay } from './tape';
import { type VolatilityEstimate, estimateVolatility } from './volatility';
import { type VolumeCurve, estimateVolumeCurve } from './volume-curve';

/** Units of time that parameters may be per; a day is a session of trading. */
export const timeUnits = ['s', 'min', 'day'] as const;
export type TimeUnit = (typeof timeUnits)[number];

export interface CalibrationOptions {
  readonly timeUnit: TimeUnit;
  /** Seconds between two samples of the mid: that of the tape. */
  readonly sampling: number;
  /** Parts of the volume curve. */
  readonly buckets: number;
  /** Depth from which the fill curve is fitted, quote currency; null: half of the median spread over time. */
  readonly minimumDepth: number | null;
  /** Seconds of the day; null: from the first to the last event of the data. */
  readonly session: readonly [from: number, to: number] | null;
}

/** Share of the mean spread below which a grid of prices is none. */
const finestTick = 1e-4;

/** What data say of the parameters of the models. Prices in quote currency, times in `timeUnit`. */
export interface Calibration {
  readonly timeUnit: TimeUnit;
  readonly secondsPerTimeUnit: number;
  readonly days: number;
  readonly trades: number;
  /** Seconds of the day, and the session's length in the unit of time. */
  readonly session: { readonly from: number; readonly to: number; readonly length: number };
  readonly tick: number | null;
  readonly mid: { readonly mean: number; readonly last: number };
  /** Null: too few samples. */
  readonly volatility: VolatilityEstimate | null;
  readonly spread: SpreadEstimate | null;
  /** Null: too few market orders, or none that reached beyond the minimum. */
  readonly fillCurve: (FillCurveEstimate & { readonly curve: readonly FillCurvePoint[] }) | null;
  /** Null: the data are no order book. */
  readonly orderFlow: OrderFlowEstimate | null;
  /** Null: nothing was traded. */
  readonly volumeCurve: VolumeCurve | null;
}

/**
 * All estimates from what was recorded.
 * @param grid spacing of prices, quote currency; null, or far below the spread: they are continuous
 * @param flow of the order books, if there are any
 * @throws InputError if there never were both quotes
 */
export function calibrate(
  record: TapeRecord,
  grid: number | null,
  flow: OrderFlow | null,
  options: CalibrationOptions,
): Calibration {
  const { days, quoted } = record;
  if (days.length === 0 || quoted === 0) {
    throw new InputError('calibrate: no moment has both a bid and an ask, within the session');
  }
  const { timeUnit, sampling } = options;
  const tick = grid && grid > finestTick * (record.spreadTime / quoted) ? grid : null;
  const session = findSession(record, options.session);
  const length = options.session ? session.to - session.from : meanLength(days);
  const unit = { s: 1, min: 60, day: length }[timeUnit];
  const reaches = {
    reaches: record.reaches,
    watched: quoted / unit,
    minimum: options.minimumDepth ?? findTypicalSpread(record) / 2,
    tick: tick ?? 0,
  };
  const fit = estimateFillCurve(reaches);
  return {
    timeUnit,
    secondsPerTimeUnit: unit,
    days: days.length,
    trades: record.trades,
    session: { ...session, length: length / unit },
    tick,
    mid: { mean: record.midTime / quoted, last: record.lastMid },
    volatility: estimateVolatility(
      days.map(({ mids }) => mids),
      sampling,
      unit,
    ),
    spread: estimateSpread(
      days.flatMap(({ averageSpreads }) => averageSpreads.filter((spread) => spread >= 0)),
      record.spreads,
    ),
    fillCurve: fit && { ...fit, curve: measureFillCurve(reaches, fit) },
    orderFlow: flow && estimateOrderFlow(flow, unit),
    volumeCurve: estimateVolumeCurve(
      days.map(({ volume }) => volume),
      options.buckets,
      [session.from, session.to],
    ),
  };
}

/** The median over time; the mean where the spread takes too many values. */
const findTypicalSpread = ({ spreads, spreadTime, quoted }: TapeRecord): number =>
  spreads ? findMedianSpread(spreads) : spreadTime / quoted;

function findSession(
  { days }: TapeRecord,
  given: CalibrationOptions['session'],
): { readonly from: number; readonly to: number } {
  if (given) return { from: given[0], to: given[1] };
  return {
    from: Math.max(Math.floor(Math.min(...days.map(({ first }) => first))), 0),
    to: Math.min(Math.ceil(Math.max(...days.map(({ last }) => last))), secondsPerDay),
  };
}

const meanLength = (days: TapeRecord['days']): number =>
  days.reduce((sum, { first, last }) => sum + (last - first), 0) / days.length;
