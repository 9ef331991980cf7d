import { InputError } from '../../../engine/input-error';
import { type Choices, type Decisions, decide } from './choices';

/**
 * A market maker's inventory as a Markov decision process. Both sides of the market are alike, so that
 * values depend on the distance |q| from zero alone and quotes swap sides with the sign of q.
 */
export interface InventoryProcess {
  readonly choices: Choices;
  /** What a step costs at |q| = 0 … Q, quote currency. */
  readonly penalty: Float64Array;
}

export interface BellmanSolution {
  /** By distance, quote currency, [Q + 1]. */
  readonly value: Float64Array;
  readonly decisions: Decisions;
  /** Improvements of the quotes, each at every inventory. */
  readonly iterations: number;
  /** Half the distance between the bounds of MacQueen and Porteus. */
  readonly errorBound: number;
}

/** After so many improvements without the bounds closing in, something is wrong: a dozen is usual. */
const patience = 1000;
/** What rounding may add to a residual, relative to the greatest value. */
const rounding = 16 * Number.EPSILON;

/**
 * The greatest expected sum of discounted rewards. Value iteration in Howard's form: quotes are
 * improved by a Bellman sweep, then valued exactly, which moves between neighbouring inventories make a
 * tridiagonal system. The sweep also bounds the optimum on both sides, Tv + β/(1 − β)·[min, max] of
 * Tv − v (MacQueen 1966, Porteus 1971); it ends when the bounds are close enough, or when only rounding
 * is left between them.
 * @param discount β a step, below 1
 * @param tolerance on the error bound, quote currency
 */
export function solveDiscounted(
  { choices, penalty }: InventoryProcess,
  discount: number,
  tolerance: number,
): BellmanSolution {
  const amplified = discount / (1 - discount);
  let value: Float64Array = new Float64Array(penalty.length);
  for (let iterations = 1; iterations <= patience; iterations += 1) {
    const decisions = decide(
      choices,
      value.map((entry) => discount * entry),
    );
    const residual = decisions.gain.map(
      (gain, q) => gain - penalty[q]! - (1 - discount) * value[q]!,
    );
    const { low, high } = rangeOf(residual);
    const errorBound = (amplified * (high - low)) / 2;
    if (errorBound <= Math.max(tolerance, amplified * rounding * greatest(value))) {
      const shift = (amplified * (low + high)) / 2;
      const improved = value.map((entry, q) => entry + residual[q]! + shift);
      return { value: improved, decisions, iterations, errorBound };
    }
    value = valueOf({ choices, penalty }, decisions, discount);
  }
  throw new InputError('discount: the bounds do not close in; expected a greater tolerance');
}

/**
 * The greatest mean reward a step in the long run, and the values relative to inventory 0. As above; the
 * bounds on the mean are the least and the greatest of Tv − v. Where quotes leave inventories from which
 * there is no way to zero, their means differ, and the values of a discount close to 1 show the way.
 * @throws InputError where no quote is ever filled: the mean then depends on where one starts
 */
export function solveAverage(
  { choices, penalty }: InventoryProcess,
  tolerance: number,
): BellmanSolution & { readonly gain: number } {
  if (!choices.probability.some((chance) => chance > 0)) {
    throw new InputError(
      'depths: none is ever filled, so that there is no single average; expected shallower ones',
    );
  }
  let value: Float64Array = new Float64Array(penalty.length);
  let impatience = 1e-3;
  for (let iterations = 1; iterations <= patience; iterations += 1) {
    const decisions = decide(choices, value);
    const residual = decisions.gain.map((gain, q) => gain - penalty[q]!);
    const { low, high } = rangeOf(residual);
    const errorBound = (high - low) / 2;
    if (errorBound <= Math.max(tolerance, rounding * greatest(value))) {
      return { value, decisions, iterations, errorBound, gain: (low + high) / 2 };
    }
    const valued = relativeValueOf({ choices, penalty }, decisions);
    if (valued === null) impatience = Math.max(impatience / 10, 1e-13);
    value =
      valued ?? relative(solveDiscounted({ choices, penalty }, 1 - impatience, tolerance).value);
  }
  throw new InputError('average: the bounds do not close in; expected a greater tolerance');
}

/** The greatest expected sum of rewards in so many periods, and the decisions of the first one. */
export function solvePeriods(
  { choices, penalty }: InventoryProcess,
  periods: number,
): BellmanSolution {
  let value: Float64Array = new Float64Array(penalty.length);
  let decisions = decide(choices, value);
  for (let period = 1; ; period += 1) {
    const { gain } = decisions;
    value = value.map((entry, q) => entry + gain[q]! - penalty[q]!);
    if (period === periods) return { value, decisions, iterations: periods, errorBound: 0 };
    decisions = decide(choices, value);
  }
}

/** What quotes bring in a step: chances of one share more and one less distance, and the reward. */
function movesOf({ choices, penalty }: InventoryProcess, { away, toward }: Decisions) {
  const { probability, earned } = choices;
  const up = new Float64Array(penalty.length);
  const down = new Float64Array(penalty.length);
  const reward = new Float64Array(penalty.length);
  for (let q = 0; q < penalty.length; q += 1) {
    const outwards = away[q]! < 0 ? 0 : probability[away[q]!]!;
    const inwards = probability[toward[q]!]!;
    up[q] = outwards * (1 - inwards);
    down[q] = inwards * (1 - outwards);
    reward[q] = (away[q]! < 0 ? 0 : earned[away[q]!]!) + earned[toward[q]!]! - penalty[q]!;
  }
  // From zero, both sides lead to distance 1.
  up[0] = up[0]! + down[0]!;
  down[0] = 0;
  return { up, down, reward };
}

/** v = r + βPv for fixed quotes; the elimination, from Q inwards, subtracts nothing. */
function valueOf(
  process: InventoryProcess,
  decisions: Decisions,
  discount: number,
): Float64Array<ArrayBuffer> {
  const { up, down, reward } = movesOf(process, decisions);
  const width = reward.length;
  const value = new Float64Array(width);
  const inwards = new Float64Array(width);
  for (let q = width - 1, remainder = 1, outer = 0; q >= 0; q -= 1) {
    const kept = 1 - discount + discount * up[q]! * remainder;
    const pivot = kept + discount * down[q]!;
    outer = (reward[q]! + discount * up[q]! * outer) / pivot;
    value[q] = outer;
    inwards[q] = (discount * down[q]!) / pivot;
    remainder = kept / pivot;
  }
  for (let q = 1; q < width; q += 1) value[q] = value[q]! + inwards[q]! * value[q - 1]!;
  return value;
}

/**
 * g + h = r + Ph for fixed quotes, h(0) = 0. The slopes h(q) − h(q − 1) = a − b·g follow from Q inwards.
 * @returns null where some distance has no way towards zero
 */
function relativeValueOf(
  process: InventoryProcess,
  decisions: Decisions,
): Float64Array<ArrayBuffer> | null {
  const { up, down, reward } = movesOf(process, decisions);
  const width = reward.length;
  const a = new Float64Array(width + 1);
  const b = new Float64Array(width + 1);
  for (let q = width - 1; q >= 1; q -= 1) {
    a[q] = (reward[q]! + up[q]! * a[q + 1]!) / down[q]!;
    b[q] = (1 + up[q]! * b[q + 1]!) / down[q]!;
  }
  const gain = (reward[0]! + up[0]! * a[1]!) / (1 + up[0]! * b[1]!);
  const value = new Float64Array(width);
  for (let q = 1; q < width; q += 1) value[q] = value[q - 1]! + (a[q]! - b[q]! * gain);
  return value.every(Number.isFinite) ? value : null;
}

const relative = (value: Float64Array): Float64Array<ArrayBuffer> =>
  Float64Array.from(value, (entry) => entry - value[0]!);

const greatest = (values: Float64Array): number =>
  values.reduce((most, entry) => Math.max(most, Math.abs(entry)), 0);

function rangeOf(values: Float64Array): { low: number; high: number } {
  let low = Infinity;
  let high = -Infinity;
  for (const entry of values) {
    low = Math.min(low, entry);
    high = Math.max(high, entry);
  }
  return { low, high };
}
