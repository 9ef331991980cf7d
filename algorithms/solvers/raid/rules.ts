import { InputError } from '../../../engine/input-error';

/** A stop order: so much is sold at market once the mid is at or below the level. */
export interface Stop {
  /** L, half-ticks. */
  readonly level: number;
  /** V, units. */
  readonly volume: number;
}

/** A bear raid. Prices and cash are integers in half-ticks. */
export interface RaidProblem {
  /** M₀, above every stop. */
  readonly mid: number;
  /** g: how far a unit traded moves the mid. */
  readonly tick: number;
  /** In any order. */
  readonly stops: readonly Stop[];
  /** h, paid on every unit beside half of its own impact. */
  readonly halfSpread: number;
  /** n_max, units: the position stays within −n_max … 0. */
  readonly maxShort: number;
  /** m, units a period. */
  readonly maxTrade: number;
  /** T */
  readonly periods: number;
  /** r: how far the mid returns towards M₀ after each period. */
  readonly recovery: number;
  /** Buys up to so many units a period out of a budget of units; null: nobody does. */
  readonly defender: { readonly budget: number; readonly maxTrade: number } | null;
}

/** A raid in a market that also moves by itself. */
export interface NoisyRaidProblem extends RaidProblem {
  /**
   * After the recovery the mid moves by a whole number that is uniform within ± this and may fire stops,
   * half-ticks. Default 0.
   */
  readonly noise?: number;
}

/** Where a raid stands between two moves. */
export interface RaidState {
  /** Periods that are over. */
  readonly period: number;
  /** Half-ticks. */
  readonly mid: number;
  /** Stops fired: they fire from the highest level down. */
  readonly fired: number;
  /** −n_max … 0, units. */
  readonly position: number;
  /** What the defender can still buy, units. */
  readonly budget: number;
}

/** What a move of the predator leads to. */
export interface Traded {
  readonly state: RaidState;
  /** Received, half-ticks; negative: paid. */
  readonly cash: number;
  /** The mid after each unit and after each stop that it fired, half-ticks. */
  readonly mids: readonly number[];
}

/** The stops in the order in which they fire. */
export interface Ladder {
  /** Falling, half-ticks. */
  readonly levels: Float64Array;
  /** gV: how far each stop moves the mid, half-ticks. */
  readonly falls: Float64Array;
  /** Where each stands in the problem. */
  readonly order: readonly number[];
}

/** So that cash, mid times units, is exact in float64, and a mid a key of 32 bits. */
const greatest = 2 ** 24;

/** @throws InputError for a stop at or above the mid, or for more volume than prices can carry */
export function orderStops(problem: NoisyRaidProblem): Ladder {
  const { mid, tick, stops, maxShort, periods, noise = 0, defender } = problem;
  stops.forEach(({ level }, index) => {
    if (level >= mid) {
      throw new InputError(
        `stops.${index}.level: ${level} is not below the mid, so the stop has fired already; expected less than ${mid}`,
      );
    }
  });
  const volume = stops.reduce((sum, stop) => sum + stop.volume, 0);
  const reach = tick * (volume + maxShort + (defender?.budget ?? 0)) + noise * periods;
  if (!(mid + reach < greatest)) {
    throw new InputError(
      `mid: ${mid} moves by up to ${reach} half-ticks (tick times all volumes, and noise); expected less than ${greatest} together`,
    );
  }
  const order = stops.map((_, index) => index).sort((i, j) => stops[j]!.level - stops[i]!.level);
  return {
    levels: Float64Array.from(order, (index) => stops[index]!.level),
    falls: Float64Array.from(order, (index) => tick * stops[index]!.volume),
    order,
  };
}

/**
 * The predator's move: unit by unit, a sale at M − g/2 − h, then M − g; a purchase at M + g/2 + h,
 * then M + g. A stop fires where M ≤ L, takes M down by gV, and may set off the next.
 * @param units bought; negative: sold
 * @throws InputError where the position would leave −n_max … 0 or the move is larger than m
 */
export function tradeUnits(
  problem: RaidProblem,
  { levels, falls }: Ladder,
  state: RaidState,
  units: number,
): Traded {
  const position = state.position + units;
  if (
    !Number.isInteger(units) ||
    Math.abs(units) > problem.maxTrade ||
    position > 0 ||
    position < -problem.maxShort
  ) {
    throw new InputError(
      `units: ${units} at position ${state.position}; expected whole units, at most ${problem.maxTrade}, that leave −${problem.maxShort} to 0`,
    );
  }
  const { tick } = problem;
  const toll = tick / 2 + problem.halfSpread;
  const direction = Math.sign(units);
  const mids: number[] = [];
  let { mid, fired } = state;
  let cash = 0;
  for (let unit = 0; unit < Math.abs(units); unit += 1) {
    cash -= direction * mid + toll;
    mid += direction * tick;
    mids.push(mid);
    while (fired < levels.length && mid <= levels[fired]!) {
      mid -= falls[fired]!;
      mids.push(mid);
      fired += 1;
    }
  }
  return { state: { ...state, mid, fired, position }, cash, mids };
}

/** The defender's purchase, the recovery of the mid, and with them the end of a period without noise. */
export function endPeriod(problem: RaidProblem, state: RaidState, purchase: number): RaidState {
  const limit = Math.min(problem.defender?.maxTrade ?? 0, state.budget);
  if (!Number.isInteger(purchase) || purchase < 0 || purchase > limit) {
    throw new InputError(`purchase: ${purchase}; expected whole units, 0 to ${limit}`);
  }
  return {
    ...state,
    period: state.period + 1,
    mid: recover(state.mid + problem.tick * purchase, problem.mid, problem.recovery),
    budget: state.budget - purchase,
  };
}

/** The mid after it has moved by at most so much towards M₀. */
export function recover(mid: number, initial: number, recovery: number): number {
  if (mid < initial) return initial - mid > recovery ? mid + recovery : initial;
  return mid - initial > recovery ? mid - recovery : initial;
}

/** What it costs to buy back a short unit by unit, half-ticks: n(M + h) + gn²/2. */
export const costOfCovering = (
  { tick, halfSpread }: Pick<RaidProblem, 'tick' | 'halfSpread'>,
  mid: number,
  short: number,
): number => short * (mid + halfSpread) + (tick * short * short) / 2;
