import * as tf from '@tensorflow/tfjs';

import { disposeTree, keepTree } from '../../engine/tensors';
import type { VectorEnvironment } from '../vector';
import { disposeMoments, initialMoments, mergeMoments, type Moments } from './running-moments';

export interface NormaliseObservationOptions {
  /** Added to the variance; default 1e-8. */
  readonly epsilon?: number;
}

export interface ObservationNormaliser {
  /** The statistics so far, of shape [O]; owned by the wrapper, valid until the next reset or step. */
  observationMoments(): Moments;
  /** Whether each reset and step updates the statistics (at first, yes); false freezes them, as in evaluation. */
  updateObservationMoments(updates: boolean): void;
}

/**
 * Shifts and scales each component of the observation to mean 0 and variance 1 by running
 * statistics, as Gymnasium's NormalizeObservation. `info.finalObservation` is normalised by the same
 * statistics, but does not enter them (in rows that did not end it repeats the observation).
 */
export function normaliseObservation<Inner extends VectorEnvironment>(
  environment: Inner,
  { epsilon = 1e-8 }: NormaliseObservationOptions = {},
): Inner & ObservationNormaliser {
  let updating = true;
  let moments = initialMoments(environment.singleObservationSpace.fields.length);
  let returned: tf.Tensor[] = [];

  const own = (tensors: tf.Tensor[]): void => {
    disposeTree(returned);
    returned = keepTree(tensors);
  };
  const update = (observation: tf.Tensor2D): void => {
    if (updating) moments = mergeMoments(moments, observation);
  };
  const normalise = (observation: tf.Tensor2D): tf.Tensor2D =>
    tf.tidy(() =>
      tf.div(tf.sub(observation, moments.mean), tf.sqrt(tf.add(moments.variance, epsilon))),
    );

  return {
    ...environment,
    observationMoments: () => moments,
    updateObservationMoments: (updates) => {
      updating = updates;
    },
    reset: (options) => {
      const result = environment.reset(options);
      update(result.observation);
      const observation = normalise(result.observation);
      own([observation]);
      return { ...result, observation };
    },
    step: (action) => {
      const result = environment.step(action);
      update(result.observation);
      const observation = normalise(result.observation);
      const finalObservation = normalise(result.info.finalObservation!);
      own([observation, finalObservation]);
      return { ...result, observation, info: { ...result.info, finalObservation } };
    },
    close: () => {
      own([]);
      disposeMoments(moments);
      environment.close();
    },
  };
}
