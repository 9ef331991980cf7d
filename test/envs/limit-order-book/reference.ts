import type {
  LimitOrderBookConfig,
  PoissonFlowConfig,
  QueueReactiveConfig,
} from '../../../envs/limit-order-book/config';

const { abs, ceil, exp, floor, log, log1p, max, min, round } = Math;

/** The uniform numbers of one event. */
export interface Draws {
  readonly time: number;
  readonly choice: number;
  readonly entering: number;
  readonly ahead: number;
  readonly size: number;
  readonly reference: number;
  /** From the lowest price of the window to the highest. */
  readonly redraw: readonly number[];
}

type Owner = 'agent' | 'others';
type Side = 'bid' | 'ask';
const sides: readonly Side[] = ['bid', 'ask'];

/** A book as an exchange keeps it: at each price a queue, share by share, the first one first. */
export interface Exchange {
  readonly queues: Record<Side, Map<number, Owner[]>>;
  /** The window's lowest price is anchor − W, its highest anchor + W − 1. */
  anchor: number;
  time: number;
  /** By side for market orders, in both entries the same for all events. */
  excitation: [number, number];
  cash: number;
  inventory: number;
  passive: number;
  held: number;
  steps: number;
  arrival: number;
}

const others = (queue: readonly Owner[] | undefined): number =>
  queue?.filter((owner) => owner === 'others').length ?? 0;
const agents = (queue: readonly Owner[] | undefined): number =>
  queue?.filter((owner) => owner === 'agent').length ?? 0;

/** Prices of a side, the best first. */
function pricesOf(exchange: Exchange, side: Side, whose: 'all' | 'others'): number[] {
  const held = [...exchange.queues[side]]
    .filter(([, queue]) => (whose === 'all' ? queue.length : others(queue)) > 0)
    .map(([price]) => price);
  return held.sort((a, b) => (side === 'bid' ? b - a : a - b));
}

/** The best price within the window, or the one beyond it. */
export function bestOf(
  config: LimitOrderBookConfig,
  exchange: Exchange,
  side: Side,
  whose: 'all' | 'others' = 'all',
): number {
  const [low, high] = [exchange.anchor - config.levels, exchange.anchor + config.levels - 1];
  const within = pricesOf(exchange, side, whose).filter((price) => price >= low && price <= high);
  return within[0] ?? (side === 'bid' ? low - 1 : high + 1);
}

export const midOf = (config: LimitOrderBookConfig, exchange: Exchange): number =>
  (bestOf(config, exchange, 'bid', 'others') + bestOf(config, exchange, 'ask', 'others')) / 2;

const meanSize = ({ sizes }: LimitOrderBookConfig): number =>
  sizes.kind === 'unit' ? 1 : sizes.mean;

/** Distribution function of the orders at a level, from the formulas of the models. */
function levelLaw({ flow, levels }: LimitOrderBookConfig, level: number): number[] {
  const weights = [1];
  for (let n = 1; n < 64; n += 1) {
    const ratio =
      flow.kind === 'poisson'
        ? lambda(flow, level) / ((level === 1 ? flow.market : 0) + n * theta(flow, level))
        : tableAt((flow as QueueReactiveConfig).limit, level, n - 1) /
          (tableAt((flow as QueueReactiveConfig).cancel, level, n) +
            tableAt((flow as QueueReactiveConfig).market, level, n));
    weights.push(weights[n - 1]! * ratio);
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  void levels;
  return weights.map((weight) => (sum += weight / total));
}

const drawLevel = (config: LimitOrderBookConfig, level: number, uniform: number): number =>
  levelLaw(config, level).filter((probability) => uniform >= probability).length *
  max(1, round(meanSize(config)));

const lambda = ({ limit, beyond }: PoissonFlowConfig, distance: number): number =>
  distance <= limit.length ? limit[distance - 1]! : beyond.scale / distance ** beyond.exponent;
const theta = ({ cancel }: PoissonFlowConfig, distance: number): number =>
  cancel[min(distance, cancel.length) - 1]!;
const tableAt = (table: readonly (readonly number[])[], level: number, queue: number): number => {
  const row = table[min(level, table.length) - 1]!;
  return row[min(queue, row.length - 1)]!;
};

function drawBook(
  config: LimitOrderBookConfig,
  exchange: Exchange,
  uniforms: readonly number[],
): void {
  const { levels } = config;
  for (let index = 0; index < 2 * levels; index += 1) {
    const price = exchange.anchor - levels + index;
    const side: Side = index < levels ? 'bid' : 'ask';
    const level = index < levels ? levels - index : index - levels + 1;
    const count = drawLevel(config, level, uniforms[index]!);
    exchange.queues[side].set(price, new Array<Owner>(count).fill('others'));
  }
}

/** @param uniforms of the first book; @param draws of the events before the episode */
export function openExchange(
  config: LimitOrderBookConfig,
  uniforms: readonly number[],
  draws: readonly Draws[],
): Exchange {
  const exchange: Exchange = {
    queues: { bid: new Map(), ask: new Map() },
    anchor: 0,
    time: 0,
    excitation: [0, 0],
    cash: 0,
    inventory: 0,
    passive: 0,
    held: 0,
    steps: 0,
    arrival: 0,
  };
  drawBook(config, exchange, uniforms);
  for (const draw of draws) happen(config, exchange, draw, Infinity);
  for (const side of sides) {
    const moved = [...exchange.queues[side]].map(
      ([price, queue]) => [price - exchange.anchor, queue] as const,
    );
    exchange.queues[side] = new Map(moved);
  }
  const { task } = config;
  exchange.anchor = 0;
  exchange.time = 0;
  exchange.arrival = midOf(config, exchange);
  if (task.kind === 'execute') {
    exchange.inventory = task.side === 'sell' ? task.quantity : -task.quantity;
  }
  return exchange;
}

interface Choice {
  readonly what: 'limit' | 'market' | 'cancel';
  readonly side: Side;
  readonly price: number;
  readonly rate: number;
}

/** Everything that can happen next, in the order in which the choice runs through it. */
function choicesOf(config: LimitOrderBookConfig, exchange: Exchange): Choice[] {
  const { flow, levels } = config;
  const [bid, ask] = [bestOf(config, exchange, 'bid'), bestOf(config, exchange, 'ask')];
  const window = Array.from({ length: 2 * levels }, (_, index) => exchange.anchor - levels + index);
  const sideAt = (price: number): Side =>
    others(exchange.queues.bid.get(price)) > 0 ? 'bid' : 'ask';
  if (flow.kind === 'poisson') {
    const [first, second] = flow.excitation?.of === 'market' ? exchange.excitation : [0, 0];
    const distances = Array.from({ length: levels }, (_, index) => index + 1);
    return [
      { what: 'market', side: 'bid', price: bid, rate: flow.market + first },
      { what: 'market', side: 'ask', price: ask, rate: flow.market + second },
      ...distances.map((i): Choice => ({
        what: 'limit',
        side: 'bid',
        price: ask - i,
        rate: lambda(flow, i),
      })),
      ...distances.map((i): Choice => ({
        what: 'limit',
        side: 'ask',
        price: bid + i,
        rate: lambda(flow, i),
      })),
      ...window.map((price): Choice => {
        const side = sideAt(price);
        const orders = others(exchange.queues[side].get(price)) / meanSize(config);
        const distance = side === 'bid' ? ask - price : price - bid;
        const rate = orders === 0 ? 0 : theta(flow, distance) * orders;
        return { what: 'cancel', side, price, rate };
      }),
    ];
  }
  const tables = flow as QueueReactiveConfig;
  const places = window.map((price) => {
    const level = price < exchange.anchor ? exchange.anchor - price : price - exchange.anchor + 1;
    const inOrders = (shares: number): number => ceil((shares / meanSize(config)) * (1 - 1e-6));
    const [own, foreign] = [agents, others].map((count) =>
      sides.reduce((sum, side) => sum + count(exchange.queues[side].get(price)), 0),
    ) as [number, number];
    const [all, without] = [inOrders(own + foreign), inOrders(foreign)];
    return { price, level, all, without };
  });
  const ownOrOthers = (price: number): Side => (price >= ask ? 'ask' : 'bid');
  return [
    ...places.map(({ price, level, all }): Choice => {
      const side: Side = price < exchange.anchor ? 'bid' : 'ask';
      const isOpen = side === 'bid' ? price < ask : price > bid;
      return { what: 'limit', side, price, rate: isOpen ? tableAt(tables.limit, level, all) : 0 };
    }),
    ...places.map(({ price, level, all, without }): Choice => {
      const rate = without > 0 ? (tableAt(tables.cancel, level, all) * without) / all : 0;
      return { what: 'cancel', side: ownOrOthers(price), price, rate };
    }),
    ...places.map(({ price, level, all }): Choice => {
      const rate = price === bid || price === ask ? tableAt(tables.market, level, all) : 0;
      return { what: 'market', side: ownOrOthers(price), price, rate };
    }),
  ];
}

/** One event, unless it would come after the end. */
export function happen(
  config: LimitOrderBookConfig,
  exchange: Exchange,
  draws: Draws,
  end: number,
): void {
  const { flow, levels } = config;
  const excitation = flow.kind === 'poisson' ? flow.excitation : null;
  const [bid, ask] = [bestOf(config, exchange, 'bid'), bestOf(config, exchange, 'ask')];
  const total = (choices: readonly Choice[]): number =>
    choices.reduce((sum, { rate }) => sum + rate, 0);
  const factor = (): number => (excitation?.of === 'all' ? 1 + exchange.excitation[0] : 1);
  const bound = total(choicesOf(config, exchange)) * factor();
  const wait = -log(1 - draws.time) / bound;
  const decay = (time: number): void => {
    if (!excitation) return;
    const share = exp(-excitation.decay * time);
    exchange.excitation = [exchange.excitation[0] * share, exchange.excitation[1] * share];
  };
  const elapse = (time: number): void => {
    exchange.held += abs(exchange.inventory) * time;
    exchange.time += time;
    decay(time);
  };
  if (exchange.time + wait > end) {
    elapse(end - exchange.time);
    exchange.time = end;
    return;
  }
  elapse(wait);

  let left = draws.choice * bound;
  const chosen = choicesOf(config, exchange).find(({ rate }) => {
    left -= rate * factor();
    return left < 0;
  });
  if (chosen) {
    const size =
      config.sizes.kind === 'unit'
        ? 1
        : floor(log(1 - draws.size) / log1p(-1 / config.sizes.mean)) + 1;
    take(config, exchange, chosen, size, draws.ahead);
    if (excitation?.of === 'all') {
      exchange.excitation = [exchange.excitation[0] + excitation.jump, 0];
    } else if (excitation && chosen.what === 'market') {
      exchange.excitation[chosen.side === 'bid' ? 0 : 1] += excitation.jump;
    }
  }
  let ticks = 0;
  if (flow.kind === 'poisson') {
    const offset = bid + ask - (2 * exchange.anchor - 1);
    ticks = offset >= 2 ? 1 : offset <= -2 ? -1 : 0;
  } else {
    const rise = bestOf(config, exchange, 'bid') + bestOf(config, exchange, 'ask') - (bid + ask);
    const isFree = (price: number): boolean =>
      sides.every((side) => (exchange.queues[side].get(price)?.length ?? 0) === 0);
    const { referenceMove } = flow as QueueReactiveConfig;
    if (draws.reference < referenceMove) {
      if (rise > 0 && isFree(exchange.anchor)) ticks = 1;
      if (rise < 0 && isFree(exchange.anchor - 1)) ticks = -1;
    }
  }
  if (ticks === 0) return;
  exchange.anchor += ticks;
  const edge = ticks > 0 ? exchange.anchor + levels - 1 : exchange.anchor - levels;
  const side: Side = ticks > 0 ? 'ask' : 'bid';
  const entering = drawLevel(config, levels, draws.entering);
  const own = agents(exchange.queues[side].get(edge));
  exchange.queues[side].set(edge, [
    ...new Array<Owner>(own > 0 ? 0 : entering).fill('others'),
    ...new Array<Owner>(own).fill('agent'),
    ...new Array<Owner>(own > 0 ? entering : 0).fill('others'),
  ]);
  forget(config, exchange);
  if (
    flow.kind !== 'poisson' &&
    draws.reference <
      (flow as QueueReactiveConfig).referenceMove * (flow as QueueReactiveConfig).redraw
  ) {
    redraw(config, exchange, draws.redraw);
  }
}

/** Others' shares outside of the window are forgotten; the agent's stay. */
function forget({ levels }: LimitOrderBookConfig, exchange: Exchange): void {
  for (const side of sides) {
    for (const [price, queue] of exchange.queues[side]) {
      if (price < exchange.anchor - levels || price > exchange.anchor + levels - 1) {
        exchange.queues[side].set(
          price,
          queue.filter((owner) => owner === 'agent'),
        );
      }
    }
  }
}

/** A new book, in which the agent's orders keep as many ahead as there can be. */
function redraw(
  config: LimitOrderBookConfig,
  exchange: Exchange,
  uniforms: readonly number[],
): void {
  const old = { bid: new Map(exchange.queues.bid), ask: new Map(exchange.queues.ask) };
  const own = Object.fromEntries(
    sides.map((side) => [side, [...old[side]].find(([, queue]) => agents(queue) > 0)]),
  ) as Record<Side, [number, Owner[]] | undefined>;
  drawBook(config, exchange, uniforms);
  const [ownBid, ownAsk] = [own.bid?.[0] ?? -Infinity, own.ask?.[0] ?? Infinity];
  for (const [price, queue] of exchange.queues.bid) {
    if (price >= ownAsk || !inWindow(config, exchange, price) || price >= exchange.anchor) {
      exchange.queues.bid.set(
        price,
        queue.filter(() => false),
      );
    }
  }
  for (const [price, queue] of exchange.queues.ask) {
    if (price <= ownBid || !inWindow(config, exchange, price) || price < exchange.anchor) {
      exchange.queues.ask.set(
        price,
        queue.filter(() => false),
      );
    }
  }
  for (const side of sides) {
    if (!own[side]) continue;
    const [price, queue] = own[side];
    const count = others(exchange.queues[side].get(price));
    const ahead = min(count, queue.indexOf('agent'));
    exchange.queues[side].set(price, [
      ...new Array<Owner>(ahead).fill('others'),
      ...new Array<Owner>(agents(queue)).fill('agent'),
      ...new Array<Owner>(count - ahead).fill('others'),
    ]);
  }
}

const inWindow = ({ levels }: LimitOrderBookConfig, { anchor }: Exchange, price: number): boolean =>
  price >= anchor - levels && price <= anchor + levels - 1;

function take(
  config: LimitOrderBookConfig,
  exchange: Exchange,
  { what, side, price }: Choice,
  size: number,
  aheadDraw: number,
): void {
  if (!inWindow(config, exchange, price)) return;
  const queue = [...(exchange.queues[side].get(price) ?? [])];
  if (what === 'limit') queue.push(...new Array<Owner>(size).fill('others'));
  if (what === 'market') {
    for (const owner of queue.splice(0, size)) {
      if (owner === 'agent') fill(config, exchange, side, price);
    }
  }
  if (what === 'cancel') {
    const first = queue.indexOf('agent');
    const ahead = first < 0 ? queue.length : first;
    const isAhead = aheadDraw * others(queue) < ahead;
    for (let count = 0; count < size && others(queue) > 0; count += 1) {
      const own = queue.indexOf('agent');
      const hasAhead = own < 0 || own > 0;
      const hasBehind = queue.at(-1) === 'others';
      if ((isAhead && hasAhead) || !hasBehind) queue.shift();
      else queue.pop();
    }
  }
  exchange.queues[side].set(price, queue);
}

function fill(config: LimitOrderBookConfig, exchange: Exchange, side: Side, price: number): void {
  const sign = side === 'bid' ? 1 : -1;
  exchange.inventory += sign;
  exchange.cash -= sign * price + config.fees.maker;
  exchange.passive += 1;
}

/** A market order of the agent, share by share; positive: bought. */
export function tradeAtMarket(
  config: LimitOrderBookConfig,
  exchange: Exchange,
  shares: number,
): void {
  const side: Side = shares > 0 ? 'ask' : 'bid';
  for (let count = 0; count < abs(shares); count += 1) {
    const price = bestOf(config, exchange, side, 'others');
    const queue = exchange.queues[side].get(price);
    if (inWindow(config, exchange, price)) queue!.splice(queue!.indexOf('others'), 1);
    exchange.cash -= (shares > 0 ? price : -price) + config.fees.taker;
    exchange.inventory += shares > 0 ? 1 : -1;
  }
}

/** The agent's order on a side: price, shares, others' shares ahead. */
export function ownOrder(exchange: Exchange, side: Side) {
  const found = [...exchange.queues[side]].find(([, queue]) => agents(queue) > 0);
  if (!found) return null;
  const [price, queue] = found;
  return { price, size: agents(queue), ahead: queue.indexOf('agent') };
}

export function withdraw(exchange: Exchange, side: Side, keep = 0): void {
  const order = ownOrder(exchange, side);
  if (!order) return;
  let left = keep;
  exchange.queues[side].set(
    order.price,
    exchange.queues[side].get(order.price)!.filter((owner) => owner === 'others' || left-- > 0),
  );
}

/** At the back of the queue, unless an order already rests at that price. */
export function place(exchange: Exchange, side: Side, price: number, size: number): void {
  if (ownOrder(exchange, side)?.price === price) return;
  withdraw(exchange, side);
  const queue = exchange.queues[side].get(price) ?? [];
  exchange.queues[side].set(price, [...queue, ...new Array<Owner>(size).fill('agent')]);
}

export const depthOf = (exchange: Exchange, side: Side, price: number): number =>
  others(exchange.queues[side].get(price));
