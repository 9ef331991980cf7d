import { type LobsterBook, readLobster } from '../../envs/market-data/lobster';
import type { LineSource } from '../../envs/market-data/rows';

/** Prices as whole numbers of this fraction of the currency. */
const gridUnits = 1e8;

/** The coarsest grid that holds every price shown to it. */
export interface PriceGrid {
  /** @param price quote currency; NaN does not count */
  add(price: number): void;
  /** Quote currency; null before the first price. */
  tick(): number | null;
}

/** The greatest common divisor of the prices. */
export function createPriceGrid(): PriceGrid {
  let divisor = 0;
  return {
    add(price) {
      const units = Math.round(price * gridUnits);
      if (units > 0) divisor = refineDivisor(divisor, units);
    },
    tick: () => (divisor === 0 ? null : divisor / gridUnits),
  };
}

/** How many rows of an order book show its tick. */
const enoughRows = 10_000;

/**
 * The tick of the first rows of an order book.
 * @returns price units of LOBSTER
 */
export async function inferBookTick(messages: LineSource, books: LineSource): Promise<number> {
  let tick = 0;
  for await (const { line, book } of readLobster(messages, books)) {
    tick = refineByBook(tick, book);
    if (line >= enoughRows) break;
  }
  return Math.max(tick, 1);
}

const refineByBook = (tick: number, { askPrices, bidPrices }: LobsterBook): number =>
  [...askPrices, ...bidPrices].filter(Number.isFinite).reduce(refineDivisor, tick);

/** Both whole numbers, the divisor 0 at first. */
function refineDivisor(divisor: number, units: number): number {
  if (divisor !== 0 && units % divisor === 0) return divisor;
  let [larger, smaller] = [units, divisor];
  while (smaller > 0) [larger, smaller] = [smaller, larger % smaller];
  return larger;
}
