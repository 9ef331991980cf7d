import * as tf from '@tensorflow/tfjs';

import { type Key, randomInteger, uniforms } from '../engine/random';
import type { Tensors } from '../engine/tensors';
import type { EnvironmentDefinition } from './environment';
import type { EnvironmentKind, References } from './kind';
import { type MarketMakingConfig, marketMakingSchema } from './market-making/config';
import {
  crossSpread,
  enter,
  type Ledger,
  marketMakingMetrics,
  measureLedger,
  openLedger,
} from './market-making/ledger';
import { createObserver } from './market-making/observation';
import {
  canWithdraw,
  chosenDepths,
  delayQuotes,
  levelMask,
  noPendingQuotes,
  pendingDrivers,
  quoteSpace,
  withdrawnDepth,
} from './market-making/quotes';
import { rewardOf, rewardParameters } from './market-making/reward';
import { createArrivals } from './processes/arrivals';
import { feeParameters } from './processes/fees';
import { createFills } from './processes/fills';
import { createMidPrice } from './processes/mid-price';
import { inventoryDirections, perSide } from './processes/sides';
import { roundToTicks } from './processes/tick-size';

/** The random numbers of a step, by draw; orders (two words), move and jump come from one block. */
export const draws = {
  orders: 0,
  move: { draw: 0, word: 2 },
  jump: { draw: 0, word: 3 },
  jumpSize: 1,
  inventory: 2,
} as const;

/** What every configuration's state holds; Hawkes intensities and pending quotes come on top. */
export type MarketMakingState = Tensors &
  Ledger & {
    /** [B] int32: steps done. */
    readonly step: tf.Tensor1D;
    /** [B] shares; positive: long. */
    readonly inventory: tf.Tensor1D;
    /** [B] mid price less its initial value, quote currency. */
    readonly move: tf.Tensor1D;
  };

/**
 * A market maker quotes one share on each side of the mid price. In a step of length dt, in this
 * order: the quotes (decided `latency` steps ago) stand around the mid S; on each side one market
 * order fills the quote with probability min(1, λ·dt·p(δ)), literally; then the mid moves, and the
 * inventory after the fills earns the move. This is the simulation of Avellaneda and Stoikov (2008)
 * and of Cartea, Jaimungal and Penalva (2015, section 10.2) in discrete time.
 */
export const kind: EnvironmentKind<typeof marketMakingSchema> = {
  id: 'market-making',
  title: 'Market making',
  description:
    'Quote a bid and an ask around a moving mid price, and live with the inventory that their fills leave.',
  reward:
    'the change of wealth (cash and inventory at the mid price) in the step, quote currency; less running·q²·dt, and terminal·q² at the end, for inventory-penalty; for exponential-utility the change of −e^{−γ·profit}, a pure number',
  schema: marketMakingSchema,
  create: createMarketMaking,
  references: (config) => (isMemoryless(config) ? pointsOf(config) : null),
};

/** Whether step and inventory are all that fills and penalties depend on. */
const isMemoryless = ({ mid, arrivals, fees, tick, latency, liquidation }: MarketMakingConfig) =>
  (mid.kind === 'constant' || (mid.kind === 'brownian' && mid.drift === 0 && mid.jumps === null)) &&
  arrivals.kind === 'poisson' &&
  fees.maker === 0 &&
  tick === null &&
  latency === 0 &&
  liquidation.kind === 'mark';

function pointsOf({ reward }: MarketMakingConfig): References {
  switch (reward.kind) {
    case 'pnl':
      return { naive: 'no-quotes', optimum: 'value-iteration' };
    case 'inventory-penalty':
      return { naive: 'fixed-depth', optimum: 'value-iteration' };
    case 'exponential-utility':
      return { naive: 'symmetric', optimum: 'cara-quotes' };
  }
}

function createMarketMaking(config: MarketMakingConfig): EnvironmentDefinition<MarketMakingState> {
  const { horizon, steps, latency, tick } = config;
  const dt = horizon / steps;
  const mid = createMidPrice(config.mid, dt, draws);
  const arrivals = createArrivals(config.arrivals, dt);
  const fills = createFills(config.fills);
  const observer = createObserver(config, [
    ...mid.drivers,
    ...arrivals.drivers,
    ...pendingDrivers(config),
  ]);
  const actions = config.actions;

  return {
    id: kind.id,
    observationSpace: observer.space,
    actionSpace: quoteSpace(config),
    horizon: steps,
    truncates: false,
    metrics: marketMakingMetrics,
    parameters: () => ({
      ...mid.parameters(),
      ...arrivals.parameters(),
      ...fills.parameters(),
      ...feeParameters(config.fees),
      ...rewardParameters(config),
      maximumInventory: tf.scalar(config.inventory.maximum),
      ...(tick === null ? {} : { tick: tf.scalar(tick) }),
      ...(config.liquidation.kind === 'cross'
        ? { halfSpread: tf.scalar(config.liquidation.halfSpread) }
        : {}),
    }),
    reset(parameters, key) {
      const rows = key.row.size;
      const inventory = initialInventory(config.inventory.initial, key);
      return {
        step: tf.zeros([rows], 'int32') as tf.Tensor1D,
        inventory,
        move: tf.zeros([rows]) as tf.Tensor1D,
        ...openLedger(inventory),
        ...arrivals.initial(parameters, rows),
        ...noPendingQuotes(latency, rows),
      };
    },
    transition(parameters, state, action, key) {
      const directions = inventoryDirections();
      const price = tf.add(parameters.initialPrice!, state.move) as tf.Tensor1D;
      const wanted = chosenDepths(config, action);
      const chosen =
        tick === null ? wanted : roundToTicks(wanted, price, directions, parameters.tick!);
      const { live: depths, pending } = delayQuotes(latency, state, chosen);

      const within = tf.less(
        tf.mul(perSide(state.inventory), directions),
        perSide(parameters.maximumInventory!),
      );
      const open = canWithdraw(config)
        ? tf.logicalAnd(within, tf.less(depths, withdrawnDepth / 2))
        : within;
      const quoted = tf.cast(open, 'float32');
      const orders = uniforms(key, draws.orders, 2);
      const expected = arrivals.expectedOrders(parameters, state);
      const hit = tf.less(orders, tf.mul(fills.probability(parameters, depths), expected));
      const filled = tf.mul(tf.cast(hit, 'float32'), quoted);

      const signed = tf.mul(filled, directions);
      const bought = tf.sum(signed, 1);
      const inventory = tf.add(state.inventory, bought) as tf.Tensor1D;
      const gross = tf.sum(tf.mul(filled, depths), 1);
      // Each fill's notional is its price, S − δ for a bid and S + δ for an ask.
      const notional = tf.sub(tf.mul(price, tf.sum(filled, 1)), tf.sum(tf.mul(signed, depths), 1));
      const edge = parameters.makerFee
        ? tf.sub(gross, tf.mul(parameters.makerFee, notional))
        : gross;

      const change = mid.change(parameters, state.move, key);
      const move = change ? (tf.add(state.move, change) as tf.Tensor1D) : state.move;
      const step = tf.add(state.step, tf.scalar(1, 'int32')) as tf.Tensor1D;
      const terminated = tf.greaterEqual(step, tf.scalar(steps, 'int32')) as tf.Tensor1D;
      const marked = change ? tf.add(edge, tf.mul(inventory, change)) : edge;
      const pnl =
        config.liquidation.kind === 'cross'
          ? tf.sub(
              marked,
              tf.mul(
                tf.cast(terminated, 'float32'),
                crossSpread(parameters, inventory, tf.add(parameters.initialPrice!, move)).cost,
              ),
            )
          : marked;

      const ledger = enter(state, {
        quoted,
        depths,
        filled,
        edge,
        notional,
        bought,
        inventory,
        change,
        pnl,
      });
      const reward = rewardOf(
        config.reward.kind,
        parameters,
        {
          pnl,
          wealthBefore: state.wealth,
          wealthAfter: ledger.wealth,
          inventory,
          terminated,
        },
        dt,
      );
      return {
        state: {
          step,
          inventory,
          move,
          ...ledger,
          ...arrivals.advance(parameters, state, orders, expected),
          ...pending,
        },
        reward,
        terminated,
        ...(change && isLinear(config)
          ? { noise: chanceOf(inventory, change, mid.expectedChange(parameters, state.move)) }
          : {}),
      };
    },
    observe: observer.observe,
    ...(actions.kind === 'grid'
      ? {
          actionMask: (parameters: Tensors, state: MarketMakingState) =>
            levelMask(actions.levels, state.inventory, parameters.maximumInventory!),
        }
      : {}),
    measure: (parameters, state) => measureLedger(config, parameters, state),
  };
}

/** @returns [B] float32, uniform on the integers lowest … highest */
function initialInventory([lowest, highest]: readonly [number, number], key: Key): tf.Tensor1D {
  if (lowest === highest) return tf.fill([key.row.size], lowest) as tf.Tensor1D;
  const offset = randomInteger(key, draws.inventory, highest - lowest + 1);
  return tf.add(tf.cast(offset, 'float32'), lowest);
}

/** Whether the reward is linear in wealth, so that what the mid's chance moves earn is a part of it. */
const isLinear = ({ reward }: MarketMakingConfig): boolean => reward.kind !== 'exponential-utility';

/** What the unexpected part of a move earns on the inventory held through it, [B]. */
const chanceOf = (
  inventory: tf.Tensor1D,
  change: tf.Tensor1D,
  expected: tf.Tensor | null,
): tf.Tensor1D => tf.mul(inventory, expected ? tf.sub(change, expected) : change);
