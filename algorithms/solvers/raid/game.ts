import { InputError } from '../../../engine/input-error';
import {
  costOfCovering,
  endPeriod,
  type NoisyRaidProblem,
  orderStops,
  type RaidProblem,
  type RaidState,
  recover,
  type Traded,
  tradeUnits,
} from './rules';
import { createValueTable } from './value-table';

/** A raid with its exact solution, which is computed where it is asked for and remembered. */
export interface RaidGame {
  readonly start: RaidState;
  /** Where each stop stands in the problem, in the order in which they fire. */
  readonly order: readonly number[];
  /** @returns half-ticks that are still to come, the cost of covering included, both at their best */
  value(state: RaidState): number;
  /** The same once the predator has moved, with the defender to move. */
  valueAfterTrade(state: RaidState): number;
  /**
   * The predator's best move, units bought, negative for sold. Among equally good ones it stays out
   * where it is flat and can gain nothing, and otherwise does not wait.
   */
  bestTrade(state: RaidState): number;
  /** The defender's best purchase once the predator has moved, the smallest of equally good ones. */
  bestPurchase(state: RaidState): number;
  /** @throws InputError for a move against the rules */
  trade(state: RaidState, units: number): Traded;
  /** The end of a period in which noise moves nothing. @throws InputError for a purchase against the rules */
  endPeriod(state: RaidState, purchase: number): RaidState;
  /** Half-ticks. */
  costOfCovering(state: RaidState): number;
  /** How many states have been valued so far. */
  statesKnown(): number;
  /** Memory that their values take. */
  bytes(): number;
}

/**
 * Exact minimax over the states that can be reached, by a depth-first search that values each once; under
 * noise the mean over its jumps, by the same search.
 * Without recovery the mid follows from position, stops fired and budget, and states are few.
 * @throws InputError for stops at or above the mid, or for a game with too many states
 */
export function openRaid(problem: NoisyRaidProblem): RaidGame {
  const { mid: initial, tick, halfSpread, maxShort, maxTrade, periods, recovery } = problem;
  const budget = problem.defender?.budget ?? 0;
  const maxPurchase = problem.defender?.maxTrade ?? 0;
  const noise = problem.noise ?? 0;
  const ladder = orderStops(problem);
  const { levels, falls } = ladder;
  const toll = tick / 2 + halfSpread;

  const combinations = (periods + 1) * (levels.length + 1) * (budget + 1);
  if (!(combinations < 2 ** 31)) {
    throw new InputError(
      `periods × stops × budget comes to ${combinations} combinations; expected less than ${2 ** 31}`,
    );
  }
  const keyOf = (period: number, fired: number, left: number): number =>
    (period * (levels.length + 1) + fired) * (budget + 1) + left;

  // Trades leave the mid of a flat predator, M − gs, as it is, so a move stays within a row but for stops.
  const beforeTrade = createValueTable(maxShort + 1);
  const afterTrade = createValueTable(maxShort + 1);

  const valueBefore = (
    period: number,
    mid: number,
    fired: number,
    short: number,
    left: number,
  ): number => {
    if (period === periods) return 0 - costOfCovering(problem, mid, short);
    const key = keyOf(period, fired, left);
    const flat = mid + tick * short;
    const known = beforeTrade.get(flat, key, short);
    if (known === known) return known;

    let best = valueAfter(period, mid, fired, short, left);
    let cash = 0;
    let moved = mid;
    let triggered = fired;
    const sales = Math.min(maxTrade, maxShort - short);
    for (let units = 1; units <= sales; units += 1) {
      cash += moved - toll;
      moved -= tick;
      while (triggered < levels.length && moved <= levels[triggered]!) {
        moved -= falls[triggered]!;
        triggered += 1;
      }
      const value = cash + valueAfter(period, moved, triggered, short + units, left);
      if (value > best) best = value;
    }
    cash = 0;
    moved = mid;
    const purchases = Math.min(maxTrade, short);
    for (let units = 1; units <= purchases; units += 1) {
      cash -= moved + toll;
      moved += tick;
      const value = cash + valueAfter(period, moved, fired, short - units, left);
      if (value > best) best = value;
    }
    beforeTrade.add(flat, key, short, best);
    return best;
  };

  const valueAfter = (
    period: number,
    mid: number,
    fired: number,
    short: number,
    left: number,
  ): number => {
    const purchases = maxPurchase < left ? maxPurchase : left;
    if (purchases === 0 && noise === 0) return valueSettled(period, mid, fired, short, left);
    const key = keyOf(period, fired, left);
    const flat = mid + tick * short;
    const known = afterTrade.get(flat, key, short);
    if (known === known) return known;

    let best = valueSettled(period, mid, fired, short, left);
    for (let units = 1; units <= purchases; units += 1) {
      const value = valueSettled(period, mid + tick * units, fired, short, left - units);
      if (value < best) best = value;
    }
    afterTrade.add(flat, key, short, best);
    return best;
  };

  /** Both have moved: recovery and noise are to come. */
  const valueSettled = (
    period: number,
    mid: number,
    fired: number,
    short: number,
    left: number,
  ): number => {
    const recovered = recover(mid, initial, recovery);
    if (noise === 0) return valueBefore(period + 1, recovered, fired, short, left);
    let sum = 0;
    for (let jump = -noise; jump <= noise; jump += 1) {
      let moved = recovered + jump;
      let triggered = fired;
      while (triggered < levels.length && moved <= levels[triggered]!) {
        moved -= falls[triggered]!;
        triggered += 1;
      }
      sum += valueBefore(period + 1, moved, triggered, short, left);
    }
    return sum / (2 * noise + 1);
  };

  const value = (state: RaidState): number => {
    checkState(problem, state);
    return valueBefore(state.period, state.mid, state.fired, -state.position, state.budget);
  };
  const valueAfterTrade = (state: RaidState): number => {
    checkState(problem, state);
    if (state.period === periods) throw new InputError('period: the raid is over');
    return valueAfter(state.period, state.mid, state.fired, -state.position, state.budget);
  };
  const trade = (state: RaidState, units: number) => tradeUnits(problem, ladder, state, units);

  return {
    start: { period: 0, mid: initial, fired: 0, position: 0, budget },
    order: ladder.order,
    value,
    valueAfterTrade,
    bestTrade(state) {
      const { position } = state;
      if (position === 0 && value(state) === 0) return 0;
      const fromLargest = (units: number) => Array.from({ length: units }, (_, i) => units - i);
      const sales = fromLargest(Math.min(maxTrade, maxShort + position)).map((units) => -units);
      const purchases = fromLargest(Math.min(maxTrade, -position));
      return firstGreatest([...sales, ...purchases, 0], (units) => {
        const traded = trade(state, units);
        return traded.cash + valueAfterTrade(traded.state);
      });
    },
    bestPurchase(state) {
      checkState(problem, state);
      if (state.period === periods) throw new InputError('period: the raid is over');
      const purchases = Array.from(
        { length: Math.min(maxPurchase, state.budget) + 1 },
        (_, units) => units,
      );
      const { period, mid, fired, position, budget: left } = state;
      return firstGreatest(
        purchases,
        (units) => -valueSettled(period, mid + tick * units, fired, -position, left - units),
      );
    },
    trade,
    endPeriod: (state, purchase) => endPeriod(problem, state, purchase),
    costOfCovering: ({ mid, position }) => costOfCovering(problem, mid, -position),
    statesKnown: () => beforeTrade.size() + afterTrade.size(),
    bytes: () => beforeTrade.bytes() + afterTrade.bytes(),
  };
}

/** The first of those for which the score is greatest. */
function firstGreatest(
  candidates: readonly number[],
  score: (candidate: number) => number,
): number {
  let best = candidates[0]!;
  let greatest = score(best);
  for (const candidate of candidates.slice(1)) {
    const reached = score(candidate);
    if (reached > greatest) {
      best = candidate;
      greatest = reached;
    }
  }
  return best;
}

/** Keys of the tables are unique only within these bounds. */
function checkState({ periods, stops, maxShort, defender }: RaidProblem, state: RaidState): void {
  const within = (key: keyof RaidState, low: number, high: number) => {
    const value = state[key];
    if (!Number.isInteger(value) || value < low || value > high) {
      throw new InputError(`${key}: ${value}; expected a whole number, ${low} to ${high}`);
    }
  };
  within('period', 0, periods);
  within('mid', -(2 ** 30), 2 ** 30);
  within('fired', 0, stops.length);
  within('position', -maxShort, 0);
  within('budget', 0, defender?.budget ?? 0);
}
