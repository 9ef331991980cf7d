import * as tf from '@tensorflow/tfjs';

import { InputError } from '../../engine/input-error';
import { disposeKey, forUse, type Key, keyAt, makeKey, phases, uses } from '../../engine/random';
import { detach, disposeTree, type Tensors, tidyTree } from '../../engine/tensors';
import type { EnvironmentDefinition } from '../../envs/environment';
import type { ExecutionConfig } from '../../envs/execution/config';
import { isRandom } from '../../envs/processes/coefficients';
import { scheduleCost, solveAlmgrenChriss } from '../solvers/almgren-chriss';
import type { EvaluatedPolicy } from './simulate';

/** Exact figures of a schedule. */
export interface ExactSchedule {
  readonly policy: string;
  /** E, the mean of the implementation shortfall, quote currency. */
  readonly expectedCost: number;
  /** V, its variance, quote currency². */
  readonly variance: number;
  /** E + λV, quote currency. */
  readonly utility: number;
  /** Its ratio to the optimum's; null where no optimum is known. */
  readonly utilityRatio: number | null;
  /** The largest difference of a holding from the optimal one, as a fraction of the order. */
  readonly largestDeviation: number | null;
  /** x₀ … x_N, shares. */
  readonly holdings: readonly number[];
}

/**
 * The schedule that each policy trades while no noise moves the price, and its cost in closed form; last
 * the schedule of Almgren and Chriss (2000), where it is the optimum: constant coefficients, no
 * capacities, no transient impact.
 * @throws InputError for coefficients drawn at random
 */
export function evaluateSchedules(
  config: ExecutionConfig,
  definition: EnvironmentDefinition,
  policies: readonly EvaluatedPolicy[],
): ExactSchedule[] {
  if (config.capacity !== null && isRandom(config.capacity)) {
    throw new InputError('env.capacity: drawn at random, so that costs have no closed form');
  }
  const best = solveOptimum(config);
  const figures = (policy: string, holdings: readonly number[]): ExactSchedule => {
    const cost = scheduleCost(config, holdings);
    return {
      policy,
      ...cost,
      utilityRatio: best && cost.utility / best.utility,
      largestDeviation:
        best &&
        Math.max(...holdings.map((held, k) => Math.abs(held - best.holdings[k]!))) /
          config.quantity,
      holdings,
    };
  };
  return [
    ...policies.map((policy) =>
      figures(policy.name, undisturbedHoldings(config, definition, policy)),
    ),
    ...(best ? [figures('optimum', [...best.holdings])] : []),
  ];
}

function solveOptimum(config: ExecutionConfig) {
  const { volatility, spread, temporaryImpact, permanentImpact, transientImpact } = config;
  const constant =
    typeof volatility === 'number' &&
    typeof spread === 'number' &&
    typeof temporaryImpact === 'number' &&
    typeof permanentImpact === 'number';
  if (!constant || transientImpact !== null || config.capacity !== null) return null;
  return solveAlmgrenChriss({
    ...config,
    volatility,
    temporaryImpact,
    permanentImpact,
    spreadCost: spread,
  });
}

/**
 * What a policy holds after each period while the price moves by its own impact only: x₀ … x_N, shares.
 * The policy observes the market with its volatility; the transitions have none.
 */
export function undisturbedHoldings(
  { periods }: ExecutionConfig,
  definition: EnvironmentDefinition,
  policy: EvaluatedPolicy,
): number[] {
  const start = makeKey({ seed: 0, phase: phases.check, rows: 1 });
  const parameters = tidyTree<Tensors>(() => definition.parameters());
  let state = tidyTree(() => definition.reset(parameters, forUse(start, uses.reset)));
  const holdings = [state.remaining!.dataSync()[0]!];
  for (let period = 0; period < periods; period += 1) {
    const previous = state;
    state = tidyTree<Tensors>(() => {
      const key = keyAt(start, tf.scalar(period, 'int32'));
      return detach(trade(definition, policy, parameters, previous, key));
    });
    disposeTree(previous);
    holdings.push(state.remaining!.dataSync()[0]!);
  }
  disposeTree([state, parameters]);
  disposeKey(start);
  return holdings;
}

function trade(
  definition: EnvironmentDefinition,
  policy: EvaluatedPolicy,
  parameters: Tensors,
  state: Tensors,
  key: Key,
): Tensors {
  const observation = definition.observe(parameters, state);
  const action = policy.act({ parameters, state, observation, key: forUse(key, uses.action) });
  const calm = { ...parameters, volatility: tf.scalar(0) };
  return definition.transition(calm, state, action, forUse(key, uses.dynamics)).state;
}
