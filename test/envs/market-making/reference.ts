import type { MarketMakingConfig } from '../../../envs/market-making/config';

/**
 * The market making environment once more, for one episode, in plain numbers: it holds absolute
 * prices and a cash account, where the environment holds moves and edges.
 */
export interface Account {
  step: number;
  price: number;
  cash: number;
  inventory: number;
  readonly startWorth: number;
  /** Intensity of orders that hit the bid and the ask, 1/time. */
  intensity: [number, number];
  /** Absolute prices of bids and asks on their way, the oldest first; null: no quote. */
  queue: { bid: number | null; ask: number | null }[];
  /** Worth after each step, the start included. */
  readonly worth: number[];
  readonly fills: { side: 'bid' | 'ask'; price: number; mid: number; nextMid: number }[];
  readonly inventories: number[];
  readonly quoted: { side: 'bid' | 'ask'; depth: number }[];
  makerFees: number;
  takerFees: number;
  liquidated: number;
}

/** A comparison lies so near its threshold that single precision may decide otherwise. */
export class Undecided extends Error {}

export interface Noise {
  readonly orders: readonly [number, number];
  readonly moveUniform: number;
  readonly moveNormal: number;
  readonly jumpUniform: number;
  readonly jumpNormal: number;
}

export function openAccount(config: MarketMakingConfig, inventory: number): Account {
  const price = config.mid.initial;
  const { arrivals } = config;
  const rate = arrivals.kind === 'poisson' ? arrivals.rate : arrivals.baseline;
  return {
    step: 0,
    price,
    cash: 0,
    inventory,
    startWorth: inventory * price,
    intensity: [rate, rate],
    queue: Array.from({ length: config.latency }, () => ({ bid: null, ask: null })),
    worth: [0],
    fills: [],
    inventories: [inventory],
    quoted: [],
    makerFees: 0,
    takerFees: 0,
    liquidated: 0,
  };
}

const below = (value: number, threshold: number, tolerance: number): boolean => {
  if (Math.abs(value - threshold) < tolerance) throw new Undecided();
  return value < threshold;
};

/** @param action two depths, or two levels; @returns the reward */
export function advance(
  config: MarketMakingConfig,
  account: Account,
  action: readonly [number, number],
  noise: Noise,
): number {
  const dt = config.horizon / config.steps;
  const mid = account.price;
  account.queue.push(prices(config, mid, action));
  const { bid, ask } = account.queue.shift()!;
  const canBuy = account.inventory < config.inventory.maximum;
  const canSell = account.inventory > -config.inventory.maximum;
  const before = account.worth.at(-1)!;

  const trade = (side: 'bid' | 'ask', price: number | null, allowed: boolean) => {
    if (price === null || !allowed) return;
    const depth = side === 'bid' ? mid - price : price - mid;
    account.quoted.push({ side, depth });
    const index = side === 'bid' ? 0 : 1;
    const chance = account.intensity[index] * dt * reach(config, depth);
    if (!below(noise.orders[index], chance, 1e-4)) return;
    const direction = side === 'bid' ? 1 : -1;
    account.inventory += direction;
    account.cash -= direction * price + config.fees.maker * price;
    account.makerFees += config.fees.maker * price;
    account.fills.push({ side, price, mid, nextMid: NaN });
  };
  const filledBefore = account.fills.length;
  trade('bid', bid, canBuy);
  trade('ask', ask, canSell);

  if (config.arrivals.kind === 'hawkes') {
    const { baseline, jump, decay } = config.arrivals;
    account.intensity = account.intensity.map((rate, index) => {
      const arrived = below(noise.orders[index]!, rate * dt, 1e-5) ? 1 : 0;
      return baseline + (rate - baseline) * Math.exp(-decay * dt) + jump * arrived;
    }) as [number, number];
  }

  account.price = nextPrice(config, mid, dt, noise);
  account.fills.slice(filledBefore).forEach((fill) => (fill.nextMid = account.price));
  account.step += 1;
  account.inventories.push(account.inventory);
  const last = account.step === config.steps;
  let worth = account.cash + account.inventory * account.price - account.startWorth;
  if (last && config.liquidation.kind === 'cross') {
    const { halfSpread } = config.liquidation;
    const price = account.price - Math.sign(account.inventory) * halfSpread;
    account.liquidated = Math.abs(account.inventory) * price;
    account.takerFees = config.fees.taker * account.liquidated;
    worth = account.cash + account.inventory * price - account.takerFees - account.startWorth;
  }
  account.worth.push(worth);
  const { reward } = config;
  switch (reward.kind) {
    case 'pnl':
      return worth - before;
    case 'inventory-penalty':
      return (
        worth -
        before -
        reward.running * account.inventory ** 2 * dt -
        (last ? reward.terminal * account.inventory ** 2 : 0)
      );
    case 'exponential-utility':
      return Math.exp(-config.riskAversion * before) - Math.exp(-config.riskAversion * worth);
  }
}

function prices(
  config: MarketMakingConfig,
  mid: number,
  [first, second]: readonly [number, number],
) {
  const { actions, tick } = config;
  const quote = (choice: number, sign: -1 | 1): number | null => {
    if (actions.kind === 'grid' && choice === actions.levels) return null;
    const { minimum, maximum } = config.depth;
    const depth =
      actions.kind === 'grid'
        ? actions.first + choice * actions.tick
        : Math.min(Math.max(choice, minimum ?? -Infinity), maximum ?? Infinity);
    const price = mid + sign * depth;
    if (tick === null) return price;
    const nearest = Math.round(price / tick);
    const off = price / tick - nearest;
    // Within a hundredth of a tick a price counts as on the grid.
    if (Math.abs(Math.abs(off) - 0.01) < 2e-3) throw new Undecided();
    if (Math.abs(off) < 0.01) return nearest * tick;
    return (sign < 0 ? Math.floor(price / tick) : Math.ceil(price / tick)) * tick;
  };
  return { bid: quote(first, -1), ask: quote(second, 1) };
}

function reach({ fills }: MarketMakingConfig, depth: number): number {
  switch (fills.kind) {
    case 'exponential':
      return Math.exp(-fills.decay * depth);
    case 'power':
      return depth <= 0 ? 1 : 1 / (1 + Math.pow(depth / fills.width, fills.exponent));
    case 'triangular':
      return depth <= 0 ? 1 : depth >= fills.width ? 0 : 1 - depth / fills.width;
  }
}

function nextPrice({ mid }: MarketMakingConfig, price: number, dt: number, noise: Noise): number {
  if (mid.kind === 'constant') return price;
  const jump =
    mid.jumps && noise.jumpUniform < mid.jumps.rate * dt
      ? mid.jumps.mean + mid.jumps.deviation * noise.jumpNormal
      : 0;
  switch (mid.kind) {
    case 'brownian': {
      const shock =
        mid.increments === 'gaussian' ? noise.moveNormal : noise.moveUniform < 0.5 ? 1 : -1;
      return price + mid.drift * dt + mid.volatility * Math.sqrt(dt) * shock + jump;
    }
    case 'geometric': {
      const drift = (mid.drift - mid.volatility ** 2 / 2) * dt;
      return price * Math.exp(drift + mid.volatility * Math.sqrt(dt) * noise.moveNormal) + jump;
    }
    case 'ornstein-uhlenbeck': {
      const level = mid.initial + mid.level;
      const decay = Math.exp(-mid.reversion * dt);
      const deviation = mid.volatility * Math.sqrt((1 - decay ** 2) / (2 * mid.reversion));
      return level + (price - level) * decay + deviation * noise.moveNormal + jump;
    }
  }
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

/** The metrics of the finished episode. */
export function summarise(account: Account): Record<string, number> {
  const { fills, worth, quoted, inventories, makerFees, takerFees, liquidated } = account;
  const on = <Entry extends { side: string }>(entries: readonly Entry[], side: string) =>
    entries.filter((entry) => entry.side === side);
  const sign = { bid: 1, ask: -1 };
  const edge =
    fills.reduce((sum, { side, price, mid }) => sum + sign[side] * (mid - price), 0) - makerFees;
  const rate = (side: string) => on(fills, side).length / Math.max(on(quoted, side).length, 1);
  const depth = (side: string) => mean(on(quoted, side).map((entry) => entry.depth));
  const falls = worth.map((value, index) => Math.max(...worth.slice(0, index + 1)) - value);
  return {
    profit: worth.at(-1)!,
    spreadProfit: edge,
    inventoryProfit: worth.at(-1)! - edge,
    finalInventory: account.inventory,
    meanAbsInventory: mean(inventories.slice(1).map(Math.abs)),
    maxAbsInventory: Math.max(...inventories.map(Math.abs)),
    fillRateBid: rate('bid'),
    fillRateAsk: rate('ask'),
    quotedSpread: depth('bid') + depth('ask'),
    markout: mean(fills.map(({ side, mid, nextMid }) => sign[side] * (nextMid - mid))),
    drawdown: Math.max(...falls),
    turnover: fills.reduce((sum, { price }) => sum + price, 0) + liquidated,
    fees: makerFees + takerFees,
  };
}

/** Observation components by name. */
export function look(config: MarketMakingConfig, account: Account): Record<string, number> {
  const { mid, inventory, tick, reward, arrivals, actions } = config;
  const { price } = account;
  const seen: Record<string, number> = {
    inventory: account.inventory / (inventory.scale ?? inventory.maximum),
    timeLeft: (config.steps - account.step) / config.steps,
  };
  if (tick !== null) seen.tickPhase = price / tick - Math.floor(price / tick);
  if (reward.kind === 'exponential-utility') {
    seen.profit = config.riskAversion * account.worth.at(-1)!;
  }
  if (mid.kind === 'geometric') {
    seen.move = (price - mid.initial) / (mid.initial * mid.volatility);
  }
  if (mid.kind === 'ornstein-uhlenbeck') {
    const stationary = mid.volatility / Math.sqrt(2 * mid.reversion);
    seen.deviation = (price - mid.initial - mid.level) / stationary;
  }
  if (arrivals.kind === 'hawkes') {
    seen.bidIntensity = account.intensity[0] / arrivals.baseline;
    seen.askIntensity = account.intensity[1] / arrivals.baseline;
  }
  const half = actions.kind === 'grid' ? (actions.tick * actions.levels) / 2 : actions.scale;
  const centre = actions.kind === 'grid' ? actions.first + half : actions.centre;
  const clip = (value: number) => Math.min(Math.max(value, -10), 10);
  account.queue.forEach(({ bid, ask }, index) => {
    seen[`bidPending${index + 1}`] = bid === null ? 10 : clip((price - bid - centre) / half);
    seen[`askPending${index + 1}`] = ask === null ? 10 : clip((ask - price - centre) / half);
  });
  return seen;
}
