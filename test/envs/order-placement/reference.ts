import { type OrderPlacementConfig } from '../../../envs/order-placement/config';
import type { ProcessConfig } from '../../../envs/order-placement/process';

/** The uniform random numbers that a row of the environment meets in a step. */
export interface Luck {
  readonly sellers: number;
  readonly rounding: number;
  readonly extra: number;
  /** By number of the market: [which value, whether it stays]. */
  readonly chains: Readonly<Record<Varying, readonly [value: number, stay: number]>>;
  readonly cancels: readonly number[];
}

export const varying = ['signal', 'spread', 'imbalance', 'fillProbability', 'fillDecay'] as const;
export type Varying = (typeof varying)[number];

export const processOf = (config: OrderPlacementConfig, name: Varying): ProcessConfig => {
  if (name === 'fillProbability') return config.fill.probability;
  return name === 'fillDecay' ? config.fill.decay : config[name];
};

/** A trader's books: prices as they are on the screen, cash, units, and the one order at its price. */
export interface Desk {
  step: number;
  /** Best bid, in ticks from where it was at the start. */
  bid: number;
  /** What holds in the market now, and the state of each chain. */
  now: Record<Varying, number>;
  place: Record<Varying, number>;
  held: number;
  cash: number;
  order: { price: number; ahead: number } | null;
  /** Decisions on their way; 'hold' is levels + 1. */
  line: number[];
  readonly firstMid: number;
  limitFills: number;
  marketOrders: number;
  closed: number;
  cancels: number;
  markout: number;
  fees: number;
}

const choose = (config: ProcessConfig, u: number): { value: number; place: number } => {
  if (typeof config === 'number') return { value: config, place: 0 };
  if ('values' in config) {
    const place = Math.floor(u * config.values.length);
    return { value: config.values[place]!, place };
  }
  return { value: config.low + (config.high - config.low) * u, place: 0 };
};

/** @param start the uniform number of each part of the market at the reset */
export function openDesk(
  config: OrderPlacementConfig,
  start: Readonly<Record<Varying, number>>,
): Desk {
  const drawn = varying.map(
    (name) => [name, choose(processOf(config, name), start[name])] as const,
  );
  const now = Object.fromEntries(drawn.map(([name, { value }]) => [name, value])) as Desk['now'];
  return {
    step: 0,
    bid: 0,
    now,
    place: Object.fromEntries(drawn.map(([name, { place }]) => [name, place])) as Desk['place'],
    held: 0,
    cash: 0,
    order: null,
    line: new Array<number>(config.latency).fill(config.levels + 1),
    firstMid: config.arrivalPrice,
    limitFills: 0,
    marketOrders: 0,
    closed: 0,
    cancels: 0,
    markout: 0,
    fees: 0,
  };
}

/** The mid, quote currency; the bid started half the first spread below the arrival price. */
const midOf = (config: OrderPlacementConfig, desk: Desk, firstSpread: number, spread: number) =>
  config.arrivalPrice - firstSpread / 2 + desk.bid * config.tick + spread / 2;

/** One step; the reward is the change of what the books are worth. */
export function tradeOnce(
  config: OrderPlacementConfig,
  desk: Desk,
  firstSpread: number,
  action: number,
  luck: Luck,
): { reward: number; done: boolean } {
  const { levels, quantity, steps, tick, arrivalPrice, fees, unfinished } = config;
  const { signal, spread, imbalance, fillProbability, fillDecay } = desk.now;
  const bidPrice = (ticks: number) => arrivalPrice - firstSpread / 2 + ticks * tick;
  const worth = (mid: number) =>
    config.reward === 'gain'
      ? desk.cash + desk.held * mid
      : desk.cash + quantity * desk.firstMid - (quantity - desk.held) * mid;
  const pay = (price: number, rate: number) => {
    desk.cash -= price + rate * arrivalPrice;
    desk.fees += rate * arrivalPrice;
    desk.held += 1;
  };
  const before = worth(midOf(config, desk, firstSpread, spread));
  const last = desk.step === steps - 1;
  desk.line.push(action);
  const choice = desk.line.shift()!;
  const wants = desk.held < quantity;
  let filledNow = 0;

  const depth = choice - 1;
  const isLimit = wants && choice >= 1 && choice <= levels;
  if (desk.order && !(isLimit && desk.order.price === desk.bid - depth)) {
    desk.order = null;
    desk.cancels += 1;
  }
  if (wants && choice === 0) {
    pay(bidPrice(desk.bid) + spread, fees.taker);
    desk.marketOrders += 1;
  }
  if (isLimit) {
    desk.order ??= {
      price: desk.bid - depth,
      ahead: Math.round(config.queue.length * (1 + imbalance)),
    };
  }

  const deepest = -Math.log(luck.sellers / fillProbability) / fillDecay;
  const sellersCame = luck.sellers < fillProbability;
  if (desk.order && sellersCame && (depth === 0 || depth < deepest)) {
    if (desk.order.ahead === 0) {
      pay(bidPrice(desk.order.price), fees.maker);
      desk.order = null;
      filledNow += 1;
    } else desk.order.ahead -= 1;
  }
  if (desk.order) {
    const places = luck.cancels.slice(0, desk.order.ahead);
    desk.order.ahead -= places.filter((u) => u < config.queue.cancelRate).length;
  }

  if (last) {
    desk.order = null;
    const left = quantity - desk.held;
    if (unfinished.kind === 'cross') {
      desk.cash -= left * unfinished.penalty + unfinished.quadratic * left ** 2;
      for (let unit = 0; unit < left; unit += 1) pay(bidPrice(desk.bid) + spread, fees.taker);
      desk.closed = left;
    }
  }

  let mean = signal + config.imbalanceDrift * imbalance;
  mean += config.adverseSelection * (sellersCame ? fillProbability - 1 : fillProbability);
  let jump = Math.floor(mean / tick + luck.rounding);
  if (luck.extra < config.volatility / 2) jump -= 1;
  if (luck.extra >= 1 - config.volatility / 2) jump += 1;
  const midBefore = midOf(config, desk, firstSpread, spread);
  desk.bid += jump;
  if (desk.order && desk.order.price > desk.bid) {
    pay(bidPrice(desk.order.price), fees.maker);
    desk.order = null;
    filledNow += 1;
  }
  if (desk.order && desk.order.price <= desk.bid - levels) desk.order = null;

  for (const name of varying) {
    const process = processOf(config, name);
    if (typeof process === 'number' || !('values' in process)) continue;
    const [value, stay] = luck.chains[name];
    if (stay < process.persistence) continue;
    const { value: next, place } = choose(process, value);
    desk.now[name] = next;
    desk.place[name] = place;
  }
  desk.step += 1;
  // The last move is the bid's alone: there is no next spread.
  const mid = midOf(config, desk, firstSpread, last ? spread : desk.now.spread);
  desk.limitFills += filledNow;
  desk.markout += filledNow * (mid - midBefore);
  lastMids.set(desk, mid);
  return {
    reward: worth(mid) - before,
    done: last || (config.reward === 'shortfall' && desk.held === quantity),
  };
}

const lastMids = new WeakMap<Desk, number>();

/** The metrics of an episode that is done. */
export function summarise(config: OrderPlacementConfig, desk: Desk): Record<string, number> {
  const mid = lastMids.get(desk)!;
  const left = config.quantity - desk.held;
  return {
    shortfall: -desk.cash - config.quantity * desk.firstMid + left * mid,
    gain: desk.cash + desk.held * mid,
    limitFills: desk.limitFills,
    marketOrders: desk.marketOrders,
    unfinished: left + desk.closed,
    markout: desk.limitFills > 0 ? desk.markout / desk.limitFills : 0,
    cancels: desk.cancels,
    fees: desk.fees,
  };
}
