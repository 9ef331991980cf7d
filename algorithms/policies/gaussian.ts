import * as tf from '@tensorflow/tfjs';

import { normals } from '../../engine/random';
import type { Head } from './head';

const logTwoPi = Math.log(2 * Math.PI);

/**
 * Diagonal Gaussian over raw actions [B, A] with state-independent log standard deviation.
 * @param learned false: it stays at its initial value
 */
export function gaussianHead(size: number, initialLogStd: number, learned = true): Head {
  return {
    outputs: size,
    parameterNames: learned ? ['logStd'] : [],
    initialise: () => (learned ? { logStd: tf.fill([size], initialLogStd) } : {}),
    distribution: (network, parameters) => ({
      network,
      logStd: learned
        ? (parameters['logStd'] as tf.Tensor1D)
        : (tf.fill([size], initialLogStd) as tf.Tensor1D),
    }),
    sample: ({ network, logStd }, key) =>
      tf.tidy(() => tf.add(network, tf.mul(tf.exp(logStd!), normals(key, 0, size)))),
    mode: ({ network }) => tf.clone(network),
    logProbability: ({ network, logStd }, action) =>
      tf.tidy(() => {
        const z: tf.Tensor2D = tf.mul(tf.sub(action, network), tf.exp(tf.neg(logStd!)));
        const constant = tf.add(tf.sum(logStd!), 0.5 * size * logTwoPi);
        return tf.sub(tf.mul(-0.5, tf.sum(tf.square(z), 1)), constant) as tf.Tensor1D;
      }),
    entropy: ({ network, logStd }) =>
      tf.tidy(() => {
        const one = tf.add(tf.sum(logStd!), 0.5 * size * (1 + logTwoPi));
        return tf.add(tf.zeros([network.shape[0]]), one);
      }),
    divergence: (before, after) =>
      tf.tidy(() => {
        const gap = tf.sub(before.network, after.network);
        const inverseVariance = tf.exp(tf.mul(-2, after.logStd!));
        const logRatio = tf.sub(after.logStd!, before.logStd!);
        // ½(e^{−2r} − 1) + r for the change r of log σ: expm1 keeps it exact for small r.
        const spread = tf.sum(tf.add(tf.mul(0.5, tf.expm1(tf.mul(-2, logRatio))), logRatio));
        const shift = tf.sum(tf.mul(tf.square(gap), tf.mul(0.5, inverseVariance)), 1);
        return tf.add(shift, spread) as tf.Tensor1D;
      }),
    applyFisher: ({ logStd }, change) =>
      tf.tidy(() => ({
        network: tf.mul(change.network, tf.exp(tf.mul(-2, logStd!))) as tf.Tensor2D,
        ...(learned ? { logStd: tf.mul(2, change.logStd!) as tf.Tensor1D } : {}),
      })),
  };
}
