/** What a buyer of one unit can do now. */
export type OrderAction =
  | { readonly kind: 'market' }
  /** A limit order so many ticks below the best bid. */
  | { readonly kind: 'limit'; readonly ticks: number }
  | { readonly kind: 'hold' };

export interface OrderProblem {
  readonly actions: readonly OrderAction[];
  /** s, quote currency. */
  readonly spread: number;
  /** Quote currency. */
  readonly tick: number;
  /** μ, quote currency: how far the mid is expected to rise. */
  readonly signal: number;
  /** p₀ at the best bid, and k per tick below it. */
  readonly fill: { readonly probability: number; readonly decay: number };
}

/**
 * The expected reward of each order against the mid now: of a market order μ − s/2, of a limit order
 * j ticks deep p₀e^{−kj}(μ + s/2 + j·tick), of none 0.
 * @returns rewards in quote currency, and the place of the greatest; the first of equal ones
 */
export function chooseOrder(problem: OrderProblem): { rewards: Float64Array; best: number } {
  const { spread, tick, signal, fill } = problem;
  const rewards = Float64Array.from(problem.actions, (action) => {
    switch (action.kind) {
      case 'market':
        return signal - spread / 2;
      case 'limit':
        return (
          fill.probability *
          Math.exp(-fill.decay * action.ticks) *
          (signal + spread / 2 + action.ticks * tick)
        );
      case 'hold':
        return 0;
    }
  });
  return {
    rewards,
    best: rewards.reduce((best, reward, i) => (reward > rewards[best]! ? i : best), 0),
  };
}
