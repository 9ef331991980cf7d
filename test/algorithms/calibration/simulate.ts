/** Markets whose parameters are known, simulated without the code under test. */

// Taken out of Math once: under jest every look at a global costs a call.
const { ceil, cos, floor, imul, log, max, min, PI, sqrt } = Math;

export interface Random {
  uniform(): number;
  exponential(rate: number): number;
  normal(): number;
}

/** Mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    uniform,
    exponential: (rate) => -log(1 - uniform()) / rate,
    normal: () => sqrt(-2 * log(1 - uniform())) * cos(2 * PI * uniform()),
  };
}

export interface Market {
  readonly seconds: number;
  /** Seconds of the day at which it opens. */
  readonly open: number;
  /** Per √second. */
  readonly volatility: number;
  /** Per side and second. */
  readonly arrivalRate: number;
  readonly fillDecay: number;
  readonly halfSpread: number;
  /** 0: prices are continuous. */
  readonly tick: number;
  /** Relative intensity of the orders at a fraction of the day; default 1. */
  readonly activity?: (fraction: number) => number;
  readonly hasSides?: boolean;
}

/**
 * A Brownian mid that moves every half second, and market orders that reach exponential depths;
 * those that do not reach the quotes trade nothing. One execution in four is printed in two parts.
 * @returns the lines of a file of trades and one of quotes
 */
export function simulateMarket(
  market: Market,
  random: Random,
): { readonly trades: string[]; readonly quotes: string[] } {
  const { seconds, open, volatility, arrivalRate, fillDecay, halfSpread, tick } = market;
  const trades = [market.hasSides ? 'time,price,size,side' : 'time,price,size'];
  const quotes = ['time,bid,ask,bidSize,askSize'];
  const step = 0.5;
  // Prices at or outside the given one on a side.
  const outward = (price: number, side: number) =>
    tick === 0 ? price : side * ceil((side * price) / tick - 1e-9) * tick;
  const inward = (price: number, side: number) =>
    tick === 0 ? price : side * floor((side * price) / tick + 1e-9) * tick;
  // On a grid, depths count from the middle of the quotes, which is on half-ticks.
  let mid = 100;
  let next = random.exponential(2 * arrivalRate);
  for (let at = 0; at < seconds; at += step) {
    const bid = outward(mid - halfSpread, -1);
    const ask = outward(mid + halfSpread, 1);
    const quoted = (bid + ask) / 2;
    quotes.push(`${open + at},${bid.toFixed(7)},${ask.toFixed(7)},5,7`);
    for (; next < at + step; next += random.exponential(2 * arrivalRate)) {
      const side = random.uniform() < 0.5 ? 1 : -1;
      const depth = random.exponential(fillDecay);
      const activity = market.activity?.(next / seconds) ?? 1;
      if (random.uniform() > activity) continue;
      const deepest = inward(quoted + side * depth, side);
      if (side * (deepest - (side === 1 ? ask : bid)) < -1e-9) continue;
      const time = (open + next).toFixed(6);
      const print = (price: number) =>
        trades.push(
          `${time},${price.toFixed(7)},100${market.hasSides ? `,${side === 1 ? 'buy' : 'sell'}` : ''}`,
        );
      if (random.uniform() < 0.25) print(side === 1 ? ask : bid);
      print(deepest);
    }
    mid += volatility * sqrt(step) * random.normal();
  }
  return { trades, quotes };
}

export interface Flow {
  readonly seconds: number;
  readonly open: number;
  /** λ(1), λ(2), … per side and second; nothing arrives farther away. */
  readonly limitOrders: readonly number[];
  /** θ(1), θ(2), … per order and second; the last holds beyond. */
  readonly cancellations: readonly number[];
  /** μ per side and second. */
  readonly marketOrders: number;
  readonly levels: number;
  /** Shares of each order. */
  readonly unit: number;
}

/**
 * The order book of Cont, Stoikov and Talreja (2010), section 2, by competing exponential clocks over all
 * prices of a grid, whose ends are far away.
 * @returns the lines of a LOBSTER message and order-book file, tick 0.01, around 10.00
 */
export function simulateBook(
  flow: Flow,
  random: Random,
): { readonly messages: string[]; readonly books: string[] } {
  const { limitOrders, cancellations, marketOrders, levels, unit } = flow;
  const [prices, middle] = [400, 200];
  /** Orders at each price: positive bids, negative asks. */
  const orders = new Int32Array(prices);
  for (let away = 0; away < middle; away += 1) {
    // Far away some orders stand for good, so that no side is ever empty.
    const count = away < 8 ? 2 : away < 60 ? 0 : 1;
    orders[middle - 1 - away] = count;
    orders[middle + away] = -count;
  }
  const [messages, books]: [string[], string[]] = [[], []];
  let [bid, ask] = [middle - 1, middle];
  const priceOf = (index: number) => 100 * (1000 - middle + index);
  const cancelRate = (distance: number) => cancellations[min(distance, cancellations.length) - 1]!;
  /** What may happen next, and at which rate: type and direction of the message, index of the price. */
  const choices: { rate: number; type: number; direction: 1 | -1; index: number }[] = [];
  for (let time = 0, id = 1; ; id += 1) {
    choices.length = 0;
    limitOrders.forEach((rate, away) => {
      choices.push({ rate, type: 1, direction: 1, index: ask - away - 1 });
      choices.push({ rate, type: 1, direction: -1, index: bid + away + 1 });
    });
    for (let index = max(bid - 30, 0); index <= min(ask + 30, prices - 1); index += 1) {
      const count = orders[index]!;
      if (count === 0) continue;
      const rate = count > 0 ? count * cancelRate(ask - index) : -count * cancelRate(index - bid);
      choices.push({ rate, type: 3, direction: count > 0 ? 1 : -1, index });
    }
    choices.push({ rate: marketOrders, type: 4, direction: 1, index: bid });
    choices.push({ rate: marketOrders, type: 4, direction: -1, index: ask });
    let total = 0;
    for (const { rate } of choices) total += rate;
    time += random.exponential(total);
    if (time > flow.seconds) return { messages, books };
    let left = random.uniform() * total;
    const { type, direction, index } = choices.find(({ rate }) => (left -= rate) < 0)!;
    orders[index]! += type === 1 ? direction : -direction;
    if (orders[index]! > 0) bid = max(bid, index);
    if (orders[index]! < 0) ask = min(ask, index);
    while (orders[bid]! <= 0) bid -= 1;
    while (orders[ask]! >= 0) ask += 1;
    messages.push(
      `${(flow.open + time).toFixed(9)},${type},${id},${unit},${priceOf(index)},${direction}`,
    );
    books.push(writeBook());
  }

  function writeBook(): string {
    const row: number[] = [];
    let [ownAsk, ownBid] = [ask, bid];
    for (let level = 0; level < levels; level += 1) {
      while (ownAsk < prices && orders[ownAsk]! >= 0) ownAsk += 1;
      while (ownBid >= 0 && orders[ownBid]! <= 0) ownBid -= 1;
      row.push(...(ownAsk < prices ? [priceOf(ownAsk), -orders[ownAsk]! * unit] : [9999999999, 0]));
      row.push(...(ownBid >= 0 ? [priceOf(ownBid), orders[ownBid]! * unit] : [-9999999999, 0]));
      ownAsk += 1;
      ownBid -= 1;
    }
    return row.join(',');
  }
}

/** A file in memory, as the readers want it. */
export const asSource = (lines: readonly string[], file = 'data.csv') => ({
  file,
  lines: (async function* () {
    yield* lines;
  })(),
});
