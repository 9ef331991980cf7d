import * as tf from '@tensorflow/tfjs';

import { InputError } from '../../engine/input-error';
import { disposeTree, keepTree } from '../../engine/tensors';
import type { VectorEnvironment, VectorInfo } from '../vector';

/**
 * Adds to `info` the return and the length of the episodes that ended, as Gymnasium's
 * RecordEpisodeStatistics without its clock: `episode.r` [B] float32 and `episode.l` [B] int32, zero
 * in rows where `_episode` [B] bool is false. Put it below wrappers that change the reward.
 */
export function recordEpisodeStatistics<Inner extends VectorEnvironment>(
  environment: Inner,
): Inner {
  const { numEnvs } = environment;
  let running: { readonly r: tf.Tensor1D; readonly l: tf.Tensor1D } | undefined;
  let added: Pick<VectorInfo, 'episode' | '_episode'> = {};

  const free = (): void => {
    disposeTree(leaves(added));
    if (running) disposeTree(running);
    added = {};
    running = undefined;
  };

  return {
    ...environment,
    reset: (options) => {
      const result = environment.reset(options);
      free();
      running = keepTree({
        r: tf.zeros<tf.Rank.R1>([numEnvs]),
        l: tf.zeros<tf.Rank.R1>([numEnvs], 'int32'),
      });
      return result;
    },
    step: (action) => {
      const result = environment.step(action);
      if (result.info.episode) {
        throw new InputError(`${environment.id}: episode statistics are recorded already`);
      }
      const before = running!;
      const next = tf.tidy(() => {
        const r = tf.add(before.r, result.reward) as tf.Tensor1D;
        const l = tf.add(before.l, tf.scalar(1, 'int32')) as tf.Tensor1D;
        const done = tf.logicalOr(result.terminated, result.truncated) as tf.Tensor1D;
        return keepTree({
          done,
          ended: { r: tf.where(done, r, tf.zerosLike(r)), l: tf.where(done, l, tf.zerosLike(l)) },
          running: { r: tf.where(done, tf.zerosLike(r), r), l: tf.where(done, tf.zerosLike(l), l) },
        });
      });
      free();
      running = next.running;
      added = { episode: next.ended, _episode: next.done };
      return { ...result, info: { ...result.info, ...added } };
    },
    close: () => {
      free();
      environment.close();
    },
  };
}

const leaves = ({ episode, _episode }: Pick<VectorInfo, 'episode' | '_episode'>): tf.Tensor[] =>
  episode && _episode ? [episode.r, episode.l, _episode] : [];
