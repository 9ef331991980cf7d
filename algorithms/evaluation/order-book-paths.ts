import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../engine/tensors';
import { type AgentState, othersMid, wealthOf } from '../../envs/limit-order-book/account';
import { asRows, bestQuotes, priceAt } from '../../envs/limit-order-book/book';
import type { LimitOrderBookConfig } from '../../envs/limit-order-book/config';
import { type Band, bandOver, pathOf, rounded } from './bands';
import { type Recorder, type Recording, type Track, valueAt } from './record-episodes';

/** Episodes of trading in a limit order book. Prices are in ticks since the start, times in minutes. */
export interface OrderBookPaths {
  readonly kind: 'limit-order-book';
  readonly task: 'execute' | 'make';
  /** Ends of the intervals, minutes; the moments of the bands. */
  readonly times: readonly number[];
  readonly policies: readonly {
    readonly policy: string;
    /** Shares. */
    readonly inventory: Band;
    readonly episodes: readonly OrderBookReplay[];
  }[];
}

/** One episode, decision by decision: each list has an entry a decision and one for the end. */
export interface OrderBookReplay {
  readonly times: readonly number[];
  /** Others' mid price and best quotes. */
  readonly mid: readonly number[];
  readonly bid: readonly number[];
  readonly ask: readonly number[];
  /** Prices of the agent's limit orders from each decision on; null: none. */
  readonly ownBid: readonly (number | null)[];
  readonly ownAsk: readonly (number | null)[];
  readonly inventory: readonly number[];
  /** Cash and inventory at others' mid price less that at the start, ticks × shares. */
  readonly wealth: readonly number[];
  readonly fills: readonly Fill[];
}

export interface Fill {
  /** The end of the interval in which a limit order was filled; when a market order was sent. */
  readonly time: number;
  /** Mean price of the shares; null where a step had several prices that nothing tells apart. */
  readonly price: number | null;
  /** Positive: bought, negative: sold. */
  readonly shares: number;
  readonly kind: 'limit' | 'market';
}

export const orderBookRecorder: Recorder = {
  moment(_, tensors) {
    const state = tensors as AgentState;
    const { bid, ask } = bestQuotes(state.depth);
    const own = (side: 0 | 1): Tensors => {
      const name = side === 0 ? 'Bid' : 'Ask';
      const pick = (both: tf.Tensor2D): tf.Tensor => tf.slice(both, [0, side], [-1, 1]);
      return {
        [`own${name}`]: asRows(priceAt(state, pick(state.ownColumn))),
        [`own${name}Size`]: asRows(pick(state.ownSize)),
      };
    };
    return {
      time: state.time!,
      mid: asRows(othersMid(state)),
      bid: asRows(priceAt(state, bid)),
      ask: asRows(priceAt(state, ask)),
      ...own(0),
      ...own(1),
      inventory: state.inventory,
      cash: state.cash,
      passive: state.passive,
      wealth: wealthOf(state),
    };
  },
};

/** @param recordings by `orderBookRecorder` @param shown episodes to show one by one */
export function orderBookPaths(
  config: LimitOrderBookConfig,
  recordings: readonly Recording[],
  shown: number,
): OrderBookPaths {
  const { task, horizon, interval } = config;
  const intervals = Math.max(1, Math.round(horizon / interval));
  const times = Array.from({ length: intervals + 1 }, (_, index) =>
    rounded(Math.min(horizon, index * interval)),
  );
  return {
    kind: 'limit-order-book',
    task: task.kind,
    times,
    policies: recordings.map((recording) => ({
      policy: recording.policy,
      inventory: inventoryBand(recording, times),
      episodes: Array.from({ length: Math.min(shown, recording.episodes) }, (_, episode) =>
        replayOf(config, recording, episode),
      ),
    })),
  };
}

/** What is held at the same times in every episode: what the last decision before them left. */
function inventoryBand({ moments, episodes }: Recording, times: readonly number[]): Band {
  const { time, inventory } = moments as Record<'time' | 'inventory', Track>;
  const next = new Array<number>(episodes).fill(0);
  return bandOver(times.length, (index) => {
    const until = times[index]! * (1 + 1e-6) + 1e-9;
    return next.map((from, episode) => {
      let moment = from;
      while (moment + 1 < time.moments && valueAt(time, moment + 1, episode) <= until) moment += 1;
      next[episode] = moment;
      return valueAt(inventory, moment, episode);
    });
  });
}

function replayOf(
  { task, fees }: LimitOrderBookConfig,
  { moments, lengths }: Recording,
  episode: number,
): OrderBookReplay {
  const count = lengths[episode]! + 1;
  const path = (name: string): number[] => pathOf(moments[name]!, episode, count);
  const [times, mid, inventory, passive, wealth] = [
    path('time'),
    path('mid'),
    path('inventory'),
    path('passive'),
    path('wealth'),
  ];
  const cash = Array.from({ length: count }, (_, moment) =>
    valueAt(moments.cash!, moment, episode),
  );
  const sides = (['Bid', 'Ask'] as const).map((name) => ({
    price: path(`own${name}`),
    size: path(`own${name}Size`),
  }));
  const resting: (number | null)[][] = [[], []];
  const fills: Fill[] = [];
  for (let step = 1; step < count; step += 1) {
    const before = step - 1;
    const traded = passive[step]! - passive[before]!;
    const net = inventory[step]! - inventory[before]!;
    const isLast = step === count - 1;
    const prices = sides.map(({ price }) => price[step]!) as [number, number];
    // An order that was filled in the step has no size after it, but its price.
    const { limit, market } = splitTrades(task, traded, net, isLast);
    resting.forEach((side, index) =>
      side.push(
        sides[index]!.size[step]! > 0 || limit[index]! > 0 ? rounded(prices[index]!) : null,
      ),
    );
    limit.forEach((shares, index) => {
      if (shares > 0) {
        fills.push({
          time: times[step]!,
          price: prices[index]!,
          shares: index === 0 ? shares : -shares,
          kind: 'limit',
        });
      }
    });
    if (market !== 0) {
      const spent = cash[before]! - cash[step]!;
      const forLimit = limit[0] * (prices[0] + fees.maker) - limit[1] * (prices[1] - fees.maker);
      const isKnown = traded === limit[0] + limit[1];
      const price = (spent - forLimit - Math.abs(market) * fees.taker) / market;
      fills.push({
        time: isLast ? times[step]! : times[before]!,
        price: isKnown ? rounded(price) : null,
        shares: market,
        kind: 'market',
      });
    }
  }
  return {
    times,
    mid,
    bid: path('bid'),
    ask: path('ask'),
    ownBid: [...resting[0]!, null],
    ownAsk: [...resting[1]!, null],
    inventory,
    wealth: wealth.map((value) => rounded(value - wealth[0]!)),
    fills,
  };
}

/**
 * What limit orders (bid, ask; not negative) and market orders (positive: bought) traded in a step.
 * @param traded by limit orders, both sides together
 * @param net change of the inventory
 */
function splitTrades(
  task: LimitOrderBookConfig['task'],
  traded: number,
  net: number,
  isLast: boolean,
): { readonly limit: readonly [bid: number, ask: number]; readonly market: number } {
  if (task.kind === 'execute') {
    return task.side === 'sell'
      ? { limit: [0, traded], market: net + traded }
      : { limit: [traded, 0], market: net - traded };
  }
  // What the close at market traded and what a quote did in the last step cannot be told apart.
  if (isLast && task.close === 'cross') return { limit: [0, 0], market: net };
  return { limit: [(traded + net) / 2, (traded - net) / 2], market: 0 };
}
