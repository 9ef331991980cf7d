import type { Quote, Trade } from '../../envs/market-data/trades-and-quotes';
import { createFillJoiner } from './join-fills';
import type { PriceGrid } from './price-grid';
import { type Tape, secondsPerDay } from './tape';

/**
 * Adds trades and quotes to the tape, in the order of `mergeTradesAndQuotes`. Midnight (of the times'
 * own clock) ends a day, as the end of the file does. A trade without a side counts for the taker's
 * side of the mid; at the mid it is volume only.
 * @param grid is shown the quotes' prices
 * @param lag seconds, that of the merge
 * @returns the number of rows
 */
export async function recordTrades(
  tape: Tape,
  grid: PriceGrid,
  rows: AsyncIterable<Trade | Quote>,
  lag = 0,
): Promise<number> {
  const joiner = createFillJoiner(({ time, reach }) => {
    if (!Number.isNaN(reach)) tape.marketOrder(time, reach);
  });
  let count = 0;
  let [midnight, last] = [NaN, NaN];
  let [bid, ask] = [NaN, NaN];
  for await (const row of rows) {
    // A trade that meets the quotes of some time before it belongs to that moment.
    const moment = row.kind === 'trade' ? row.time - lag : row.time;
    if (!(moment < midnight + secondsPerDay)) {
      joiner.flush();
      if (count > 0) tape.endDay(last);
      midnight = Math.floor(moment / secondsPerDay) * secondsPerDay;
      [bid, ask] = [NaN, NaN];
    }
    count += 1;
    const time = Math.max(moment - midnight, 0);
    last = time;
    if (row.kind === 'quote') {
      ({ bid, ask } = row);
      tape.quote(time, bid, ask);
      grid.add(bid);
      grid.add(ask);
      continue;
    }
    const mid = (bid + ask) / 2;
    tape.trade(time, row.size);
    const side = row.side ?? (Math.sign(row.price - mid) as 1 | 0 | -1);
    if (side === 1 || side === -1) {
      joiner.add({ time, side, price: row.price, size: row.size, mid });
    }
  }
  joiner.flush();
  if (count > 0) tape.endDay(last);
  return count;
}
