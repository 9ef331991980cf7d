import * as tf from '@tensorflow/tfjs';

import { InputError } from '../../engine/input-error';
import { uniform } from '../../engine/random';
import type { Tensors } from '../../engine/tensors';
import type { MetricField } from '../environment';
import type { GameDefinition } from '../game';
import { discrete, type Discrete } from '../space';
import { largestOf, createWhole } from './whole';
import type { PredationConfig } from './config';
import { createLadder } from './ladder';
import { createObserver } from './observation';
import { startAnywhere } from './random-start';
import {
  costOfCovering,
  fireStops,
  type PredationState,
  type RaidNumbers,
  recover,
  tradeUnits,
} from './rules';

/** The random numbers of a step (noise) and of a reset (the rest), by draw. */
export const draws = {
  noise: 0,
  halfSpread: 1,
  maxShort: 2,
  maxTrade: 3,
  recovery: 4,
  noiseSize: 5,
  stopCount: 6,
  distance: 7,
  gap: 8,
  volume: 9,
  randomStart: 10,
  periodsPlayed: 11,
  predatorMoves: 12,
  defenderMoves: 13,
  marketMoves: 14,
} as const;

export const predationMetrics: Readonly<Record<string, MetricField>> = {
  profit: {
    unit: 'half-ticks',
    description: 'Cash of the predator once its short is covered at market, unit by unit.',
  },
  stopsFired: { unit: 'stops', description: 'Stops that the raid has set off.' },
  covered: {
    unit: 'units',
    description: 'Short that was left to be covered after the last period.',
  },
};

/** Up to here halves of a half-tick, which half of an odd tick brings, are exact in float32. */
const mostCash = 2 ** 23;

/** The raid as a game of predator and defender; without a defender, only the predator has moves. */
export function createRaidGame(config: PredationConfig): GameDefinition<PredationState> {
  const { periods, defender, rewardScale, randomStart } = config;
  const ladder = createLadder(config, draws);
  const halfSpread = createWhole('halfSpread', config.halfSpread, draws.halfSpread);
  const maxShort = createWhole('maxShort', config.maxShort, draws.maxShort);
  const maxTrade = createWhole('maxTrade', config.maxTrade, draws.maxTrade);
  const recovery = createWhole('recovery', config.recovery, draws.recovery);
  const noise = createWhole('noise', config.noise, draws.noiseSize);
  const wholes = [halfSpread, maxShort, maxTrade, recovery, noise];
  const most = maxTrade.largest;
  const mostBought = defender?.maxTrade ?? 0;
  checkSizes(config, ladder.totalVolume);
  const observer = createObserver(config, {
    halfSpread,
    maxShort,
    maxTrade,
    recovery,
    noise,
    ladder,
  });

  const numbersOf = (parameters: Tensors, state: Tensors): RaidNumbers => ({
    tick: parameters.tick!,
    halfSpread: halfSpread.current(parameters, state),
    rungs: ladder.current(parameters, state),
  });
  /** The least and the most units that the predator can buy, each [B]. */
  const predatorRange = (parameters: Tensors, state: Tensors) => {
    const largest = maxTrade.current(parameters, state);
    const short = tf.neg(state.position!);
    const room = tf.sub(maxShort.current(parameters, state), short);
    return {
      low: tf.neg(tf.floor(tf.minimum(room, largest))),
      high: tf.floor(tf.minimum(short, largest)),
    };
  };
  const defenderRange = (parameters: Tensors, state: Tensors) => ({
    low: tf.zerosLike(state.budget!),
    high: tf.floor(tf.minimum(state.budget!, parameters.maxPurchase!)),
  });

  const trade = (parameters: Tensors, state: PredationState, units: tf.Tensor) => {
    const { low, high } = predatorRange(parameters, state);
    const allowed = tf.minimum(tf.maximum(units, low), high);
    return tradeUnits(numbersOf(parameters, state), state, allowed, most);
  };
  const buy = (parameters: Tensors, state: PredationState, units: tf.Tensor) => {
    const { low, high } = defenderRange(parameters, state);
    const allowed = tf.minimum(tf.maximum(units, low), high);
    return {
      ...state,
      mid: tf.add(state.mid, tf.mul(allowed, parameters.tick!)),
      budget: tf.sub(state.budget!, allowed),
    } as PredationState;
  };
  /** The end of a period. @param share [B] uniform in [0, 1) */
  const settle = (parameters: Tensors, state: PredationState, share: tf.Tensor) => {
    const numbers = numbersOf(parameters, state);
    const size = noise.current(parameters, state);
    const count = tf.add(tf.mul(size, 2), 1);
    const jump = tf.sub(tf.floor(tf.mul(share, count)), size);
    const recovered = recover(state.mid, parameters.mid!, recovery.current(parameters, state));
    const market = fireStops(numbers, { ...state, mid: tf.add(recovered, jump) as tf.Tensor1D });
    const profit = tf.sub(market.cash, costOfCovering(numbers, market)) as tf.Tensor1D;
    const step = tf.add(state.step, tf.scalar(1, 'int32')) as tf.Tensor1D;
    return { state: { ...market, step, profit } as PredationState, jump };
  };

  const players = [
    { name: 'predator', observationSpace: observer.space, actionSpace: predatorActions(most) },
    {
      name: 'defender',
      observationSpace: observer.space,
      actionSpace: defenderActions(mostBought),
    },
  ] as const;

  return {
    id: 'predation',
    players,
    horizon: periods,
    metrics: predationMetrics,
    parameters: () => ({
      mid: tf.scalar(config.mid),
      tick: tf.scalar(config.tick),
      rewardScale: tf.scalar(rewardScale),
      randomStart: tf.scalar(randomStart),
      ...Object.assign({}, ...wholes.map((number) => number.parameters())),
      ...ladder.parameters(),
      ...(defender
        ? { budget: tf.scalar(defender.budget), maxPurchase: tf.scalar(defender.maxTrade) }
        : {}),
    }),
    reset(parameters, key) {
      const rows = key.row.size;
      const filled = (value: tf.Tensor): tf.Tensor1D => tf.add(tf.zeros([rows]), value);
      const fresh = {
        step: tf.zeros([rows], 'int32'),
        mid: filled(parameters.mid!),
        fired: tf.zeros([rows], 'int32'),
        position: tf.zeros([rows]),
        cash: tf.zeros([rows]),
        profit: tf.zeros([rows]),
        ...Object.assign({}, ...wholes.map((number) => number.draw(parameters, key))),
        ...ladder.draw(parameters, key),
        ...(defender ? { budget: filled(parameters.budget!) } : {}),
      } as PredationState;
      return startAnywhere({
        parameters,
        key,
        draws,
        fresh,
        periods,
        play(state, shares) {
          const range = predatorRange(parameters, state);
          const traded = trade(parameters, state, pickWithin(range, shares.predator));
          const answered = defender
            ? buy(
                parameters,
                traded,
                pickWithin(defenderRange(parameters, traded), shares.defender),
              )
            : traded;
          return settle(parameters, answered, shares.noise).state;
        },
        openAccount: (state) => ({
          ...state,
          cash: costOfCovering(numbersOf(parameters, state), state) as tf.Tensor1D,
          profit: tf.zerosLike(state.profit),
        }),
      });
    },
    move(parameters, state, side, action) {
      const choice = tf.cast(tf.reshape(action, [-1]), 'float32');
      return side === 0
        ? trade(parameters, state, tf.sub(choice, most))
        : buy(parameters, state, choice);
    },
    settle(parameters, state, key) {
      const { state: next, jump } = settle(parameters, state, uniform(key, draws.noise));
      const scale = parameters.rewardScale!;
      return {
        state: next,
        reward: tf.mul(tf.sub(next.profit, state.profit), scale) as tf.Tensor1D,
        noise: tf.mul(tf.mul(state.position, jump), scale) as tf.Tensor1D,
        terminated: tf.equal(next.step, periods) as tf.Tensor1D,
      };
    },
    observe: (parameters, state) => observer.observe(parameters, state),
    actionMask(parameters, state, side) {
      const { low, high } =
        side === 0 ? predatorRange(parameters, state) : defenderRange(parameters, state);
      const choices = side === 0 ? tf.range(-most, most + 1) : tf.range(0, mostBought + 1);
      return tf.logicalAnd(
        tf.greaterEqual(choices, tf.expandDims(low, 1)),
        tf.lessEqual(choices, tf.expandDims(high, 1)),
      );
    },
    measure: (_, state) => ({
      profit: state.profit,
      stopsFired: tf.cast(state.fired, 'float32'),
      covered: tf.sub(0, state.position),
    }),
  };
}

/** One of the whole numbers of a range, all equally likely. @param share [B] uniform in [0, 1) */
function pickWithin({ low, high }: { low: tf.Tensor; high: tf.Tensor }, share: tf.Tensor) {
  const count = tf.add(tf.sub(high, low), 1);
  return tf.minimum(tf.add(low, tf.floor(tf.mul(share, count))), high);
}

function predatorActions(most: number): Discrete {
  const label = (units: number) =>
    units === 0 ? 'hold' : `${units < 0 ? 'sell' : 'buy'} ${Math.abs(units)}`;
  return {
    ...discrete(
      'trade',
      'Units that the predator trades in this period, one at a time.',
      Array.from({ length: 2 * most + 1 }, (_, index) => label(index - most)),
    ),
    safe: most,
  };
}

const defenderActions = (most: number): Discrete =>
  discrete(
    'purchase',
    'Units that the defender buys in this period.',
    Array.from({ length: most + 1 }, (_, units) => (units === 0 ? 'hold' : `buy ${units}`)),
  );

/** @throws InputError for actions that are no choice, or cash that float32 does not hold exactly */
function checkSizes(config: PredationConfig, totalVolume: number): void {
  const { mid, tick, defender, periods } = config;
  const maxTrade = largestOf(config.maxTrade);
  if (maxTrade < 1 || maxTrade > 100) {
    throw new InputError(`env.maxTrade: ${maxTrade} units; expected 1 to 100`);
  }
  const short = largestOf(config.maxShort);
  const moved =
    tick * (totalVolume + short + (defender?.budget ?? 0)) + largestOf(config.noise) * periods;
  const cash = short * (mid + moved + largestOf(config.halfSpread));
  if (!(cash < mostCash)) {
    throw new InputError(
      `env.maxShort: a short of ${short} units can cost ${cash} half-ticks, which is not exact; expected less than ${mostCash}`,
    );
  }
}
