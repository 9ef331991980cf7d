import { choicesOf, type OrderPlacementConfig } from '../../../envs/order-placement/config';
import type { FiniteMarket } from './market';

/**
 * The place of an order among those there can be: 0 for none, else 1 + depth · (longest + 1) + ahead.
 */
export const orderPlace = (longest: number, depth: number, ahead: number): number =>
  1 + depth * (longest + 1) + ahead;

/** Where values stand: of q units left with an order in a market state, (q · orders + order) · size + state. */
export interface Layout {
  readonly orders: number;
  readonly size: number;
  /** Numbers in all, for q = 0 … quantity. */
  readonly length: number;
}

function layoutOf(config: OrderPlacementConfig, market: FiniteMarket): Layout {
  const orders = 1 + config.levels * (market.longest + 1);
  return {
    orders,
    size: market.size,
    length: (config.quantity + 1) * orders * market.size,
  };
}

/** The values of having an order, by its place, or a market order, through one step. */
interface StepValues {
  /** Of the layout: with the order of that place standing; place 0 is to hold. */
  readonly standing: Float64Array;
  /** [(quantity + 1) · size]: of buying a unit at market. */
  readonly market: Float64Array;
}

/** What is bought costs a bit more, or less, than the mid: minus that, a unit. */
function edgesOf(config: OrderPlacementConfig, spread: number) {
  const { fees, arrivalPrice, tick, unfinished } = config;
  const market = -spread / 2 - fees.taker * arrivalPrice;
  return {
    market,
    limit: (depth: number) => spread / 2 + depth * tick - fees.maker * arrivalPrice,
    /** Of q units left after the last step. @param drift of the mid, which those abandoned miss */
    close: (q: number, drift: number): number =>
      unfinished.kind === 'cross'
        ? q * (market - unfinished.penalty) - unfinished.quadratic * q * q
        : -q * drift,
  };
}

/** What the bid does when sellers came so far: how likely it is, and its moves with their probabilities. */
interface Sellers {
  readonly chance: number;
  readonly reached: boolean;
  readonly drift: number;
  readonly moves: readonly (readonly [ticks: number, chance: number])[];
}

/** Sellers reach the order, only the best bid, or not even that. @param depth −1 for no order */
function sellersFor(
  { adverseSelection, volatility, tick }: OrderPlacementConfig,
  { probability, reach }: FiniteMarket,
  drift: number,
  depth: number,
): Sellers[] {
  const reaching = depth < 0 ? 0 : reach[depth]!;
  const about = (chance: number, reached: boolean, came: number): Sellers => {
    const mean = drift - adverseSelection * (came - probability);
    const below = Math.floor(mean / tick);
    const up = mean / tick - below;
    const side = volatility / 2;
    const moves: Sellers['moves'] = [
      [below - 1, (1 - up) * side],
      [below, (1 - up) * (1 - volatility) + up * side],
      [below + 1, up * (1 - volatility) + (1 - up) * side],
      [below + 2, up * side],
    ];
    return {
      chance,
      reached,
      drift: mean,
      moves: moves.filter(([, likely]) => likely > 0),
    };
  };
  return [
    about(reaching, true, 1),
    about(probability - reaching, false, 1),
    about(1 - probability, false, 0),
  ].filter(({ chance }) => chance > 0);
}

/** Row n, column k: the probability that k of n orders are still there. */
function survival(longest: number, cancelRate: number): Float64Array[] {
  const rows = [Float64Array.from([1])];
  for (let n = 1; n <= longest; n += 1) {
    const before = rows[n - 1]!;
    rows.push(
      Float64Array.from(
        { length: n + 1 },
        (_, k) => cancelRate * (before[k] ?? 0) + (1 - cancelRate) * (before[k - 1] ?? 0),
      ),
    );
  }
  return rows;
}

/** The values of one step, from those after it. */
export interface StepValuation {
  readonly layout: Layout;
  /**
   * The expected shortfall, negated, of every order through one step and the best afterwards.
   * @param next of the layout: the values after the step, in expectation over the next market state given
   *   this one; null in the last step
   * @returns the value of a choice where q units are left, with an order of that place, in a market state
   */
  valueChoices(
    next: Float64Array | null,
  ): (choice: number, q: number, place: number, state: number) => number;
}

export function createValuation(config: OrderPlacementConfig, market: FiniteMarket): StepValuation {
  const { quantity, levels, tick } = config;
  const { size, longest } = market;
  const layout = layoutOf(config, market);
  const { orders, length } = layout;
  const left = survival(longest, config.queue.cancelRate);
  const choices = choicesOf(config);
  /** By state: the costs, and what sellers may do to an order of each depth. */
  const cases = Array.from({ length: size }, (_, state) => ({
    edge: edgesOf(config, market.spread[state]!),
    sellers: Array.from({ length: levels }, (_, depth) =>
      sellersFor(config, market, market.drift[state]!, depth),
    ),
  }));
  /** By place of an order. */
  const depths = Int32Array.from({ length: orders }, (_, place) =>
    place === 0 ? -1 : Math.floor((place - 1) / (longest + 1)),
  );

  function valueStanding(next: Float64Array | null, state: number, values: StepValues): void {
    const { edge, sellers } = cases[state]!;
    const drift = market.drift[state]!;
    const widening = market.widening[state]!;
    const after = (q: number, place: number): number => next![(q * orders + place) * size + state]!;
    // Without an order, what is left meets the mid's move.
    const wait = (q: number, move: number): number =>
      next ? -q * (move + widening) + after(q, 0) : edge.close(q, move);
    const follow = (q: number, depth: number, ahead: number, moves: Sellers['moves']): number => {
      let value = 0;
      for (const [ticks, chance] of moves) {
        const moved = depth + ticks;
        const move = ticks * tick;
        if (moved < 0) value += chance * (edge.limit(depth) + wait(q - 1, move));
        else if (moved >= levels) value += chance * wait(q, move);
        else {
          const first = orderPlace(longest, moved, 0);
          const chances = left[ahead]!;
          let rest = -q * (move + widening);
          for (let n = 0; n <= ahead; n += 1) rest += chances[n]! * after(q, first + n);
          value += chance * rest;
        }
      }
      return value;
    };

    for (let q = 1; q <= quantity; q += 1) {
      values.standing[q * orders * size + state] = wait(q, drift);
      values.market[q * size + state] = edge.market + wait(q - 1, drift);
      for (let place = 1; place < orders; place += 1) {
        const depth = depths[place]!;
        const ahead = place - orderPlace(longest, depth, 0);
        let value = 0;
        for (const { chance, reached, drift: mean, moves } of sellers[depth]!) {
          if (reached && ahead === 0) value += chance * (edge.limit(depth) + wait(q - 1, mean));
          else if (!next) value += chance * wait(q, mean);
          else value += chance * follow(q, depth, reached ? ahead - 1 : ahead, moves);
        }
        values.standing[(q * orders + place) * size + state] = value;
      }
    }
  }

  return {
    layout,
    valueChoices(next) {
      const values: StepValues = {
        standing: new Float64Array(length),
        market: new Float64Array((quantity + 1) * size),
      };
      for (let state = 0; state < size; state += 1) valueStanding(next, state, values);
      return (choice, q, place, state) => {
        if (choice === choices.market) return values.market[q * size + state]!;
        if (choice === choices.hold) return values.standing[q * orders * size + state]!;
        const depth = choice - choices.limit(0);
        // An order that is there already keeps its place.
        const standing =
          depths[place] === depth ? place : orderPlace(longest, depth, market.joining[state]!);
        return values.standing[(q * orders + standing) * size + state]!;
      };
    },
  };
}
