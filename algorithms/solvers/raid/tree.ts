import { InputError } from '../../../engine/input-error';
import {
  costOfCovering,
  type Ladder,
  orderStops,
  type RaidProblem,
  type RaidState,
  recover,
  tradeUnits,
} from './rules';

/** States side by side: entry i of each is state i. */
export interface RaidStates {
  readonly count: number;
  /** Periods that are over. */
  readonly period: Int32Array;
  /** Half-ticks. */
  readonly mid: Int32Array;
  readonly fired: Int32Array;
  /** −n_max … 0, units. */
  readonly position: Int32Array;
  /** What the defender can still buy, units. */
  readonly budget: Int32Array;
}

/** One player's side of a raid: where it can be to move, and what its moves are. */
export interface RaidMoves {
  /** By period. */
  readonly states: RaidStates;
  /** [T + 1] where the states of each period begin, and where they end. */
  readonly starts: readonly number[];
  /** Moves side by side in what follows, the forbidden ones included. */
  readonly options: number;
  /** [count · options] the other player's state that a move leads to; −1: not allowed. */
  readonly next: Int32Array;
  /** [count · options] half-ticks that the predator receives by it. */
  readonly cash: Float64Array;
}

/**
 * Every state that any play of both sides can reach. The predator's option i buys i − m units, the
 * defender's option i buys i. A move that ends the game leads to the predator's state `count`, and its
 * cash is what covering the short costs.
 */
export interface RaidTree {
  readonly periods: number;
  readonly predator: RaidMoves;
  readonly defender: RaidMoves;
}

/** Of both sides together. */
const mostStates = 5_000_000;

/** @throws InputError for stops at or above the mid, or for a game with too many states */
export function enumerateRaid(problem: RaidProblem): RaidTree {
  const { periods, maxTrade } = problem;
  const ladder = orderStops(problem);
  const budget = problem.defender?.budget ?? 0;
  const maxPurchase = problem.defender?.maxTrade ?? 0;
  const predator = collectMoves(2 * maxTrade + 1);
  const defender = collectMoves(maxPurchase + 1);
  const keyOf = numberStates(problem, ladder);

  let open: RaidState[] = [{ period: 0, mid: problem.mid, fired: 0, position: 0, budget }];
  for (let period = 0; period < periods; period += 1) {
    const answers = gather(defender.count(), keyOf);
    for (const state of open) {
      const short = -state.position;
      const room = problem.maxShort - short;
      predator.add(state, (option) => {
        const units = option - maxTrade;
        if (units > short || -units > room) return null;
        const traded = tradeUnits(problem, ladder, state, units);
        return { next: answers.place(traded.state), cash: traded.cash };
      });
    }
    const following = gather(predator.count(), keyOf);
    for (const state of answers.states) {
      defender.add(state, (option) => {
        if (option > state.budget) return null;
        const next: RaidState = {
          ...state,
          period: period + 1,
          mid: recover(state.mid + problem.tick * option, problem.mid, problem.recovery),
          budget: state.budget - option,
        };
        if (next.period < periods) return { next: following.place(next), cash: 0 };
        return {
          next: predator.count(),
          cash: 0 - costOfCovering(problem, next.mid, -next.position),
        };
      });
    }
    if (predator.count() + defender.count() > mostStates) {
      throw new InputError(
        `more than ${mostStates} states; expected fewer periods or stops, less maxShort, budget or recovery`,
      );
    }
    predator.endPeriod();
    defender.endPeriod();
    open = following.states;
  }
  return { periods, predator: predator.done(), defender: defender.done() };
}

/** A number for each state of one period. */
function numberStates(
  { maxShort, defender }: RaidProblem,
  { levels }: Ladder,
): (state: RaidState) => number {
  const budgets = (defender?.budget ?? 0) + 1;
  const combinations = (levels.length + 1) * (maxShort + 1) * budgets;
  if (!(combinations < 2 ** 27)) {
    throw new InputError(
      `stops × maxShort × budget comes to ${combinations} combinations; expected less than ${2 ** 27}`,
    );
  }
  return ({ mid, fired, position, budget }) =>
    ((mid * (levels.length + 1) + fired) * (maxShort + 1) - position) * budgets + budget;
}

/** Different states in the order in which they are met, numbered from `first`. */
function gather(first: number, keyOf: (state: RaidState) => number) {
  const places = new Map<number, number>();
  const states: RaidState[] = [];
  return {
    states,
    place(state: RaidState): number {
      const key = keyOf(state);
      const known = places.get(key);
      if (known !== undefined) return known;
      const place = first + states.length;
      places.set(key, place);
      states.push(state);
      return place;
    },
  };
}

/** Collects a player's states and what each option leads to; null: not allowed. */
function collectMoves(options: number) {
  const states: RaidState[] = [];
  const next: number[] = [];
  const cash: number[] = [];
  const starts = [0];
  return {
    count: () => states.length,
    add(
      state: RaidState,
      lead: (option: number) => { readonly next: number; readonly cash: number } | null,
    ) {
      states.push(state);
      for (let option = 0; option < options; option += 1) {
        const led = lead(option);
        next.push(led?.next ?? -1);
        cash.push(led?.cash ?? 0);
      }
    },
    endPeriod() {
      starts.push(states.length);
    },
    done(): RaidMoves {
      const column = (name: keyof RaidState) => Int32Array.from(states, (state) => state[name]);
      return {
        states: {
          count: states.length,
          period: column('period'),
          mid: column('mid'),
          fired: column('fired'),
          position: column('position'),
          budget: column('budget'),
        },
        starts,
        options,
        next: Int32Array.from(next),
        cash: Float64Array.from(cash),
      };
    },
  };
}
