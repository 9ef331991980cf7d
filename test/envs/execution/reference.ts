import type { ExecutionConfig } from '../../../envs/execution/config';

/** The numbers that an episode draws: all coefficients, as plain numbers. */
export interface Market {
  readonly volatility: number;
  readonly spread: number;
  readonly permanentImpact: number;
  readonly transientImpact: number;
  readonly resilience: number;
  /** One a period. */
  readonly temporaryImpact: readonly number[];
  /** One a period, or null. */
  readonly capacity: readonly number[] | null;
}

/** An order on its way, kept as a broker would: the price itself, the cash, the shares. */
export interface Order {
  period: number;
  left: number;
  price: number;
  cash: number;
  displacement: number;
  /** Σ volume·price and Σ volume of the market. */
  tradedValue: number;
  tradedVolume: number;
}

export const openOrder = ({ quantity, arrivalPrice }: ExecutionConfig): Order => ({
  period: 0,
  left: quantity,
  price: arrivalPrice,
  cash: 0,
  displacement: 0,
  tradedValue: 0,
  tradedVolume: 0,
});

/** X·S₀ less the cash and the value of what is left, or for a purchase the opposite. */
export function markedShortfall(config: ExecutionConfig, order: Order): number {
  const { quantity, arrivalPrice, side } = config;
  const paper = quantity * arrivalPrice;
  return side === 'sell'
    ? paper - order.cash - order.left * order.price
    : -order.cash + order.left * order.price - paper;
}

/** One period: trades, lets the price move, and returns the reward. */
export function work(
  config: ExecutionConfig,
  market: Market,
  order: Order,
  action: number,
  noise: number,
): number {
  const { side, periods, horizon } = config;
  const direction = side === 'sell' ? -1 : 1;
  const tau = horizon / periods;
  const before = markedShortfall(config, order);
  const periodsLeft = periods - order.period;

  let fraction = config.action === 'fraction' ? action : action / periodsLeft;
  fraction = Math.min(1, Math.max(0, fraction));
  let shares = fraction * order.left;
  if (market.capacity) {
    let room = 0;
    for (let k = order.period + 1; k < periods; k += 1) room += market.capacity[k]!;
    shares = Math.min(shares, market.capacity[order.period]!);
    shares = Math.max(shares, order.left - room);
  }
  if (periodsLeft === 1) shares = order.left;

  const volume = Array.isArray(config.marketVolume)
    ? (config.marketVolume as number[])[order.period]!
    : (config.marketVolume as number);
  order.tradedValue += volume * order.price;
  order.tradedVolume += volume;

  const speed = shares / tau;
  const worse =
    market.spread +
    market.temporaryImpact[order.period]! * speed +
    order.displacement +
    0.5 * market.transientImpact * shares;
  order.cash -= direction * shares * (order.price + direction * worse);
  order.left -= shares;
  order.price +=
    market.volatility * Math.sqrt(tau) * noise + direction * market.permanentImpact * shares;
  order.displacement += market.transientImpact * shares;
  order.displacement *= Math.exp(-market.resilience * tau);
  order.period += 1;

  let loss = markedShortfall(config, order) - before;
  if (config.reward === 'shortfall-and-risk') {
    loss += config.riskAversion * market.volatility ** 2 * tau * order.left ** 2;
  }
  return -loss * config.rewardScale;
}

/** The metrics of an order that is done. */
export function summarise(config: ExecutionConfig, order: Order): Record<string, number> {
  const { quantity, arrivalPrice, side } = config;
  // Negative where impact exceeds the price, so that a sale costs money.
  const average = (side === 'sell' ? order.cash : -order.cash) / quantity;
  const vwap = order.tradedValue / order.tradedVolume;
  const shortfall = (side === 'sell' ? arrivalPrice - average : average - arrivalPrice) * quantity;
  return {
    shortfall,
    shortfallBps: (shortfall / (quantity * arrivalPrice)) * 1e4,
    slippageVwapBps: ((side === 'sell' ? vwap - average : average - vwap) / vwap) * 1e4,
    completion: (quantity - order.left) / quantity,
    participation: quantity / order.tradedVolume,
  };
}
