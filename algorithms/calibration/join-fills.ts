/** The executions of market orders, joined into one for each order. */
export interface FillJoiner {
  /**
   * An execution.
   * @param side 1 the taker buys, −1 sells
   * @param price and `mid`, the mid before it, in one unit; NaN: no mid
   */
  add(fill: {
    readonly time: number;
    readonly side: 1 | -1;
    readonly price: number;
    readonly size: number;
    readonly mid: number;
  }): void;
  /** No more executions follow. */
  flush(): void;
}

export interface MarketOrder {
  readonly time: number;
  /** How far from the mid before the order it traded at its deepest; negative: beyond the mid. */
  readonly reach: number;
  readonly size: number;
}

/** Executions at one time with one taker's side are those of one market order. */
export function createFillJoiner(onOrder: (order: MarketOrder) => void): FillJoiner {
  let order: { time: number; side: 1 | -1; mid: number; reach: number; size: number } | null = null;
  const flush = () => {
    if (order) onOrder(order);
    order = null;
  };
  return {
    add({ time, side, price, size, mid }) {
      if (order && order.time === time && order.side === side) {
        order.reach = Math.max(order.reach, side * (price - order.mid));
        order.size += size;
        return;
      }
      flush();
      order = { time, side, mid, reach: side * (price - mid), size };
    },
    flush,
  };
}
