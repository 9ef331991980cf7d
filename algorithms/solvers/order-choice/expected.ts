import { choicesOf, type OrderPlacementConfig } from '../../../envs/order-placement/config';
import { isRange, type ProcessConfig, valuesOf } from '../../../envs/order-placement/process';

/**
 * The expected reward of each choice of a one-step episode before it begins: over all signals, spreads,
 * imbalances and fill laws, which are drawn independently. As `gain`; a shortfall is more by the expected
 * move, whatever the choice.
 * @returns by choice: market, limit orders by depth, hold; quote currency
 */
export function expectedRewards(config: OrderPlacementConfig): Float64Array {
  const { tick, fees, arrivalPrice, adverseSelection, unfinished, fill, imbalanceDrift } = config;
  const drift = mean(config.signal) + imbalanceDrift * mean(config.imbalance);
  const halfSpread = mean(config.spread) / 2;
  const taker = halfSpread + fees.taker * arrivalPrice;
  const probability = mean(fill.probability);
  const variable = probability - meanSquare(fill.probability);
  const { market, hold, count } = choicesOf(config);
  const unfilled =
    unfinished.kind === 'cross' ? taker + unfinished.penalty + unfinished.quadratic : null;

  return Float64Array.from({ length: count }, (_, choice) => {
    if (choice === market) return drift - taker;
    if (choice === hold) return unfilled === null ? 0 : drift - unfilled;
    const depth = choice - 1;
    const nearness = meanExponential(fill.decay, depth);
    const filled = probability * nearness;
    // How much lower the bid is expected where the order is filled: a(1 − p₀), in the mean.
    const adverse = adverseSelection * variable * nearness;
    const price = halfSpread + depth * tick - fees.maker * arrivalPrice;
    const limit = filled * (drift + price) - adverse;
    return unfilled === null ? limit : limit + (1 - filled) * (drift - unfilled) + adverse;
  });
}

const average = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Of a uniform distribution on a range, or on the states of a chain. */
const mean = (config: ProcessConfig): number => average(valuesOf(config));

function meanSquare(config: ProcessConfig): number {
  if (!isRange(config)) return average(valuesOf(config).map((value) => value ** 2));
  const { low, high } = config;
  return (low ** 2 + low * high + high ** 2) / 3;
}

/** E e^{−kj} */
function meanExponential(config: ProcessConfig, depth: number): number {
  if (!isRange(config)) return average(valuesOf(config).map((decay) => Math.exp(-decay * depth)));
  const width = (config.high - config.low) * depth;
  const nearest = Math.exp(-config.low * depth);
  return width === 0 ? nearest : (nearest * -Math.expm1(-width)) / width;
}
