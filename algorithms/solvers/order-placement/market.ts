import { InputError } from '../../../engine/input-error';
import {
  longestAhead,
  type OrderPlacementConfig,
  ordersAhead,
} from '../../../envs/order-placement/config';
import { isRange, type ProcessConfig, valuesOf } from '../../../envs/order-placement/process';

/** A Markov chain as the environment has it; a number is a chain of one state. */
export interface Chain {
  readonly values: readonly number[];
  readonly persistence: number;
}

/** The market's state c = (signal · spreads + spread) · imbalances + imbalance, and what holds in it. */
export interface FiniteMarket {
  readonly chains: readonly [signal: Chain, spread: Chain, imbalance: Chain];
  /** Number of states. */
  readonly size: number;
  /** By state: expected move of the best bid, quote currency. */
  readonly drift: Float64Array;
  /** By state: quote currency. */
  readonly spread: Float64Array;
  /** By state: expected move of the mid by the change of the spread. */
  readonly widening: Float64Array;
  /** By state: orders that a new one goes behind. */
  readonly joining: Int32Array;
  /** The longest queue ahead. */
  readonly longest: number;
  /** p₀ */
  readonly probability: number;
  /** p₀e^{−kj} by depth j. */
  readonly reach: Float64Array;
}

/** @throws InputError where a number is drawn from a range */
export function finiteMarket(config: OrderPlacementConfig): FiniteMarket {
  const chains = [
    chainOf('signal', config.signal),
    chainOf('spread', config.spread),
    chainOf('imbalance', config.imbalance),
  ] as const;
  const [signals, spreads, imbalances] = chains;
  const probability = numberOf('fill.probability', config.fill.probability);
  const decay = numberOf('fill.decay', config.fill.decay);
  const states = signals.values.flatMap((signal) =>
    spreads.values.flatMap((spread) =>
      imbalances.values.map((imbalance) => ({ signal, spread, imbalance })),
    ),
  );
  const usual = mean(spreads.values);
  return {
    chains,
    size: states.length,
    drift: Float64Array.from(
      states,
      ({ signal, imbalance }) => signal + config.imbalanceDrift * imbalance,
    ),
    spread: Float64Array.from(states, ({ spread }) => spread),
    widening: Float64Array.from(
      states,
      ({ spread }) => ((1 - spreads.persistence) * (usual - spread)) / 2,
    ),
    joining: Int32Array.from(states, ({ imbalance }) =>
      ordersAhead(config.queue.length, imbalance),
    ),
    longest: longestAhead(config),
    probability,
    reach: Float64Array.from(
      { length: config.levels },
      (_, depth) => probability * Math.exp(-decay * depth),
    ),
  };
}

/**
 * The mean of each value over the market's next state, in place.
 * @param values blocks of `market.size`
 */
export function expectNext({ chains, size }: FiniteMarket, values: Float64Array): void {
  let inner = size;
  for (const { values: states, persistence } of chains) {
    const count = states.length;
    inner /= count;
    if (count === 1) continue;
    for (let block = 0; block < values.length; block += inner * count) {
      for (let offset = block; offset < block + inner; offset += 1) {
        let sum = 0;
        for (let i = 0; i < count; i += 1) sum += values[offset + i * inner]!;
        const anywhere = ((1 - persistence) * sum) / count;
        for (let i = 0; i < count; i += 1) {
          const at = offset + i * inner;
          values[at] = persistence * values[at]! + anywhere;
        }
      }
    }
  }
}

function chainOf(name: string, config: ProcessConfig): Chain {
  if (typeof config === 'number') return { values: [config], persistence: 1 };
  if (isRange(config)) throw noTable(name);
  return config;
}

function numberOf(name: string, config: ProcessConfig): number {
  if (isRange(config)) throw noTable(name);
  return valuesOf(config)[0]!;
}

const noTable = (name: string): InputError =>
  new InputError(
    `env.${name}: a range of values has no table of best choices; expected a number or a chain { values, persistence }`,
  );

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
