import * as tf from '@tensorflow/tfjs';

import { forUse, type Key, uses } from '../engine/random';
import { type Tensors, whereTree } from '../engine/tensors';
import type { Change, EnvironmentDefinition, MetricField } from './environment';
import type { Box, Space } from './space';

/** Which of the two players: the first moves first in every step. */
export type Side = 0 | 1;

export interface Player {
  /** As configs and commands name it: 'predator'. */
  readonly name: string;
  readonly observationSpace: Box;
  readonly actionSpace: Space;
}

/**
 * A zero-sum game of two players as pure functions of tensors: in every step the first player moves, then
 * the second, who sees what the first has done, then the world.
 */
export interface GameDefinition<
  State extends Tensors = Tensors,
  Parameters extends Tensors = Tensors,
> {
  readonly id: string;
  readonly players: readonly [Player, Player];
  /** The most steps a play can last. */
  readonly horizon: number;
  readonly metrics: Readonly<Record<string, MetricField>>;
  /** Numeric parameters, as an environment's. */
  parameters(): Parameters;
  reset(parameters: Parameters, key: Key): State;
  /** One player's move. @param action [B, …] as the player's action space says */
  move(parameters: Parameters, state: State, side: Side, action: tf.Tensor): State;
  /** What follows both moves. The reward is the first player's; the second's is minus that. */
  settle(parameters: Parameters, state: State, key: Key): Change<State>;
  /** [B, O] what a player sees when it is to move. */
  observe(parameters: Parameters, state: State, side: Side): tf.Tensor2D;
  /** [B, n] bool: what a player may do when it is to move. */
  actionMask?(parameters: Parameters, state: State, side: Side): tf.Tensor2D;
  /** The metrics of the play that ends in this state, each [B] float32. */
  measure?(parameters: Parameters, state: State): Tensors;
}

/** Who plays the other side. */
export interface Opponent {
  /** What it has learned, or whatever else may change without recompilation; new tensors on each call. */
  parameters(): Tensors;
  act(input: {
    readonly parameters: Tensors;
    /** [B, O] */
    readonly observation: tf.Tensor2D;
    readonly actionMask?: tf.Tensor2D;
    readonly key: Key;
  }): tf.Tensor;
}

const prefix = 'opponent/';

/** The environment's parameters with those of the opponent beside them. */
export const withOpponent = (parameters: Tensors, opponent: Tensors): Tensors => ({
  ...parameters,
  ...Object.fromEntries(Object.entries(opponent).map(([name, value]) => [prefix + name, value])),
});

function opponentOf(parameters: Tensors): Tensors {
  return Object.fromEntries(
    Object.entries(parameters)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}

/**
 * A game as the environment of one of its players. What the opponent has learned is a parameter, so that
 * it changes without recompilation. The second player's episode begins once the first has moved.
 */
export function environmentOf(
  game: GameDefinition,
  side: Side,
  opponent: Opponent,
): EnvironmentDefinition {
  const other: Side = side === 0 ? 1 : 0;
  const { observationSpace, actionSpace } = game.players[side];

  const moveOpponent = (parameters: Tensors, state: Tensors, key: Key): Tensors => {
    const actionMask = game.actionMask?.(parameters, state, other);
    const action = opponent.act({
      parameters: opponentOf(parameters),
      observation: game.observe(parameters, state, other),
      ...(actionMask ? { actionMask } : {}),
      key: forUse(key, uses.opponent),
    });
    return game.move(parameters, state, other, action);
  };

  return {
    id: game.id,
    observationSpace,
    actionSpace,
    horizon: game.horizon,
    truncates: false,
    metrics: game.metrics,
    parameters: () => withOpponent(game.parameters(), opponent.parameters()),
    reset(parameters, key) {
      const fresh = game.reset(parameters, key);
      return side === 0 ? fresh : moveOpponent(parameters, fresh, key);
    },
    transition(parameters, state, action, key) {
      const moved = game.move(parameters, state, side, action);
      if (side === 0) return game.settle(parameters, moveOpponent(parameters, moved, key), key);
      const change = game.settle(parameters, moved, key);
      const next = moveOpponent(parameters, change.state, key);
      return {
        ...change,
        // A play that is over stays as it ended.
        state: whereTree(change.terminated, change.state, next),
        reward: tf.neg(change.reward),
        ...(change.noise ? { noise: tf.neg(change.noise) } : {}),
      };
    },
    observe: (parameters, state) => game.observe(parameters, state, side),
    ...(game.actionMask
      ? {
          actionMask: (parameters: Tensors, state: Tensors) =>
            game.actionMask!(parameters, state, side),
        }
      : {}),
    ...(game.measure
      ? { measure: (parameters: Tensors, state: Tensors) => game.measure!(parameters, state) }
      : {}),
  };
}
