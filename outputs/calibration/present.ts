import type { Calibration } from '../../algorithms/calibration/calibrate';
import type { Presentation, Table } from '../solutions/solution';
import { drawCalibration } from './chart';
import { formatClock, listParameters, rounded, roundEstimate } from './parameters';

/** A calibration as tables and a picture. */
export function presentCalibration(calibration: Calibration): Presentation {
  const { session, days, trades, tick, volumeCurve, timeUnit } = calibration;
  return {
    tables: [
      parameterTable(calibration),
      ...[
        signatureTable(calibration),
        spreadTable(calibration),
        fillTable(calibration),
        flowTable(calibration),
        volumeTable(calibration),
      ].filter((table) => table !== null),
    ],
    summary: [
      ['data', `${days} ${days === 1 ? 'day' : 'days'}, ${trades} trades`],
      ['session', `${formatClock(session.from)}–${formatClock(session.to)}`],
      ['length of a day', rounded(session.length), timeUnit],
      ...(calibration.volatility
        ? []
        : [['volatility', 'too few moves: give a finer --sampling, or more data'] as const]),
      ...(calibration.fillCurve
        ? []
        : [['fill curve', 'no market order reached beyond the least depth'] as const]),
      ['tick', tick ?? 'none', 'quote currency'],
      ...(volumeCurve
        ? ([
            [
              'errors of the volume',
              volumeCurve.errorsFrom === 'days'
                ? 'from the variation between days'
                : 'of trades as independent arrivals: fewer than five days',
            ],
          ] as const)
        : []),
    ],
    ...drawCalibration(calibration),
  };
}

function parameterTable(calibration: Calibration): Table {
  return {
    columns: ['parameter', '', 'estimate', '± error', 'unit', 'from'].map((name) => ({ name })),
    rows: listParameters(calibration).map(({ name, symbol, value, error, unit, from }) => [
      name,
      symbol,
      value,
      error,
      unit,
      from,
    ]),
  };
}

function signatureTable({ volatility, timeUnit }: Calibration): Table | null {
  if (!volatility || volatility.signature.length < 2) return null;
  return {
    title: 'Volatility by sampling (falling: the mid bounces; sample more coarsely)',
    columns: [
      { name: 'sampling', unit: 's' },
      { name: 'volatility', unit: `quote currency / √${timeUnit}` },
      { name: '± error' },
    ],
    rows: volatility.signature.map((estimate) => {
      const { value, error } = roundEstimate(estimate);
      return [estimate.sampling, value, error];
    }),
  };
}

function spreadTable({ spread, tick }: Calibration): Table | null {
  if (!spread?.distribution) return null;
  return {
    title: 'Spread',
    columns: [
      { name: 'spread', unit: 'quote currency' },
      ...(tick === null ? [] : [{ name: 'ticks' }]),
      { name: 'share of time', unit: '%' },
    ],
    rows: spread.distribution.map((entry) => [
      rounded(entry.spread),
      ...(tick === null ? [] : [rounded(entry.spread / tick)]),
      (100 * entry.share).toFixed(2),
    ]),
  };
}

function fillTable({ fillCurve, timeUnit }: Calibration): Table | null {
  if (!fillCurve) return null;
  return {
    title: 'Market orders that reach a depth',
    columns: [
      { name: 'depth', unit: 'quote currency' },
      { name: 'measured', unit: `/ side / ${timeUnit}` },
      { name: '± error' },
      { name: 'A·exp(−k·depth)', unit: `/ side / ${timeUnit}` },
    ],
    rows: fillCurve.curve.map(({ depth, measured, fitted }) => {
      const { value, error } = roundEstimate(measured);
      return [rounded(depth), value, error, Number(fitted.toPrecision(5))];
    }),
  };
}

function flowTable({ orderFlow, timeUnit }: Calibration): Table | null {
  if (!orderFlow) return null;
  return {
    title: 'Order flow by distance from the opposite best quote (Cont, Stoikov and Talreja)',
    columns: [
      { name: 'distance', unit: 'ticks' },
      { name: 'limit orders λ', unit: `/ side / ${timeUnit}` },
      { name: '± error' },
      { name: 'cancellations θ', unit: `/ order / ${timeUnit}` },
      { name: '± error' },
      { name: 'mean depth', unit: 'units of size' },
    ],
    rows: orderFlow.distances.map(({ distance, limitOrders, cancellations, depth }) => {
      const [arriving, leaving] = [limitOrders, cancellations].map(
        (estimate) => estimate && roundEstimate(estimate),
      );
      return [
        distance,
        arriving!.value,
        arriving!.error,
        leaving?.value ?? null,
        leaving?.error ?? null,
        Number(depth.toPrecision(4)),
      ];
    }),
  };
}

function volumeTable({ volumeCurve }: Calibration): Table | null {
  if (!volumeCurve) return null;
  return {
    title: 'Volume curve',
    columns: [
      { name: 'from' },
      { name: 'to' },
      { name: 'share', unit: '%' },
      { name: '± error' },
      { name: 'volume', unit: 'shares / day' },
    ],
    rows: volumeCurve.buckets.map(({ from, to, share, volume }) => {
      const percent = { value: 100 * share.value, error: share.error && 100 * share.error };
      const { value, error } = roundEstimate(percent);
      return [formatClock(from), formatClock(to), value, error, rounded(volume)];
    }),
  };
}
