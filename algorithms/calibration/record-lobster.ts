import {
  type LobsterBook,
  type LobsterEvent,
  lobsterPriceUnits,
  readLobster,
} from '../../envs/market-data/lobster';
import { badRow, type LineSource } from '../../envs/market-data/rows';
import { createFillJoiner, type MarketOrder } from './join-fills';
import {
  addCancellation,
  addLimitOrder,
  addMarketOrder,
  addStanding,
  findDistance,
  type OrderFlow,
} from './order-flow';
import type { Tape, TapeOptions } from './tape';

/** Where the sums of a calibration go. */
export interface LobsterRecord {
  readonly tape: Tape;
  readonly flow: OrderFlow;
  readonly session: TapeOptions['session'];
}

/**
 * Adds a day to the record. Its first row only says where the book begins. What happens while trading is
 * halted, hidden executions and crosses are no market orders; hidden executions are volume.
 * @returns the number of rows
 * @throws InputError for a bad row, and for a price between ticks
 */
export async function recordLobster(
  { tape, flow, session }: LobsterRecord,
  messages: LineSource,
  books: LineSource,
): Promise<number> {
  const [from, to] = session ?? [0, Infinity];
  const contains = (time: number) => time >= from && time <= to;
  const joiner = createFillJoiner((order: MarketOrder) => {
    if (!contains(order.time)) return;
    tape.marketOrder(order.time, order.reach / lobsterPriceUnits);
    addMarketOrder(flow, order.size);
  });
  let rows = 0;
  let time = NaN;
  let halted = false;
  for await (const event of readLobster(messages, books)) {
    const { before } = event;
    if (before && !halted) {
      const seconds = Math.min(event.time, to) - Math.max(time, from);
      if (seconds > 0 && !addStanding(flow, before, seconds)) {
        const tick = flow.tick / lobsterPriceUnits;
        throw badRow(books.file, event.line - 1, `a price between ticks of ${tick}; give --tick`);
      }
      if (event.kind === 'execution') {
        joiner.add({
          time: event.time,
          side: event.direction === 1 ? -1 : 1,
          price: event.price,
          size: event.size,
          mid: middle(before),
        });
      } else if (contains(event.time)) countOrder(flow, event, before);
      if (event.kind === 'execution' || event.kind === 'hidden-execution') {
        tape.trade(event.time, event.size);
      }
    }
    ({ time, halted } = event);
    rows += 1;
    const { bidPrices, askPrices, bidSizes, askSizes } = event.book;
    const isQuoted = !halted && bidSizes[0]! > 0 && askSizes[0]! > 0;
    tape.quote(
      time,
      isQuoted ? bidPrices[0]! / lobsterPriceUnits : NaN,
      isQuoted ? askPrices[0]! / lobsterPriceUnits : NaN,
    );
  }
  joiner.flush();
  if (rows > 0) tape.endDay(time);
  return rows;
}

/** Counts limit orders and cancellations. */
function countOrder(flow: OrderFlow, event: LobsterEvent, before: LobsterBook): void {
  const { kind, direction, price, size } = event;
  if (kind !== 'new' && kind !== 'partial-cancel' && kind !== 'delete') return;
  const distance = findDistance(flow, before, direction, price);
  if (distance === 0) return;
  if (kind === 'new') addLimitOrder(flow, distance, size);
  else addCancellation(flow, distance, size);
}

/** NaN where a side is empty. */
function middle({ bidPrices, askPrices }: LobsterBook): number {
  const mid = (bidPrices[0]! + askPrices[0]!) / 2;
  return Number.isFinite(mid) ? mid : NaN;
}
