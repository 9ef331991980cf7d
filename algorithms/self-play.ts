import * as tf from '@tensorflow/tfjs';

import { phases } from '../engine/random';
import { prepare } from '../engine/compile/compile';
import { cloneTree, disposeTree, type Tensors, tidyTree } from '../engine/tensors';
import { defineEnvironment } from '../envs/environment';
import {
  environmentOf,
  type GameDefinition,
  type Opponent,
  type Side,
  withOpponent,
} from '../envs/game';
import { initialMoments, type Moments, standardise } from './normaliser';
import { createPolicy, type Policy, toEnvironmentAction } from './policies/policy';
import type { LearnedPolicy } from './policies/trained-policy';
import type { LearnerConfig } from './schema';
import { createLearner, type Learner, type TrainingState } from './training';

/** Where the state of a self-play keeps the second player's. */
export const secondPlayer = 'second';

/** The part of a self-play's tensors that belongs to a player. */
export const tensorsOf = (
  tensors: TrainingState['tensors'],
  side: Side,
): TrainingState['tensors'] =>
  side === 0 ? tensors : (tensors[secondPlayer] as TrainingState['tensors']);

/**
 * What a player has learned, as the other's environment meets it.
 * @param learned what `parameters` gives, cloned; null: a policy that takes all moves alike
 */
export function learnedOpponent(
  game: GameDefinition,
  side: Side,
  config: LearnerConfig,
  learned: LearnedPolicy | null,
  { stochastic }: { readonly stochastic: boolean },
): Opponent {
  const { actionSpace } = game.players[side];
  const policy = policyOf(game, side, config);
  return {
    parameters: () => tidyTree(() => cloneTree(flatten(learned ?? indifferent(policy)))),
    act: ({ parameters, observation, actionMask, key }) =>
      tf.tidy(() => {
        const { policy: weights, observations } = unflatten(parameters);
        const distribution = policy.distribution(
          weights,
          standardise(observations, observation, config.training.observationClip),
          actionMask,
        );
        const action = stochastic
          ? policy.head.sample(distribution, key)
          : policy.head.mode(distribution);
        return toEnvironmentAction(actionSpace, action);
      }),
  };
}

/** A game in which both players learn; `learner` trains them in turn and takes the place of either. */
export interface SelfPlay {
  readonly game: GameDefinition;
  /** Each in the environment of its own side. */
  readonly players: readonly [Learner, Learner];
  /**
   * Both as one learner: an iteration is one of the first player against the second as it stands, then one
   * of the second against the first as it then stands. Environment and networks are the first player's;
   * the second's diagnostics have its name in front.
   */
  readonly learner: Learner;
}

/** Self-play of two ordinary learners, each the other's environment. */
export function createSelfPlay(game: GameDefinition, config: LearnerConfig): SelfPlay {
  const stochastic = config.selfPlay?.opponent !== 'greedy';
  const create = (side: Side): Learner => {
    const other: Side = side === 0 ? 1 : 0;
    const opponent = learnedOpponent(game, other, config, null, { stochastic });
    return createLearner(defineEnvironment(environmentOf(game, side, opponent)), config, {
      phase: side === 0 ? phases.training : phases.secondTraining,
    });
  };
  const players = [create(0), create(1)] as const;
  const [first, second] = players;
  const { name } = game.players[1];

  const learner: Learner = {
    ...first,
    samplesPerIteration: first.samplesPerIteration + second.samplesPerIteration,

    initialise(seed) {
      const { iteration, tensors } = first.initialise(seed);
      return {
        iteration,
        tensors: { ...tensors, [secondPlayer]: second.initialise(seed).tensors },
      };
    },

    iterate({ iteration, tensors }, seed, onPhase) {
      const { [secondPlayer]: other, ...own } = tensors;
      const defence = other as TrainingState['tensors'];
      const moved = first.iterate(
        { iteration, tensors: own as TrainingState['tensors'] },
        seed,
        onPhase,
        { shared: withOpponent({}, flatten(defence)) },
      );
      const answered = second.iterate({ iteration, tensors: defence }, seed, onPhase, {
        shared: withOpponent({}, flatten(moved.state.tensors)),
      });
      const finite = tf.mul(moved.diagnostics.finite!, answered.diagnostics.finite!);
      disposeTree(moved.diagnostics.finite!);
      return {
        state: {
          iteration: iteration + 1,
          tensors: { ...moved.state.tensors, [secondPlayer]: answered.state.tensors },
        },
        diagnostics: {
          ...moved.diagnostics,
          ...Object.fromEntries(
            Object.entries(answered.diagnostics).map(([figure, value]) => [
              `${name}/${figure}`,
              value,
            ]),
          ),
          finite,
        },
      };
    },

    restart: (state, seed) => {
      const { [secondPlayer]: other, ...own } = state.tensors;
      const restart = (player: Learner, tensors: unknown) =>
        player.restart({ ...state, tensors: tensors as TrainingState['tensors'] }, seed).tensors;
      return {
        iteration: state.iteration,
        tensors: { ...restart(first, own), [secondPlayer]: restart(second, other) },
      };
    },

    prepare: (state) =>
      prepare(() => {
        const { state: next, diagnostics } = learner.iterate(state, 0);
        disposeTree([next.tensors, diagnostics]);
      }),

    dispose() {
      first.dispose();
      second.dispose();
    },
  };
  return { game, players, learner };
}

const policyOf = (game: GameDefinition, side: Side, config: LearnerConfig): Policy => {
  const { observationSpace, actionSpace } = game.players[side];
  return createPolicy(observationSpace, actionSpace, config.policy);
};

/** Weights of zero. */
function indifferent(policy: Policy): LearnedPolicy {
  const like = policy.initialise((_layer, rows, columns) =>
    Float32Array.from({ length: rows * columns }, (_, index) => Math.sin(index + 1)),
  );
  return {
    policy: Object.fromEntries(
      Object.entries(like).map(([name, weights]) => [name, tf.zerosLike(weights)]),
    ),
    observations: initialMoments(policy.network.sizes[0]!),
  };
}

const parts = ['policy', 'observations'] as const;

const flatten = (learned: LearnedPolicy): Tensors =>
  Object.fromEntries(
    parts.flatMap((part) =>
      Object.entries(learned[part]).map(([name, tensor]) => [`${part}/${name}`, tensor]),
    ),
  );

function unflatten(flat: Tensors): LearnedPolicy {
  const [policy, observations] = parts.map((part) =>
    Object.fromEntries(
      Object.entries(flat)
        .filter(([name]) => name.startsWith(`${part}/`))
        .map(([name, tensor]) => [name.slice(part.length + 1), tensor]),
    ),
  );
  return { policy: policy!, observations: observations as unknown as Moments };
}
