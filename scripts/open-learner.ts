import { type ExploitabilityOf, openExploitability } from '../algorithms/evaluation/exploitability';
import type { LearnedPolicy } from '../algorithms/policies/trained-policy';
import { createSelfPlay, learnedOpponent, tensorsOf } from '../algorithms/self-play';
import type { ClassicalPolicy } from '../algorithms/solvers/policy';
import { createLearner, type Learner, type TrainingState } from '../algorithms/training';
import type { Config } from '../configs/schema';
import { InputError } from '../engine/input-error';
import { defineEnvironment, type Environment } from '../envs/environment';
import { environmentOf, type GameDefinition, type Side } from '../envs/game';
import { createClassicalPolicies } from './classical-policies';
import type { OpenedEnvironment } from './open-environment';

/** Who learns in a run: one player, or both players of a game. */
export interface OpenedLearner {
  readonly learner: Learner;
  /** Null where one player learns. */
  readonly game: GameDefinition | null;
  /** Whose actions the policy corrects; null: it acts alone. */
  readonly residual: ClassicalPolicy | null;
  /** What the first player meets: the environment, with the other player as it stands in this state. */
  environmentAt(tensors: TrainingState['tensors']): Environment;
  /** In a game whose value is known: what best responses gain on both players together. */
  exploitability?(tensors: TrainingState['tensors']): number;
  dispose(): void;
}

/** @throws InputError if a config asks for self-play in what is no game, or for a correction of what has none */
export function openLearner(opened: OpenedEnvironment, config: Config): OpenedLearner {
  if (config.selfPlay !== null) return openSelfPlay(opened, config);
  const { environment } = opened;
  const residual = openResidual(opened, config);
  const learner = createLearner(environment, config, residual ? { residual } : {});
  return {
    learner,
    game: null,
    residual,
    environmentAt: () => environment,
    dispose() {
      learner.dispose();
      residual?.dispose?.();
    },
  };
}

function openSelfPlay(opened: OpenedEnvironment, config: Config): OpenedLearner {
  for (const key of ['policy.residual', 'curriculum'] as const) {
    const given = key === 'curriculum' ? config.curriculum : config.policy.residual;
    if (given !== null) throw new InputError(`${key}: not together with selfPlay; expected null`);
  }
  const game = gameOf(opened);
  const { learner, players } = createSelfPlay(game, config);
  const exploitability = exploitabilityWherePossible(opened, game);
  return {
    learner,
    game,
    residual: null,
    environmentAt: (tensors) => environmentAgainst(game, 0, config, tensorsOf(tensors, 1)),
    ...(exploitability
      ? {
          exploitability: (tensors) =>
            exploitability([
              { learner: players[0], learned: tensorsOf(tensors, 0) },
              { learner: players[1], learned: tensorsOf(tensors, 1) },
            ]).exploitability,
        }
      : {}),
    dispose: () => learner.dispose(),
  };
}

/** Null where the game has no exact value. */
export function exploitabilityWherePossible(
  { kind, parameters }: OpenedEnvironment,
  game: GameDefinition,
): ExploitabilityOf | null {
  try {
    return openExploitability(kind, parameters, game);
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

function openResidual(
  opened: OpenedEnvironment,
  { policy, curriculum }: Config,
): ClassicalPolicy | null {
  if (policy.residual === null) return null;
  if (curriculum?.initialise) {
    throw new InputError(
      'policy.residual: not together with curriculum.initialise, as a correction begins at the solver; expected one of them',
    );
  }
  if (opened.environment.actionSpace.kind !== 'box') {
    throw new InputError(
      `policy.residual: the actions of ${opened.kind.id} are choices, which cannot be corrected; expected null`,
    );
  }
  const [solver] = createClassicalPolicies([policy.residual], opened);
  return solver!;
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
