/** The queues at the best quotes while the spread is one tick, rates per unit of time. */
export interface QueueRace {
  /** Limit orders λ(1) at each best quote. */
  readonly limit: number;
  /** Cancellation θ(1) of each order. */
  readonly cancel: number;
  /** Market orders μ a side. */
  readonly market: number;
}

/** Queues are cut here: with cancellation of each order, longer ones are all but never reached. */
const longestQueue = 60;
const precision = 1e-13;
const mostSweeps = 100_000;

/**
 * The probability that the mid price moves up next, by the sizes of the best queues at a spread of one
 * tick: the offers are gone before the bids, two birth–death processes with births at rate λ and deaths
 * at rate μ + xθ. Cont, Stoikov and Talreja (2010), proposition 2 and table 3; here the linear equations
 * of the race are solved by Gauss–Seidel sweeps.
 * @param sizes the largest size of interest
 * @returns [sizes][sizes]: row b − 1, column a − 1 for b orders bid for and a offered
 */
export function solveUpMove({ limit, cancel, market }: QueueRace, sizes: number): number[][] {
  const longest = Math.max(longestQueue, 2 * sizes);
  const width = longest + 1;
  // up[b · width + a]; the ends of the race are known: offers gone 1, bids gone 0.
  const up = new Float64Array(width * width).fill(0.5);
  for (let size = 1; size <= longest; size += 1) {
    up[size * width] = 1;
    up[size] = 0;
  }
  for (let sweep = 0; sweep < mostSweeps; sweep += 1) {
    let change = 0;
    for (let bid = 1; bid <= longest; bid += 1) {
      const [bidBirth, bidDeath] = [bid < longest ? limit : 0, market + bid * cancel];
      for (let ask = 1; ask <= longest; ask += 1) {
        const [askBirth, askDeath] = [ask < longest ? limit : 0, market + ask * cancel];
        const at = bid * width + ask;
        const next =
          (bidDeath * up[at - width]! +
            askDeath * up[at - 1]! +
            (bidBirth > 0 ? bidBirth * up[at + width]! : 0) +
            (askBirth > 0 ? askBirth * up[at + 1]! : 0)) /
          (bidBirth + bidDeath + askBirth + askDeath);
        change = Math.max(change, Math.abs(next - up[at]!));
        up[at] = next;
      }
    }
    if (change < precision) break;
  }
  return Array.from({ length: sizes }, (_, row) =>
    Array.from({ length: sizes }, (__, column) => up[(row + 1) * width + column + 1]!),
  );
}
