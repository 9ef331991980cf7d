import type { Calibration } from '../../algorithms/calibration/calibrate';
import type { Estimate } from '../../algorithms/calibration/estimate';

/** An estimate as people read it. */
export interface Parameter {
  readonly name: string;
  readonly symbol: string;
  readonly value: string;
  /** '–' where it is not known. */
  readonly error: string;
  readonly unit: string;
  readonly from: string;
}

/** The single numbers of a calibration, with units and what they rest on. */
export function listParameters(calibration: Calibration): Parameter[] {
  const { timeUnit, volatility, spread, fillCurve, orderFlow, volumeCurve, mid } = calibration;
  const list: Parameter[] = [];
  const add = (
    name: string,
    symbol: string,
    estimate: Estimate,
    unit: string,
    from: string,
  ): void => {
    list.push({ name, symbol, ...roundEstimate(estimate), unit, from });
  };
  if (volatility) {
    const from = `${volatility.moves} moves of the mid over ${volatility.sampling} s`;
    const relative = (value: number) => (100 * value) / mid.mean;
    add('volatility', 'σ', volatility, `quote currency / √${timeUnit}`, from);
    add(
      'volatility, relative',
      'σ/S',
      {
        value: relative(volatility.value),
        error: volatility.error && relative(volatility.error),
      },
      `% / √${timeUnit}`,
      from,
    );
    add('autocorrelation of moves', '', volatility.autocorrelation, '', from);
  }
  if (spread) add('spread', '', spread, 'quote currency', 'mean over time');
  if (fillCurve) {
    const { arrivalRate, fillDecay, orders, minimum } = fillCurve;
    const from = `${orders} market orders at least ${rounded(minimum)} deep`;
    add('arrival rate', 'A', arrivalRate, `market orders / side / ${timeUnit}`, from);
    add('fill decay', 'k', fillDecay, '1 / quote currency', from);
  }
  if (orderFlow) {
    add('unit of size', '', orderFlow.unitSize, 'shares', 'mean limit order');
    add(
      'market orders',
      'μ',
      orderFlow.marketOrders,
      `units / side / ${timeUnit}`,
      'visible executions',
    );
  }
  if (volumeCurve) {
    add('daily volume', '', volumeCurve.dailyVolume, 'shares', 'mean over days');
  }
  return list;
}

/** The error to two digits, the value to the same place. */
export function roundEstimate({ value, error }: Estimate): {
  readonly value: string;
  readonly error: string;
} {
  if (error === null || !Number.isFinite(error)) {
    return { value: String(rounded(value)), error: '–' };
  }
  // What does not vary has an error of rounding only.
  if (error <= 1e-12 * Math.abs(value)) return { value: String(rounded(value)), error: '0' };
  const places = 1 - Math.floor(Math.log10(Number(error.toPrecision(2))));
  if (places < 0 || places > 12) {
    return { value: String(rounded(value)), error: String(Number(error.toPrecision(2))) };
  }
  return { value: value.toFixed(places), error: error.toFixed(places) };
}

/** Six significant digits. */
export const rounded = (value: number): number => Number(value.toPrecision(6));

/** Seconds of the day as a clock shows them: 09:30, or 09:30:05. */
export function formatClock(seconds: number): string {
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return (whole % 60 === 0 ? parts.slice(0, 2) : parts)
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}
