import type {
  ExecuteConfig,
  LimitOrderBookConfig,
  MakeConfig,
} from '../../../envs/limit-order-book/config';
import {
  bestOf,
  depthOf,
  type Draws,
  type Exchange,
  happen,
  midOf,
  ownOrder,
  place,
  tradeAtMarket,
  withdraw,
} from './reference';

const { abs, max, min, sqrt } = Math;

export const wealth = (config: LimitOrderBookConfig, exchange: Exchange): number =>
  exchange.cash + exchange.inventory * midOf(config, exchange);

/** @param choice of execute: 0 hold, 1 cancel, 2 market lot, 3 market all, 4 improve, 5 join, 6 … behind */
function execute(
  config: LimitOrderBookConfig,
  task: ExecuteConfig,
  exchange: Exchange,
  choice: number,
): void {
  const sells = task.side === 'sell';
  const side = sells ? 'ask' : 'bid';
  const left = (): number => abs(exchange.inventory);
  if (choice === 1) withdraw(exchange, side);
  if (choice === 2 || choice === 3) {
    const shares = choice === 2 ? min(task.lot, left()) : left();
    if (shares > 0) tradeAtMarket(config, exchange, sells ? -shares : shares);
    const order = ownOrder(exchange, side);
    if (order && order.size > left()) withdraw(exchange, side, left());
  }
  if (choice >= 4 && left() > 0) {
    const [bid, ask] = [
      bestOf(config, exchange, 'bid', 'others'),
      bestOf(config, exchange, 'ask', 'others'),
    ];
    const price = sells
      ? min(max(ask + choice - 5, bid + 1), exchange.anchor + config.levels - 1)
      : max(min(bid - (choice - 5), ask - 1), exchange.anchor - config.levels);
    place(exchange, side, price, left());
  }
}

/** @param choices of a side: 0 none, 1 keep, 2 improve, 3 join, 4 … behind */
function make(
  config: LimitOrderBookConfig,
  task: MakeConfig,
  exchange: Exchange,
  [bidWanted, askWanted]: readonly [number, number],
): void {
  // Where there is no room for another fill, what rests is kept.
  const most = task.maximumInventory - task.size;
  const forBid = exchange.inventory > most ? min(bidWanted, 1) : bidWanted;
  const forAsk = -exchange.inventory > most ? min(askWanted, 1) : askWanted;
  const [bid, ask] = [
    bestOf(config, exchange, 'bid', 'others'),
    bestOf(config, exchange, 'ask', 'others'),
  ];
  if (forBid === 0) withdraw(exchange, 'bid');
  if (forAsk === 0) withdraw(exchange, 'ask');
  const kept = forAsk === 1 ? (ownOrder(exchange, 'ask')?.price ?? Infinity) : Infinity;
  const [low, high] = [exchange.anchor - config.levels, exchange.anchor + config.levels - 1];
  if (forBid >= 2) {
    const price = max(min(bid - (forBid - 3), min(ask, kept) - 1), low);
    place(exchange, 'bid', price, task.size);
  }
  if (forAsk >= 2) {
    const own = ownOrder(exchange, 'bid')?.price ?? -Infinity;
    const price = min(max(ask + forAsk - 3, max(bid, own) + 1), high);
    place(exchange, 'ask', price, task.size);
  }
}

/** @returns the reward, and whether the episode ends */
export function decide(
  config: LimitOrderBookConfig,
  exchange: Exchange,
  action: readonly number[],
  draws: readonly Draws[],
): { reward: number; terminated: boolean } {
  const { task, interval, horizon, latency } = config;
  const before = wealth(config, exchange);
  const began = exchange.time;
  const full = began + interval;
  const end = full + interval * 1e-3 < horizon ? full : horizon;
  const early = latency > 0 ? config.events : 0;
  for (const draw of draws.slice(0, early)) {
    happen(config, exchange, draw, min(began + latency, end));
  }
  if (task.kind === 'execute') execute(config, task, exchange, action[0]!);
  else make(config, task, exchange, action as unknown as [number, number]);
  for (const draw of draws.slice(early)) happen(config, exchange, draw, end);
  exchange.steps += 1;
  const isOver =
    exchange.time >= horizon - 1e-9 || exchange.steps >= 4 * Math.ceil(horizon / interval);
  const terminated = isOver || (task.kind === 'execute' && exchange.inventory === 0);
  if (terminated) {
    withdraw(exchange, 'bid');
    withdraw(exchange, 'ask');
  }
  const closes = task.kind === 'execute' || task.close === 'cross';
  if (terminated && closes && exchange.inventory !== 0) {
    tradeAtMarket(config, exchange, -exchange.inventory);
  }
  const penalty =
    task.kind === 'make'
      ? task.inventoryPenalty * exchange.inventory ** 2 * (exchange.time - began)
      : 0;
  return { reward: wealth(config, exchange) - before - penalty, terminated };
}

/** The observation by name. */
export function look(config: LimitOrderBookConfig, exchange: Exchange): Record<string, number> {
  const { task, flow, horizon } = config;
  const unit = 4 * (config.sizes.kind === 'unit' ? 1 : config.sizes.mean);
  const best = {
    bid: bestOf(config, exchange, 'bid', 'others'),
    ask: bestOf(config, exchange, 'ask', 'others'),
  };
  const sells = task.kind === 'execute' && task.side === 'sell';
  const names =
    task.kind === 'make'
      ? ([
          ['bid', 'bid'],
          ['ask', 'ask'],
        ] as const)
      : ([
          ['own', sells ? 'ask' : 'bid'],
          ['opposite', sells ? 'bid' : 'ask'],
        ] as const);
  const seen: Record<string, number> = {
    timeLeft: 1 - exchange.time / horizon,
    spread: best.ask - best.bid,
    midMove:
      ((midOf(config, exchange) - exchange.arrival) *
        (task.kind === 'execute' && !sells ? -1 : 1)) /
      sqrt(horizon),
  };
  if (task.kind === 'execute') seen.remaining = abs(exchange.inventory) / task.quantity;
  else seen.inventory = exchange.inventory / task.maximumInventory;
  const sizes = names.map(([name, side]) => {
    const outwards = side === 'ask' ? 1 : -1;
    for (let ticks = 0; ticks < config.observedLevels; ticks += 1) {
      const price = best[side] + outwards * ticks;
      seen[`${name}Size[${ticks}]`] = depthOf(exchange, side, price) / unit;
    }
    return depthOf(exchange, side, best[side]);
  });
  seen.imbalance = (sizes[0]! - sizes[1]!) / max(1, sizes[0]! + sizes[1]!);
  for (const [name, side] of task.kind === 'make' ? names : names.slice(0, 1)) {
    const order = ownOrder(exchange, side);
    const quantity = task.kind === 'execute' ? task.quantity : task.size;
    seen[`${name}Order`] = (order?.size ?? 0) / quantity;
    seen[`${name}OrderDistance`] = order
      ? (order.price - best[side]) * (side === 'ask' ? 1 : -1)
      : 0;
    seen[`${name}OrderAhead`] = (order?.ahead ?? 0) / unit;
  }
  if (flow.kind === 'queue-reactive') {
    seen.referenceOffset = midOf(config, exchange) - (exchange.anchor - 0.5);
  } else if (flow.kind === 'poisson' && flow.excitation?.of === 'all') {
    seen.excitation = exchange.excitation[0];
  } else if (flow.kind === 'poisson' && flow.excitation) {
    seen.bidExcitation = exchange.excitation[0] / flow.market;
    seen.askExcitation = exchange.excitation[1] / flow.market;
  }
  return seen;
}

export function summarise(
  config: LimitOrderBookConfig,
  exchange: Exchange,
): Record<string, number> {
  const { task } = config;
  if (task.kind === 'make') {
    return {
      profit: wealth(config, exchange),
      traded: exchange.passive,
      meanInventory: exchange.held / config.horizon,
    };
  }
  const start = task.side === 'sell' ? task.quantity : -task.quantity;
  const shortfall = start * exchange.arrival - exchange.cash;
  return {
    shortfall,
    shortfallPerShare: shortfall / task.quantity,
    passiveShare: exchange.passive / task.quantity,
    duration: exchange.time,
  };
}
