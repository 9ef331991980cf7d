import * as tf from '@tensorflow/tfjs';

import type { EnvironmentDefinition } from './environment';
import { environmentOf, type GameDefinition, type Opponent } from './game';
import type { EnvironmentKind } from './kind';
import { type PredationConfig, predationSchema } from './predation/config';
import { createRaidGame } from './predation/game';
import { sampleAction } from './sample-action';

/**
 * A bear raid on a ladder of stop-losses, in integers: the predator sells short, each unit moves the mid
 * by g, stops that are reached sell at market and may set off the next, and what is short at the end is
 * bought back. After Brunnermeier and Pedersen (2005), Predatory trading, Journal of Finance 60.
 *
 * Each period: the predator trades, a defender (if any) buys, the mid recovers towards its start by at most
 * r, then moves at random if there is noise.
 */
export const kind: EnvironmentKind<typeof predationSchema> = {
  id: 'predation',
  title: 'Predatory trading',
  description:
    'Raid a ladder of stop-losses: sell short to set them off and buy back below, or stay out where the spread costs more; alone, or against a defender who buys.',
  reward:
    'the increment of the profit, cash less what covering the short at market would cost now, times rewardScale; half-ticks at rewardScale 1. The defender earns minus that',
  schema: predationSchema,
  create: createPredation,
  createGame: (config) => (config.defender ? createRaidGame(config) : null),
  references: ({ defender }) => (defender ? null : { naive: 'abstain', optimum: 'raid' }),
};

function createPredation(config: PredationConfig): EnvironmentDefinition {
  const game: GameDefinition = createRaidGame(config);
  return config.defender
    ? environmentOf(game, 0, builtInDefender(game, config.defender.plays))
    : alone(game);
}

/** The game of a predator whom nobody opposes. */
function alone(game: GameDefinition): EnvironmentDefinition {
  const { observationSpace, actionSpace } = game.players[0];
  return {
    id: game.id,
    observationSpace,
    actionSpace,
    horizon: game.horizon,
    truncates: false,
    metrics: game.metrics,
    parameters: () => game.parameters(),
    reset: (parameters, key) => game.reset(parameters, key),
    transition: (parameters, state, action, key) =>
      game.settle(parameters, game.move(parameters, state, 0, action), key),
    observe: (parameters, state) => game.observe(parameters, state, 0),
    actionMask: (parameters, state) => game.actionMask!(parameters, state, 0),
    measure: (parameters, state) => game.measure!(parameters, state),
  };
}

function builtInDefender(game: GameDefinition, plays: 'nothing' | 'random'): Opponent {
  const { actionSpace } = game.players[1];
  return {
    parameters: () => ({}),
    act: ({ observation, actionMask, key }) =>
      plays === 'random'
        ? sampleAction(actionSpace, key, 0, actionMask)
        : tf.zeros([observation.shape[0]], 'int32'),
  };
}
