import * as tf from '@tensorflow/tfjs';

import { disposeKey, forUse, keyAt, makeKey, phases, uses } from '../../engine/random';
import type { EnvironmentDefinition } from '../../envs/environment';
import type { MarketMakingConfig } from '../../envs/market-making/config';
import { chosenDepths } from '../../envs/market-making/quotes';
import type { PolicyInput } from './policy';
import type { QuoteTable } from './quote-table';

/**
 * The quotes of any policy, trained ones included, by step and inventory: what the exact evaluations
 * take. The other entries of the state are those of an episode's start, so the table is the policy
 * only where nothing else drives the market (Brownian or constant mid, Poisson arrivals).
 * @param act actions in the environment's units, of a policy's mean or mode
 * @param onlyStep of this step alone: a table of one step
 */
export function tabulatePolicy(
  config: MarketMakingConfig,
  definition: EnvironmentDefinition,
  act: (input: PolicyInput) => tf.Tensor,
  onlyStep?: number,
): QuoteTable {
  const wanted = onlyStep === undefined ? config.steps : 1;
  const { maximum } = config.inventory;
  const width = 2 * maximum + 1;
  const bid = new Float64Array(wanted * width);
  const ask = new Float64Array(wanted * width);
  const start = makeKey({ seed: 0, phase: phases.check, rows: width });
  for (let row = 0; row < wanted; row += 1) {
    const step = onlyStep ?? row;
    const depths = tf.tidy(() => {
      const key = keyAt(start, tf.scalar(step, 'int32'));
      const parameters = definition.parameters();
      const state = {
        ...definition.reset(parameters, forUse(key, uses.reset)),
        step: tf.fill([width], step, 'int32'),
        inventory: tf.range(-maximum, maximum + 1),
      };
      const action = act({
        parameters,
        state,
        observation: definition.observe(parameters, state),
        ...(definition.actionMask ? { actionMask: definition.actionMask(parameters, state) } : {}),
        key: forUse(key, uses.action),
      });
      return chosenDepths(config, action).dataSync();
    });
    for (let index = 0; index < width; index += 1) {
      bid[row * width + index] = depths[2 * index]!;
      ask[row * width + index] = depths[2 * index + 1]!;
    }
  }
  disposeKey(start);
  return { steps: wanted, maximum, bid, ask };
}
