import type { Random } from '../../../algorithms/calibration/simulate';

const { abs, floor, max, min } = Math;

interface Order {
  readonly id: number;
  size: number;
}

export interface DayOptions {
  readonly events: number;
  /** Levels of the order-book file. */
  readonly levels: number;
  /** Ticks at which the day begins. */
  readonly middle: number;
  /** Mean seconds between two events. */
  readonly pace?: number;
  /** Seconds after midnight. */
  readonly open?: number;
  /** Price units of LOBSTER in a tick. */
  readonly tick?: number;
}

/**
 * A recorded day with order ids and price-time priority: limit orders within and behind the spread, partial
 * cancellations and deletions of orders anywhere in their queue, market orders that walk the book (a row an
 * order that they meet), and hidden executions.
 * @returns the lines of a message file and its order-book file
 */
export function simulateDay(
  random: Random,
  { events, levels, middle, pace = 1, open = 34_200, tick = 100 }: DayOptions,
): { readonly messages: string[]; readonly books: string[] } {
  const whole = (from: number, to: number) => from + floor(random.uniform() * (to - from + 1));
  /** By side (1 bid, −1 ask) and price in ticks: the queue, the first to trade first. */
  const book = new Map<1 | -1, Map<number, Order[]>>([
    [1, new Map()],
    [-1, new Map()],
  ]);
  let id = 0;
  let time = open;
  const [messages, books]: [string[], string[]] = [[], []];
  const pricesOf = (side: 1 | -1) =>
    [...book.get(side)!.keys()].sort((left, right) => side * (right - left));
  const best = (side: 1 | -1) => pricesOf(side)[0]!;
  const add = (side: 1 | -1, price: number, size: number): Order => {
    const order = { id: (id += 1), size };
    book.get(side)!.set(price, [...(book.get(side)!.get(price) ?? []), order]);
    return order;
  };
  const take = (side: 1 | -1, price: number, order: Order, size: number): void => {
    order.size -= size;
    if (order.size > 0) return;
    const left = book
      .get(side)!
      .get(price)!
      .filter((one) => one !== order);
    if (left.length > 0) book.get(side)!.set(price, left);
    else book.get(side)!.delete(price);
  };
  const print = (type: number, order: number, size: number, price: number, side: 1 | -1) => {
    messages.push(`${time.toFixed(6)},${type},${order},${size},${price * tick},${side}`);
    const sides = ([-1, 1] as const).map((one) => pricesOf(one).slice(0, levels));
    const row = Array.from({ length: levels }, (_, level) =>
      ([-1, 1] as const).flatMap((one, which) => {
        const at = sides[which]![level];
        if (at === undefined) return [-one * 9_999_999_999, 0];
        const queue = book.get(one)!.get(at)!;
        return [at * tick, queue.reduce((sum, { size }) => sum + size, 0)];
      }),
    );
    books.push(row.flat().join(','));
  };

  for (let away = 1; away <= 40; away += 1) {
    for (const side of [1, -1] as const) add(side, middle - side * away, whole(1, 5) * 10);
  }
  while (messages.length < events) {
    time += random.exponential(1 / pace);
    const side = random.uniform() < 0.5 ? 1 : -1;
    const choice = random.uniform();
    if (choice < 0.55) {
      const price = best(side === 1 ? -1 : 1) - side * whole(1, 5);
      const size = whole(1, 5) * 10;
      print(1, add(side, price, size).id, size, price, side);
    } else if (choice < 0.75) {
      const prices = pricesOf(side);
      const price = prices[min(whole(0, 6), prices.length - 1)]!;
      const queue = book.get(side)!.get(price)!;
      const order = queue[whole(0, queue.length - 1)]!;
      if (prices.length < 12 && queue.length === 1) continue;
      const isPartial = order.size > 10 && random.uniform() < 0.5;
      const size = isPartial ? whole(1, order.size / 10 - 1) * 10 : order.size;
      take(side, price, order, size);
      print(isPartial ? 2 : 3, order.id, size, price, side);
    } else if (choice < 0.95) {
      for (let left = whole(1, 7) * 10; left > 0 && pricesOf(side).length > 12;) {
        const price = best(side);
        const [order] = book.get(side)!.get(price)!;
        const size = min(left, order!.size);
        take(side, price, order!, size);
        left -= size;
        print(4, order!.id, size, price, side);
      }
    } else {
      const inside = whole(0, max(abs(best(-1) - best(1)) - 1, 0));
      print(5, 0, whole(1, 3) * 10, best(side) + side * inside, side);
    }
  }
  // A market order may have printed more rows than were asked for.
  return { messages: messages.slice(0, events), books: books.slice(0, events) };
}

/** A row of both files. */
export interface Row {
  readonly time: number;
  readonly type: number;
  readonly size: number;
  /** Ticks. */
  readonly price: number;
  readonly direction: number;
  /** Shares at each price in ticks, those bid for negative. */
  readonly depth: ReadonlyMap<number, number>;
}

/** Reads the lines again, in the plainest way. */
export function parseDay(
  { messages, books }: { readonly messages: readonly string[]; readonly books: readonly string[] },
  tick = 100,
): Row[] {
  return messages.map((message, index) => {
    const [time, type, , size, price, direction] = message.split(',').map(Number);
    const numbers = books[index]!.split(',').map(Number);
    const depth = new Map<number, number>();
    for (let at = 0; at < numbers.length; at += 2) {
      if (numbers[at + 1]! === 0) continue;
      depth.set(numbers[at]! / tick, numbers[at + 1]! * (at % 4 === 0 ? 1 : -1));
    }
    return {
      time: time!,
      type: type!,
      size: size!,
      price: price! / tick,
      direction: direction!,
      depth,
    };
  });
}
