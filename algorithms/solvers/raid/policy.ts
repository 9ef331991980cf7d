import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../../engine/tensors';
import type { PredationConfig } from '../../../envs/predation/config';
import { largestOf } from '../../../envs/predation/whole';
import type { PolicySolver } from '../policy';
import { rememberGames } from './remember-games';
import type { NoisyRaidProblem, RaidState } from './rules';

/**
 * The exact optimum of every episode: dynamic programming over its own stops and limits, the mean over the
 * jumps of the mid where there is noise, minimax where there is a defender.
 */
export const raidPolicy: PolicySolver<PredationConfig> = {
  name: 'raid',
  description:
    'The exact optimum of each episode by dynamic programming; minimax against a defender.',
  environments: ['predation'],
  create(_kindId, config) {
    const open = rememberGames();
    const most = largestOf(config.maxTrade);
    return {
      name: 'raid',
      kind: 'classical',
      onHost: true,
      act({ parameters, state }) {
        const raids = readRaids(parameters, state, config);
        const moves = raids.map((raid) => open(raid.problem).bestTrade(raid.state) + most);
        return tf.tensor1d(moves, 'int32');
      },
    };
  },
};

/** Reads the tensors once; gives each row's problem and state in plain numbers. */
function readRaids(
  parameters: Tensors,
  state: Tensors,
  { periods, defender }: PredationConfig,
): { readonly problem: NoisyRaidProblem; readonly state: RaidState }[] {
  const rows = state.step!.shape[0]!;
  const values = (tensor: tf.Tensor | undefined) => {
    const numbers = tensor?.dataSync() ?? [0];
    const width = tensor && tensor.rank === 2 ? tensor.shape[1]! : 1;
    const fixed = numbers.length === width;
    return (row: number, place = 0) => numbers[(fixed ? 0 : row * width) + place]!;
  };
  const named = (name: string) => values(state[name] ?? parameters[name]);
  const places = (state.levels ?? parameters.levels!).shape[1]!;
  const initial = values(parameters.mid);
  const [levels, volumes, tick] = [named('levels'), named('volumes'), named('tick')];
  const [halfSpread, maxShort, maxTrade] = [
    named('halfSpread'),
    named('maxShort'),
    named('maxTrade'),
  ];
  const [recovery, noise, budget] = [named('recovery'), named('noise'), named('budget')];
  const [step, mid, fired, position] = [
    values(state.step),
    values(state.mid),
    values(state.fired),
    values(state.position),
  ];
  const [allBudget, maxPurchase] = [values(parameters.budget), values(parameters.maxPurchase)];
  return Array.from({ length: rows }, (_, row) => ({
    problem: {
      mid: initial(row),
      tick: tick(row),
      stops: Array.from({ length: places }, (_, place) => ({
        level: levels(row, place),
        volume: volumes(row, place),
      })).filter(({ volume }) => volume > 0),
      halfSpread: halfSpread(row),
      maxShort: maxShort(row),
      maxTrade: maxTrade(row),
      periods,
      recovery: recovery(row),
      noise: noise(row),
      defender: defender && { budget: allBudget(row), maxTrade: maxPurchase(row) },
    },
    state: {
      period: step(row),
      mid: mid(row),
      fired: fired(row),
      position: 0 + position(row),
      budget: defender ? budget(row) : 0,
    },
  }));
}
