import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../engine/tensors';
import type { TradeSequencingConfig } from '../../envs/trade-sequencing/config';
import {
  far,
  isLeft,
  leastOf,
  openPairs,
  type Places,
} from '../../envs/trade-sequencing/arrangement';
import type { PolicySolver } from './policy';
import { planOrder } from './sequencing/plan-order';

/** Plans that are remembered at a time. */
const mostPlans = 100_000;

/** The cheapest order of each episode's trades from where it stands, planned once and then followed. */
export const tour: PolicySolver<TradeSequencingConfig> = {
  name: 'tour',
  description:
    'The cheapest order of the trades left: by dynamic programming for up to 12 trades (Held and Karp 1962), beyond that by local search.',
  environments: ['trade-sequencing'],
  create(_kindId, { slots }) {
    const plans = new Map<string, readonly number[]>();
    return {
      name: 'tour',
      kind: 'classical',
      onHost: true,
      act: ({ state }) =>
        tf.tensor1d(
          readTrades(state, slots).map((trades) => followPlan(plans, trades)),
          'int32',
        ),
      dispose: () => plans.clear(),
    };
  },
};

/** The trades left of an episode, place by place. */
interface Trades {
  /** Their numbers. */
  readonly trade: readonly number[];
  readonly costs: readonly (readonly number[])[];
  readonly next: readonly number[];
}

function readTrades(state: Tensors, slots: number): Trades[] {
  const [left, trade, costs, next] = ['left', 'trade', 'costs', 'next'].map((name) =>
    Array.from(state[name]!.dataSync()),
  );
  return left!.map((count, row) => {
    const part = (of: readonly number[], start: number) => of.slice(start, start + count);
    return {
      trade: part(trade!, row * slots),
      next: part(next!, row * slots),
      costs: Array.from({ length: count }, (_, i) => part(costs!, (row * slots + i) * slots)),
    };
  });
}

/**
 * The place of the next trade of the plan that leads here, which is made where there is none, so that
 * no later search strays from it.
 */
function followPlan(plans: Map<string, readonly number[]>, trades: Trades): number {
  const { trade, costs, next } = trades;
  const known = plans.get(nameOf(trade, next));
  const order = known ?? planOrder(costs, next).map((place) => trade[place]!);
  const chosen = trade.indexOf(order[0]!);
  plans.delete(nameOf(trade, next));
  if (order.length > 1 && plans.size < mostPlans) {
    plans.set(nameOf(trade, costs[chosen]!, order[0]), order.slice(1));
  }
  return chosen;
}

/** Tells positions apart by what each trade left, by number, would pay now. */
const nameOf = (trade: readonly number[], next: readonly number[], without?: number): string =>
  trade
    .map((number, place) => [number, next[place]!] as const)
    .filter(([number]) => number !== without)
    .sort(([a], [b]) => a - b)
    .join(' ');

/** A trader who looks one step ahead. */
export const nearest: PolicySolver<TradeSequencingConfig> = {
  name: 'nearest',
  description:
    'Always the trade that pays least for the one just done; first the one after which another pays least.',
  environments: ['trade-sequencing'],
  create: (_kindId, { slots }) => ({
    name: 'nearest',
    kind: 'classical',
    act: ({ state }) =>
      tf.tidy(() => {
        const { left, costs, next } = state as Places;
        const open = isLeft(left, slots);
        const { matrix, pairs } = openPairs(costs, open);
        const isFirst = tf.logicalNot(tf.any(tf.notEqual(next, 0), 1, true));
        const distance = tf.where(isFirst, leastOf(matrix, pairs, 2), next);
        return tf.argMin(tf.where(open, distance, tf.fill(distance.shape, far)), 1);
      }),
  }),
};

/** A trader who thinks the nearest trade's greed to its end. */
export const rollout: PolicySolver<TradeSequencingConfig> = {
  name: 'rollout',
  description:
    'The trade after which always taking the nearest costs least in all: one look ahead, then greed (Bertsekas, Tsitsiklis and Wu 1997).',
  environments: ['trade-sequencing'],
  // The trades are ranked by that.
  create: () => ({
    name: 'rollout',
    kind: 'classical',
    act: ({ state }) => tf.zeros([state.left!.shape[0]!], 'int32'),
  }),
};
