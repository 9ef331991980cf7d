import { InputError } from '../../../engine/input-error';
import { choicesOf, type OrderPlacementConfig } from '../../../envs/order-placement/config';
import { expectNext, finiteMarket, type FiniteMarket } from './market';
import { createValuation, type Layout } from './steps';

/** The best choice in every state that can come up, and what it is worth. */
export interface OrderPlan {
  readonly market: FiniteMarket;
  readonly layout: Layout;
  /** Sequences of decisions on their way: choices to the power of the latency. */
  readonly pending: number;
  /**
   * The choices by step, pending sequence (the next decision first), units left less one, order and market
   * state, in this order.
   */
  readonly choices: Int32Array;
  /** Minus the expected shortfall of an episode, over all starts; quote currency. */
  readonly value: number;
}

/** Entries of a plan: a few seconds' work. */
const mostEntries = 2e7;

/** Which choices a config allows while there is something to buy. */
export function allowedChoices(config: OrderPlacementConfig): number[] {
  const { market, hold, count } = choicesOf(config);
  return Array.from({ length: count }, (_, choice) => choice).filter(
    (choice) => (config.marketOrders || choice !== market) && (config.waiting || choice !== hold),
  );
}

/**
 * The plan of greatest expected reward, by Bellman's equation from the last step back: exact, as a market
 * of chains, the queue, the units left and the decisions on their way have finitely many states. The plan
 * is the same for shortfall and gain, whose returns differ by what no order changes.
 * @param among the choices to be had; default those the config allows
 * @throws InputError for a market with ranges, or one with too many states
 */
export function planOrders(
  config: OrderPlacementConfig,
  among: readonly number[] = allowedChoices(config),
): OrderPlan {
  const { steps, quantity, latency } = config;
  const market = finiteMarket(config);
  const { layout, valueChoices } = createValuation(config, market);
  const { orders, size } = layout;
  const { count, hold } = choicesOf(config);
  const pending = count ** latency;
  const perStep = pending * quantity * orders * size;
  if (steps * perStep * (latency > 0 ? among.length : 1) > mostEntries) {
    throw new InputError(
      `env: ${steps * perStep} states are too many for a table of best choices; expected at most ${mostEntries}`,
    );
  }
  const choices = new Int32Array(steps * perStep);
  let values: Float64Array[] | null = null;
  for (let step = steps - 1; step >= 0; step -= 1) {
    values?.forEach((block) => expectNext(market, block));
    const following: readonly Float64Array[] | null = values;
    const offer = Array.from({ length: pending }, (_, line) =>
      valueChoices(following ? following[line]! : null),
    );
    values = Array.from({ length: pending }, (_, line) => {
      const block = new Float64Array(layout.length);
      // With latency the first of the line acts now, and today's decision goes to its end.
      const first = Math.floor((line * count) / pending);
      for (let q = 1; q <= quantity; q += 1) {
        for (let place = 0; place < orders; place += 1) {
          for (let state = 0; state < size; state += 1) {
            let best = -Infinity;
            let chosen = among[0]!;
            for (const choice of among) {
              const value =
                latency === 0
                  ? offer[0]!(choice, q, place, state)
                  : offer[(line * count + choice) % pending]!(first, q, place, state);
              if (value > best) {
                best = value;
                chosen = choice;
              }
            }
            block[(q * orders + place) * size + state] = best;
            choices[step * perStep + ((line * quantity + q - 1) * orders + place) * size + state] =
              chosen;
          }
        }
      }
      return block;
    });
  }
  // An episode starts with nothing on its way: hold, hold, …
  const start = values![latency === 0 ? 0 : Math.round((hold * (pending - 1)) / (count - 1))]!;
  const states = start.subarray(quantity * orders * size, (quantity * orders + 1) * size);
  return {
    market,
    layout,
    pending,
    choices,
    value: states.reduce((sum, value) => sum + value, 0) / size,
  };
}
