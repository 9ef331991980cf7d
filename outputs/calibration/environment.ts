import { stringify } from 'yaml';

import type { Calibration } from '../../algorithms/calibration/calibrate';
import { InputError } from '../../engine/input-error';
import { formatClock, listParameters, rounded, roundEstimate } from './parameters';

/** Environments that a calibration can be written for. */
export const calibratedEnvironments = ['market-making', 'execution'] as const;
export type CalibratedEnvironment = (typeof calibratedEnvironments)[number];

/** Share of the time from which a spread is listed. */
const leastShare = 1e-3;

/**
 * A config for `train` and `evaluate`, every estimate with its error in a comment.
 * @param source the data, for the first line
 * @throws InputError where the data lack what the environment needs
 */
export function writeEnvironment(
  calibration: Calibration,
  id: CalibratedEnvironment,
  source: string,
): string {
  const body = id === 'market-making' ? marketMaking(calibration) : execution(calibration);
  return `${[...comments(calibration, source).map((line) => `# ${line}`.trimEnd()), body].join('\n')}`;
}

function marketMaking(calibration: Calibration): string {
  const { fillCurve, timeUnit, mid } = calibration;
  const volatility = needed(calibration, 'volatility').value;
  if (!fillCurve) {
    throw new InputError(
      'calibrate: no fill curve, which market-making needs: too few market orders reached beyond the least depth; give --env execution, or more data',
    );
  }
  const rate = fillCurve.arrivalRate.value;
  const decay = fillCurve.fillDecay.value;
  const steps = 200;
  const horizon = Number((steps / (2 * rate)).toPrecision(2));
  // At the end of the horizon a share of inventory skews the quotes by .6 of the depth 1/k.
  const aversion = volatility > 0 ? 0.6 / (decay * volatility ** 2 * horizon) : 0.1;
  const depth = Number((1 / decay).toPrecision(3));
  return compose([
    'description: Market making calibrated to market data.',
    'env:',
    '  id: market-making',
    `  # Estimated; time is in ${timeUnit}.`,
    `  mid: ${flow({ kind: 'brownian', initial: rounded(mid.last), volatility: rounded(volatility) })}`,
    `  arrivals: ${flow({ kind: 'poisson', rate: rounded(rate) })}`,
    `  fills: ${flow({ kind: 'exponential', decay: rounded(decay) })}`,
    '  # Chosen: a step expects half a market order a side, and the skew of the quotes at the horizon is',
    '  # .6/k for each share of inventory, as in the simulation of Avellaneda and Stoikov (2008).',
    `  horizon: ${horizon}`,
    `  steps: ${steps}`,
    `  riskAversion: ${Number(aversion.toPrecision(2))}`,
    '  depth: { minimum: 0 }',
    `  actions: ${flow({ kind: 'continuous', centre: depth, scale: depth })}`,
    '  reward: { kind: pnl }',
    `training: { steps: ${steps}, discount: 1 }`,
    'evaluation:',
    '  baselines: [avellaneda-stoikov, symmetric]',
  ]);
}

function execution(calibration: Calibration): string {
  const { volumeCurve, timeUnit, mid, session } = calibration;
  const volatility = needed(calibration, 'volatility').value;
  const spread = needed(calibration, 'spread').value;
  if (!volumeCurve) throw new InputError('calibrate: no trades, which execution needs');
  const empty = volumeCurve.buckets.find(({ volume }) => volume === 0);
  if (empty) {
    throw new InputError(
      `calibrate: nothing was traded from ${formatClock(empty.from)} to ${formatClock(empty.to)}; give fewer --buckets`,
    );
  }
  const daily = volumeCurve.dailyVolume.value;
  const quantity = Number((0.1 * daily).toPrecision(2));
  // A spread for each 1 % of the daily volume, per share and day; and for 10 %, per share.
  const temporary = ((spread || 1e-4 * mid.mean) / (0.01 * daily)) * session.length;
  const permanent = (spread || 1e-4 * mid.mean) / (0.1 * daily);
  const cost = (temporary * quantity ** 2) / session.length + (spread / 2) * quantity;
  return compose([
    'description: Execution calibrated to market data.',
    'env:',
    '  id: execution',
    `  # Estimated; time is in ${timeUnit}, a period is a bucket of the volume curve. The spread is half of`,
    '  # the quoted one; the volume is what all others trade in a period.',
    `  arrivalPrice: ${rounded(mid.last)}`,
    `  periods: ${volumeCurve.buckets.length}`,
    `  horizon: ${rounded(session.length)}`,
    `  volatility: ${rounded(volatility)}`,
    `  spread: ${rounded(spread / 2)}`,
    '  marketVolume:',
    ...volumeCurve.buckets.map(({ volume }) => `    - ${rounded(volume)}`),
    '  # Not estimated: the rule of Almgren and Chriss (2000), section 3.4, by which trading at 1 % of the',
    '  # daily volume costs a spread at once, and 10 % of it moves the price by a spread for good.',
    `  temporaryImpact: ${rounded(temporary)}`,
    `  permanentImpact: ${rounded(permanent)}`,
    '  # Chosen: a tenth of the daily volume; a reward of about 1 for its cost at an even pace.',
    `  quantity: ${quantity}`,
    '  riskAversion: 1e-6',
    `  rewardScale: ${Number((1 / cost).toPrecision(1))}`,
    `training: { environments: 2048, steps: ${volumeCurve.buckets.length}, discount: 1 }`,
    'evaluation:',
    '  baselines: [almgren-chriss, twap]',
  ]);
}

function needed<Key extends 'volatility' | 'spread'>(
  calibration: Calibration,
  key: Key,
): NonNullable<Calibration[Key]> {
  const estimate = calibration[key];
  if (estimate) return estimate;
  throw new InputError(
    `calibrate: the data are too short for the ${key}; give a finer --sampling, or more data`,
  );
}

/** What was estimated, and what no key of the environment holds. */
function comments(calibration: Calibration, source: string): string[] {
  const { days, trades, timeUnit, orderFlow, volumeCurve, spread, tick } = calibration;
  const parameters = listParameters(calibration).map(
    ({ name, symbol, value, error, unit, from }) =>
      `  ${[name, symbol && `(${symbol})`].filter(Boolean).join(' ')}: ${value} ± ${error} ${unit}`.trimEnd() +
      `; ${from}`,
  );
  return [
    `Calibrated by makertaker to ${source}: ${days} ${days === 1 ? 'day' : 'days'}, ${trades} trades.`,
    `Prices in quote currency, times in ${timeUnit}; estimate ± standard error.`,
    '',
    ...parameters,
    ...(tick === null ? [] : [`  tick: ${tick} quote currency`]),
    ...(spread?.distribution && tick !== null
      ? [
          '',
          'Spread, share of the time:',
          ...spread.distribution
            .filter(({ share }) => share >= leastShare)
            .map((entry) => `  ${rounded(entry.spread / tick)} ticks: ${entry.share.toFixed(4)}`),
        ]
      : []),
    ...(orderFlow
      ? [
          '',
          `Order flow (Cont, Stoikov and Talreja 2010) by distance from the opposite best quote, per ${timeUnit}:`,
          ...orderFlow.distances.map(
            ({ distance, limitOrders, cancellations }) =>
              `  ${distance} ticks: λ ${plusMinus(limitOrders)}, θ ${cancellations ? plusMinus(cancellations) : '–'}`,
          ),
        ]
      : []),
    ...(volumeCurve
      ? [
          '',
          'Volume curve, share of the day:',
          ...volumeCurve.buckets.map(
            ({ from, to, share }) =>
              `  ${formatClock(from)}–${formatClock(to)}: ${plusMinus(share)}`,
          ),
        ]
      : []),
  ];
}

function plusMinus(estimate: Parameters<typeof roundEstimate>[0]): string {
  const { value, error } = roundEstimate(estimate);
  return `${value} ± ${error}`;
}

/** A mapping in one line. */
const flow = (value: Readonly<Record<string, number | string>>): string =>
  stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim();

const compose = (lines: readonly string[]): string => `${lines.join('\n')}\n`;
