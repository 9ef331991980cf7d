import * as tf from '@tensorflow/tfjs';

import { InputError } from '../../engine/input-error';
import type { Tensors } from '../../engine/tensors';
import { defineEnvironment, type Environment } from '../environment';

/** The name under which the wrapper keeps its step counter in the state. */
const counter = 'timeLimit.elapsed';

/**
 * Truncates episodes after a number of steps, as Gymnasium's TimeLimit: an artificial end, after
 * which the value goes on. A step that also ends the episode by its own rules is both terminated
 * and truncated.
 * @param maximumSteps at least 1
 */
export function limitTime(environment: Environment, maximumSteps: number): Environment {
  if (!Number.isSafeInteger(maximumSteps) || maximumSteps < 1) {
    throw new InputError(
      `limitTime: maximumSteps must be a whole number of at least 1, not ${maximumSteps}`,
    );
  }
  const { definition } = environment;
  return defineEnvironment({
    ...definition,
    horizon: Math.min(definition.horizon ?? Infinity, maximumSteps),
    truncates: true,
    reset: (parameters, key) => {
      const state = definition.reset(parameters, key);
      if (counter in state) throw new InputError(`${definition.id} already has a time limit`);
      return { ...state, [counter]: tf.zeros([key.row.size], 'int32') };
    },
    transition: (parameters, state, action, key) => {
      const change = definition.transition(parameters, withoutCounter(state), action, key);
      const elapsed = tf.add(state[counter]!, tf.scalar(1, 'int32'));
      const reached = tf.greaterEqual(elapsed, tf.scalar(maximumSteps, 'int32')) as tf.Tensor1D;
      return {
        ...change,
        state: { ...change.state, [counter]: elapsed },
        truncated: change.truncated ? tf.logicalOr(change.truncated, reached) : reached,
      };
    },
    observe: (parameters, state) => definition.observe(parameters, withoutCounter(state)),
    ...(definition.actionMask && {
      actionMask: (parameters, state) => definition.actionMask!(parameters, withoutCounter(state)),
    }),
    ...(definition.measure && {
      measure: (parameters, state) => definition.measure!(parameters, withoutCounter(state)),
    }),
  });
}

function withoutCounter(state: Tensors): Tensors {
  return Object.fromEntries(Object.entries(state).filter(([name]) => name !== counter));
}
