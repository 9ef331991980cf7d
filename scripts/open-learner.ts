import type { LearnedPolicy } from '../algorithms/policies/trained-policy';
import { createSelfPlay, learnedOpponent, tensorsOf } from '../algorithms/self-play';
import { createLearner, type Learner, type TrainingState } from '../algorithms/training';
import type { Config } from '../configs/schema';
import { InputError } from '../engine/input-error';
import { defineEnvironment, type Environment } from '../envs/environment';
import { environmentOf, type GameDefinition, type Side } from '../envs/game';
import type { OpenedEnvironment } from './open-environment';

/** Who learns in a run: one player, or both players of a game. */
export interface OpenedLearner {
  readonly learner: Learner;
  /** Null where one player learns. */
  readonly game: GameDefinition | null;
  /** What the first player meets: the environment, with the other player as it stands in this state. */
  environmentAt(tensors: TrainingState['tensors']): Environment;
}

/** @throws InputError if a config asks for self-play in what is no game */
export function openLearner(opened: OpenedEnvironment, config: Config): OpenedLearner {
  if (config.selfPlay === null) {
    const { environment } = opened;
    const learner = createLearner(environment, config);
    return { learner, game: null, environmentAt: () => environment };
  }
  const game = gameOf(opened);
  const { learner } = createSelfPlay(game, config);
  return {
    learner,
    game,
    environmentAt: (tensors) => environmentAgainst(game, 0, config, tensorsOf(tensors, 1)),
  };
}

/** One player's environment, in which the other does what is likeliest by what it has learned. */
export function environmentAgainst(
  game: GameDefinition,
  side: Side,
  config: Config,
  learned: LearnedPolicy,
): Environment {
  const other: Side = side === 0 ? 1 : 0;
  const opponent = learnedOpponent(game, other, config, learned, { stochastic: false });
  return defineEnvironment(environmentOf(game, side, opponent));
}

/** @throws InputError if the environment has no two players as it is configured */
export function gameOf({ kind, parameters }: OpenedEnvironment): GameDefinition {
  const game = kind.createGame?.(parameters) ?? null;
  if (game === null) {
    throw new InputError(
      `selfPlay: ${kind.id} has one player as it is configured; expected a game of two, such as predation with env.defender`,
    );
  }
  return game;
}
