/**
 * The marginal cost λ at which the periods trade a quantity: Σ min(cap_t, λ/a_t) = Q.
 *
 * The sum is piecewise linear in λ with a bend at each a_t·cap_t. The bends are sorted; each step compares
 * the sum at the middle one with Q, and settles for half of the periods whether their cap binds: O(N) after
 * the sort.
 * @param impact a₁ … a_N, positive
 * @param cap shares; infinity where there is none
 * @returns λ of a quantity of at most Σ cap; where every cap binds, the least that is right
 */
export function createLevel(
  impact: ArrayLike<number>,
  cap: Float64Array,
): (quantity: number) => number {
  const bends = cap.map((most, t) => most * impact[t]!);
  const sorted = Float64Array.from(bends).sort();
  return (quantity) => {
    if (quantity === 0) return 0;
    const open = new Int32Array(bends.length);
    for (let t = 0; t < open.length; t += 1) open[t] = t;
    let [from, to] = [0, sorted.length];
    /** Of the periods that are settled: Σ cap where it binds, Σ 1/a where it does not. */
    let [bound, ease] = [0, 0];
    let [low, high] = [0, sorted[to - 1]!];
    while (from < to) {
      const bend = sorted[(from + to) >> 1]!;
      const count = to - from;
      let [boundThere, easeAbove] = [0, 0];
      for (let i = 0; i < count; i += 1) {
        const t = open[i]!;
        if (bends[t]! <= bend) boundThere += cap[t]!;
        else easeAbove += 1 / impact[t]!;
      }
      const reached =
        bend === Infinity || bound + boundThere + bend * (ease + easeAbove) >= quantity;
      let left = 0;
      for (let i = 0; i < count; i += 1) {
        const t = open[i]!;
        if (reached ? bends[t]! < bend : bends[t]! > bend) open[left++] = t;
        else if (reached) ease += 1 / impact[t]!;
      }
      if (reached) {
        to = from + left;
        high = bend;
      } else {
        bound += boundThere;
        from = to - left;
        low = bend;
      }
    }
    const level = ease > 0 ? (quantity - bound) / ease : high;
    return Math.min(Math.max(level, low), high);
  };
}

/** ½Σ a x², quote currency. */
export function costOf(trades: Float64Array, impact: ArrayLike<number>): number {
  return trades.reduce((sum, x, t) => sum + 0.5 * impact[t]! * x * x, 0);
}
