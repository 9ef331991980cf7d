import { type Estimate, estimateSeriesMean } from './estimate';

export interface VolatilityEstimate extends Estimate {
  /** Seconds between two samples of the mid price. */
  readonly sampling: number;
  /** Number of moves of the mid price it rests on. */
  readonly moves: number;
  /**
   * Correlation of successive moves; zero for a random walk. Clearly negative: the mid bounces, and
   * the volatility is too large for horizons much longer than the sampling.
   */
  readonly autocorrelation: Estimate;
  /** The same estimate at multiples of the sampling: falls where the mid bounces. */
  readonly signature: readonly (Estimate & { readonly sampling: number })[];
}

/** Multiples of the sampling at which the signature is taken, while so many moves remain. */
const multiples = [1, 2, 5, 10, 30];
const leastMoves = 20;

/**
 * Volatility σ of dS = σ dW: the square root of the realised variance Σ ΔS²/Σ Δt of the mid price
 * sampled evenly (Andersen, Bollerslev, Diebold and Labys 2003). The error is that of the mean of the
 * squared moves under heteroscedasticity and serial dependence (Newey and West 1987), as they are left
 * by changing activity and by noise; hence σ's by the delta method.
 * @param days for each day the mid at an even spacing, quote currency; NaN where there is none
 * @param sampling that spacing, seconds
 * @param unit seconds in the unit of time of the result
 * @returns quote currency / √(unit of time), or null where fewer than two moves are known
 */
export function estimateVolatility(
  days: readonly ArrayLike<number>[],
  sampling: number,
  unit: number,
): VolatilityEstimate | null {
  const moves = findMoves(days, 1);
  if (moves.length < 2) return null;
  const signature = multiples
    .map((multiple) => ({ multiple, moves: findMoves(days, multiple) }))
    .filter(({ multiple, moves }) => multiple === 1 || moves.length >= leastMoves)
    .map(({ multiple, moves }) => ({
      sampling: sampling * multiple,
      ...estimateDeviation(moves, (sampling * multiple) / unit),
    }));
  const { value, error } = signature[0]!;
  return {
    value,
    error,
    sampling,
    moves: moves.length,
    autocorrelation: estimateAutocorrelation(moves),
    signature,
  };
}

/** @param duration of a move, in units of time */
function estimateDeviation(moves: readonly number[], duration: number): Estimate {
  const { value: variance, error } = estimateSeriesMean(moves.map((move) => move * move));
  const deviation = Math.sqrt(variance / duration);
  if (error === null || variance === 0) return { value: deviation, error: null };
  return { value: deviation, error: error / (2 * Math.sqrt(variance * duration)) };
}

/** Σ ΔS_t ΔS_{t+1} / Σ ΔS², with the error under heteroscedasticity where the truth is zero. */
function estimateAutocorrelation(moves: readonly number[]): Estimate {
  let [products, squaredProducts, squares] = [0, 0, 0];
  moves.forEach((move, index) => {
    const product = index === 0 ? 0 : move * moves[index - 1]!;
    products += product;
    squaredProducts += product * product;
    squares += move * move;
  });
  if (squares === 0) return { value: 0, error: null };
  return { value: products / squares, error: Math.sqrt(squaredProducts) / squares };
}

/** The known moves over so many samples, which do not overlap. */
function findMoves(days: readonly ArrayLike<number>[], multiple: number): number[] {
  const moves: number[] = [];
  for (const mids of days) {
    for (let index = multiple; index < mids.length; index += multiple) {
      const move = mids[index]! - mids[index - multiple]!;
      if (!Number.isNaN(move)) moves.push(move);
    }
  }
  return moves;
}
