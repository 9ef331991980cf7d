import * as tf from '@tensorflow/tfjs';

/**
 * TensorFlow.js has no gradient for most comparisons, so that one through `where(x > 0, …)` throws:
 * theirs is zero.
 */
const comparisons = ['Greater', 'Less', 'LessEqual', 'Equal', 'NotEqual'] as const;

for (const kernelName of comparisons) {
  if (tf.getGradient(kernelName)) continue;
  tf.registerGradient({
    kernelName,
    inputsToSave: ['a', 'b'],
    gradFunc: (_, saved) => {
      const [a, b] = saved as [tf.Tensor, tf.Tensor];
      return { a: () => tf.zerosLike(a), b: () => tf.zerosLike(b) };
    },
  });
}
