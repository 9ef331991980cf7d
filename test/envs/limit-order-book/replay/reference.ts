import type { Row } from './simulate-day';

const { floor, max, min } = Math;

/** An order of the agent in plain numbers. */
export interface Resting {
  readonly side: 'bid' | 'ask';
  /** Ticks. */
  readonly price: number;
  readonly size: number;
  /** Recorded shares that come first. */
  readonly ahead: number;
}

/** The rows of a book with a price in it, the mid rounded up: which prices the window shows. */
export function windowOf(depth: ReadonlyMap<number, number>, levels: number) {
  const bid = max(...[...depth].filter(([, shares]) => shares < 0).map(([price]) => price));
  const ask = min(...[...depth].filter(([, shares]) => shares > 0).map(([price]) => price));
  const anchor = floor((bid + ask) / 2) + 1;
  const prices = Array.from({ length: 2 * levels }, (_, column) => anchor + column - levels);
  return { bid, ask, anchor, shares: prices.map((price) => depth.get(price) ?? 0) };
}

/** What a recorded row does to a resting order: the shares it fills, and what is left. */
export function playRow(
  order: Resting,
  before: ReadonlyMap<number, number>,
  row: Row,
  draw: number,
): { filled: number; order: Resting } {
  const { side, price, size } = order;
  const isBid = side === 'bid';
  const ofSide = (row.direction === 1) === isBid;
  const reaches = isBid ? row.price <= price : row.price >= price;
  const here = ofSide && row.price === price;
  let { ahead } = order;
  let filled = 0;
  if ((row.type === 4 || row.type === 5) && ofSide && reaches) {
    const first = here ? min(ahead, row.size) : 0;
    filled = min(size, row.size - first);
    if (row.type === 4) ahead -= first;
  } else if (row.type === 1 && !ofSide && reaches) {
    filled = min(size, row.size);
  } else if ((row.type === 2 || row.type === 3) && here) {
    const queue = max(...[before.get(price) ?? 0].map(Math.abs));
    ahead -= min(ahead, row.size, floor((row.size * ahead) / queue + draw));
  }
  const left = row.depth.get(price) ?? 0;
  const queue = isBid ? max(-left, 0) : max(left, 0);
  return { filled, order: { side, price, size: size - filled, ahead: min(ahead, queue) } };
}
