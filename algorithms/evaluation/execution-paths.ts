import * as tf from '@tensorflow/tfjs';

import { InputError } from '../../engine/input-error';
import type { EnvironmentDefinition } from '../../envs/environment';
import type { ExecutionConfig } from '../../envs/execution/config';
import { isRandom, referencePerPeriod } from '../../envs/processes/coefficients';
import { type FrontierPoint, traceFrontier } from '../solvers/almgren-chriss/frontier';
import { solveSchedule } from '../solvers/schedule';
import { type Band, bandOfTrack, bandOver, pathOf, rounded } from './bands';
import { deviationOf } from './aggregates';
import { bootstrap, type Interval } from './bootstrap';
import type { PlayedPolicy } from './compare';
import { evaluateSchedules } from './exact-schedule';
import { type Recorder, type Recording, valueAt } from './record-episodes';
import { quantile } from './statistics';

/** How policies work an order. */
export interface ExecutionPaths {
  readonly kind: 'execution';
  readonly periods: number;
  /** Length τ of a period, time. */
  readonly periodLength: number;
  /** Shares. */
  readonly quantity: number;
  readonly policies: readonly ExecutionPath[];
  /** x₀ … x_N of the best schedule, where one is known; shares. */
  readonly optimum: readonly number[] | null;
  readonly marginalCosts: MarginalCosts | null;
  /** Of the shortfall of all evaluated episodes; null where no price moves by chance. */
  readonly costRisk: readonly CostRisk[] | null;
  /** Null where coefficients vary or there is no risk. */
  readonly frontier: readonly FrontierPoint[] | null;
}

/** Of the implementation shortfall, quote currency. */
export interface CostRisk {
  readonly policy: string;
  readonly mean: Interval;
  readonly deviation: Interval;
}

export interface ExecutionPath {
  readonly policy: string;
  /** What remains after 0 … N periods, shares. */
  readonly remaining: Band;
  /** What is traded in each period, shares. */
  readonly trade: Band;
  /** What remains in each of the first few episodes. */
  readonly episodes: readonly (readonly number[])[];
}

/**
 * What one more share would cost in each period, quote currency / share; impact and caps are of the episode.
 * The cheapest schedule has one marginal cost, λ, in every period whose cap does not bind.
 */
export interface MarginalCosts {
  readonly episodes: readonly {
    /** λ */
    readonly level: number;
    /** Of the cheapest schedule: λ, or less where its cap binds. */
    readonly cheapest: readonly number[];
    /** The most shares that a period takes; null: as many as one likes. */
    readonly caps: readonly number[] | null;
    readonly policies: readonly {
      readonly policy: string;
      readonly trades: readonly number[];
      readonly costs: readonly number[];
    }[];
  }[];
  /**
   * Over all recorded episodes, by period: marginal cost over the episode's λ where the cheapest schedule
   * leaves the cap slack; quantiles of 5, 25, 50, 75 and 95 %, null where it never does.
   */
  readonly ratios: readonly {
    readonly policy: string;
    readonly periods: readonly (readonly number[] | null)[];
  }[];
}

const frontierPoints = 60;

export const executionRecorder: Recorder = {
  start(parameters, { temporaryImpact, permanentImpact, capacity, step }) {
    const perRow = (value: tf.Tensor): tf.Tensor =>
      tf.add(tf.zeros([step!.size]), tf.reshape(value, [-1]));
    return {
      ...(temporaryImpact ? { temporaryImpact } : {}),
      ...(permanentImpact ? { permanentImpact } : {}),
      ...(capacity ? { capacity } : {}),
      quantity: perRow(parameters.quantity!),
    };
  },
  moment: (_, { remaining }) => ({ remaining: remaining! }),
};

/**
 * @param recordings by `executionRecorder`, all of the same episodes
 * @param played all evaluated episodes of the same policies
 * @param shown episodes to show one by one
 */
export function executionPaths(
  config: ExecutionConfig,
  definition: EnvironmentDefinition,
  recordings: readonly Recording[],
  played: readonly PlayedPolicy[],
  shown: number,
): ExecutionPaths {
  const { periods, horizon, quantity } = config;
  return {
    kind: 'execution',
    periods,
    periodLength: horizon / periods,
    quantity,
    policies: recordings.map((recording) => {
      const { policy, moments, episodes } = recording;
      return {
        policy,
        remaining: bandOfTrack(moments.remaining!),
        trade: bandOver(periods, (period) =>
          Float64Array.from({ length: episodes }, (_, episode) =>
            tradeIn(recording, episode, period),
          ),
        ),
        episodes: Array.from({ length: Math.min(shown, episodes) }, (_, episode) =>
          pathOf(moments.remaining!, episode),
        ),
      };
    }),
    optimum: knownOptimum(config, definition),
    marginalCosts: marginalCosts(config, recordings, shown),
    costRisk: config.volatility === 0 ? null : costRiskOf(played),
    frontier: efficientFrontier(config),
  };
}

const tradeIn = ({ moments }: Recording, episode: number, period: number): number =>
  valueAt(moments.remaining!, period, episode) - valueAt(moments.remaining!, period + 1, episode);

function knownOptimum(config: ExecutionConfig, definition: EnvironmentDefinition) {
  if (config.capacity !== null && isRandom(config.capacity)) return null;
  return orNull(() => evaluateSchedules(config, definition, [])[0]?.holdings ?? null);
}

function costRiskOf(played: readonly PlayedPolicy[]): CostRisk[] {
  const figures = played.flatMap(({ metrics }) => {
    const values = metrics.shortfall!;
    return [
      { columns: [values], value: ([mean]: readonly number[]) => mean! },
      deviationOf(values),
    ];
  });
  const intervals = bootstrap(figures, played[0]?.metrics.shortfall!.length ?? 0);
  return played.map(({ name }, index) => ({
    policy: name,
    mean: intervals[2 * index]!,
    deviation: intervals[2 * index + 1]!,
  }));
}

function efficientFrontier(config: ExecutionConfig): FrontierPoint[] | null {
  const { volatility, spread, temporaryImpact, permanentImpact } = config;
  if (
    typeof volatility !== 'number' ||
    typeof spread !== 'number' ||
    typeof temporaryImpact !== 'number' ||
    typeof permanentImpact !== 'number' ||
    config.transientImpact !== null ||
    config.capacity !== null
  ) {
    return null;
  }
  const problem = { ...config, volatility, temporaryImpact, permanentImpact, spreadCost: spread };
  return orNull(() => traceFrontier(problem, frontierPoints));
}

/** Null where a solver does not take the case. */
function orNull<Result>(solve: () => Result): Result | null {
  try {
    return solve();
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

/** Null where something else than marginal costs decides, or where they are the same by design. */
function marginalCosts(
  config: ExecutionConfig,
  recordings: readonly Recording[],
  shown: number,
): MarginalCosts | null {
  const { volatility, riskAversion, reward, transientImpact, temporaryImpact, capacity } = config;
  const countsRisk = volatility !== 0 && riskAversion !== 0 && reward === 'shortfall-and-risk';
  const variesByPeriod =
    Array.isArray(temporaryImpact) ||
    (typeof temporaryImpact === 'object' && temporaryImpact.per === 'period');
  const [first] = recordings;
  if (countsRisk || transientImpact !== null || !(variesByPeriod || capacity !== null) || !first) {
    return null;
  }
  const optima = Array.from({ length: first.episodes }, (_, episode) =>
    cheapest(config, first, episode),
  );
  if (optima.some((one) => one === null)) return null;
  const known = optima as Cheapest[];
  return {
    episodes: known.slice(0, shown).map(({ level, caps, slopes, trades: best }, episode) => ({
      level: rounded(level),
      cheapest: slopes.map((slope, period) => rounded(slope * best[period]!)),
      caps,
      policies: recordings.map((recording) => {
        const trades = slopes.map((_, period) => tradeIn(recording, episode, period));
        return {
          policy: recording.policy,
          trades: trades.map(rounded),
          costs: trades.map((trade, period) => rounded(slopes[period]! * trade)),
        };
      }),
    })),
    ratios: recordings.map((recording) => ({
      policy: recording.policy,
      periods: Array.from({ length: config.periods }, (_, period) =>
        ratioQuantiles(
          known.flatMap(({ level, slopes, isSlack }, episode) =>
            isSlack[period]
              ? [(slopes[period]! * tradeIn(recording, episode, period)) / level]
              : [],
          ),
        ),
      ),
    })),
  };
}

interface Cheapest {
  readonly level: number;
  readonly trades: ArrayLike<number>;
  readonly caps: readonly number[] | null;
  /** Marginal cost a share traded in the period. */
  readonly slopes: readonly number[];
  readonly isSlack: readonly boolean[];
}

/**
 * Trading n costs (η/τ)n² and moves the price of the rest by γn, which over all periods adds up to
 * ½γ(X² − Σ n²): the marginal cost is 2(η/τ − γ/2)n, but for a constant.
 */
function cheapest(config: ExecutionConfig, { start }: Recording, episode: number): Cheapest | null {
  const { periods, horizon } = config;
  const tau = horizon / periods;
  const perPeriod = (name: 'temporaryImpact' | 'permanentImpact' | 'capacity'): number[] => {
    const track = start[name];
    if (!track) return referencePerPeriod(config[name]!, periods);
    return Array.from({ length: periods }, (_, period) =>
      valueAt(track, 0, episode, track.width === 1 ? 0 : period),
    );
  };
  const permanent = perPeriod('permanentImpact');
  const slopes = perPeriod('temporaryImpact').map(
    (impact, period) => 2 * (impact / tau - permanent[period]! / 2),
  );
  if (slopes.some((slope) => !(slope > 0))) return null;
  const caps = config.capacity === null ? null : perPeriod('capacity');
  const quantity = valueAt(start.quantity!, 0, episode);
  const room = caps?.reduce((sum, most) => sum + most, 0) ?? Infinity;
  const { marginalCost, trades } = solveSchedule({
    quantity: Math.min(quantity, room),
    impact: slopes,
    cap: caps,
    lots: false,
  });
  return {
    level: marginalCost,
    trades,
    caps: caps?.map(rounded) ?? null,
    slopes,
    isSlack: slopes.map(
      (_, period) => caps === null || trades[period]! < caps[period]! * (1 - 1e-9),
    ),
  };
}

function ratioQuantiles(ratios: readonly number[]): number[] | null {
  if (ratios.length === 0) return null;
  const sorted = Float64Array.from(ratios).sort();
  return [0.05, 0.25, 0.5, 0.75, 0.95].map((level) => rounded(quantile(sorted, level)));
}
