import type { LobsterBook } from '../../envs/market-data/lobster';
import type { Estimate } from './estimate';

/** Rates of the order book of Cont, Stoikov and Talreja, by distance from the opposite best quote. */
export interface OrderFlowEstimate {
  /** Shares in the unit of the model: the mean size of a limit order. */
  readonly unitSize: Estimate;
  /** μ: market orders, in units of size, per side and unit of time. */
  readonly marketOrders: Estimate;
  readonly distances: readonly {
    /** Ticks from the opposite best quote. */
    readonly distance: number;
    /** λ(i): limit orders per side and unit of time. */
    readonly limitOrders: Estimate;
    /** θ(i): cancellations per order and unit of time; null where no order ever stood. */
    readonly cancellations: Estimate | null;
    /** Orders at the distance on a side, in units of size, on average over the time it was visible. */
    readonly depth: number;
  }[];
}

/** Sums of what happened, bids and asks together, each by distance 0 … D where it is an array. */
export interface OrderFlow {
  /** Price units of a tick. */
  readonly tick: number;
  /** D, the largest distance. */
  readonly farthest: number;
  readonly limitOrders: Float64Array;
  /** Shares cancelled, and the sum of the squares of the sizes. */
  readonly cancelled: Float64Array;
  readonly cancelledSquares: Float64Array;
  /** Seconds for which the visible book ended at the distance (D: there or beyond). */
  readonly visible: Float64Array;
  /** Share-seconds that stood there. */
  readonly standing: Float64Array;
  readonly limitSizes: { count: number; sum: number; squares: number };
  readonly marketSizes: { sum: number; squares: number };
  /** Seconds in which there were orders to take, over both sides. */
  takeable: number;
}

/**
 * @param tick in the units of the book's prices
 * @param farthest D
 */
export function createOrderFlow(tick: number, farthest: number): OrderFlow {
  const create = () => new Float64Array(farthest + 1);
  return {
    tick,
    farthest,
    limitOrders: create(),
    cancelled: create(),
    cancelledSquares: create(),
    visible: create(),
    standing: create(),
    limitSizes: { count: 0, sum: 0, squares: 0 },
    marketSizes: { sum: 0, squares: 0 },
    takeable: 0,
  };
}

/** A book that stood for so many seconds. @returns false if a price is between ticks */
export function addStanding(flow: OrderFlow, book: LobsterBook, seconds: number): boolean {
  const { askPrices, askSizes, bidPrices, bidSizes } = book;
  const [ask, bid] = [askPrices[0]!, bidPrices[0]!];
  if (bidSizes[0]! > 0) flow.takeable += seconds;
  if (askSizes[0]! > 0) flow.takeable += seconds;
  const bidsFit = askSizes[0] === 0 || addSide(flow, ask, bidPrices, bidSizes, seconds);
  const asksFit = bidSizes[0] === 0 || addSide(flow, bid, askPrices, askSizes, seconds);
  return bidsFit && asksFit;
}

function addSide(
  { tick, farthest, visible, standing }: OrderFlow,
  opposite: number,
  prices: Float64Array,
  sizes: Float64Array,
  seconds: number,
): boolean {
  for (let level = 0; level < prices.length; level += 1) {
    const size = sizes[level]!;
    const distance = size === 0 ? Infinity : Math.abs(opposite - prices[level]!) / tick;
    if (distance > farthest) {
      // An empty level: all there is can be seen. A distant one: all that is asked for.
      visible[farthest]! += seconds;
      return distance === Infinity || Number.isInteger(distance);
    }
    if (!Number.isInteger(distance)) return false;
    standing[distance]! += size * seconds;
    if (level === prices.length - 1) visible[distance]! += seconds;
  }
  return true;
}

/**
 * The distance of an order from the best quote of the other side.
 * @param direction 1 bid, −1 ask
 * @returns ticks; 0 where the book does not show that far, the other side is empty, or the price
 *   would trade
 */
export function findDistance(
  { tick, farthest }: OrderFlow,
  book: LobsterBook,
  direction: 1 | -1,
  price: number,
): number {
  const opposite = direction === 1 ? book.askPrices[0]! : book.bidPrices[0]!;
  const distance = ((opposite - price) * direction) / tick;
  if (!(distance >= 1 && distance <= farthest)) return 0;
  const prices = direction === 1 ? book.bidPrices : book.askPrices;
  const isVisible = (price - prices.at(-1)!) * direction >= 0;
  return isVisible ? Math.round(distance) : 0;
}

export function addLimitOrder(flow: OrderFlow, distance: number, size: number): void {
  flow.limitOrders[distance]! += 1;
  addSize(flow.limitSizes, size);
  flow.limitSizes.count += 1;
}

export function addCancellation(flow: OrderFlow, distance: number, size: number): void {
  flow.cancelled[distance]! += size;
  flow.cancelledSquares[distance]! += size * size;
}

export function addMarketOrder(flow: OrderFlow, size: number): void {
  addSize(flow.marketSizes, size);
}

function addSize(sizes: { sum: number; squares: number }, size: number): void {
  sizes.sum += size;
  sizes.squares += size * size;
}

/**
 * The estimators of Cont, Stoikov and Talreja (2010), section 3, on both sides at once: limit orders
 * per time, λ(i) = N/(2T); shares cancelled per share-time standing, θ(i), in which the unit of size
 * cancels; shares taken per time in units of the mean limit order, μ. Beyond the last level that the
 * file shows, time does not count. Errors: Poisson numbers, with the sizes' variation where they enter.
 * @param unit seconds in the unit of time of the result
 * @returns null where no limit order was seen
 */
export function estimateOrderFlow(flow: OrderFlow, unit: number): OrderFlowEstimate | null {
  const { limitSizes, marketSizes } = flow;
  if (limitSizes.count === 0) return null;
  const unitSize = limitSizes.sum / limitSizes.count;
  const spread = Math.max(limitSizes.squares / limitSizes.count - unitSize ** 2, 0);
  const unitError = Math.sqrt(spread / limitSizes.count);
  const rate = poisson(marketSizes.sum, marketSizes.squares, (unitSize * flow.takeable) / unit);
  const distances: OrderFlowEstimate['distances'][number][] = [];
  let visible = 0;
  for (let distance = flow.farthest; distance >= 1; distance -= 1) {
    visible += flow.visible[distance]!;
    if (visible === 0) continue;
    const orders = flow.limitOrders[distance]!;
    const standing = flow.standing[distance]!;
    const cancelled = flow.cancelled[distance]!;
    distances.unshift({
      distance,
      limitOrders: poisson(orders, orders, visible / unit),
      cancellations:
        standing > 0 ? poisson(cancelled, flow.cancelledSquares[distance]!, standing / unit) : null,
      depth: standing / visible / unitSize,
    });
  }
  return {
    unitSize: { value: unitSize, error: unitError },
    marketOrders: {
      value: rate.value,
      error: rate.error && Math.hypot(rate.error, (rate.value * unitError) / unitSize),
    },
    distances,
  };
}

/** A compound Poisson rate; nothing seen says nothing about its error. */
const poisson = (sum: number, squares: number, exposure: number): Estimate => ({
  value: sum / exposure,
  error: sum === 0 ? null : Math.sqrt(squares) / exposure,
});
