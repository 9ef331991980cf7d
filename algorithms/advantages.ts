import * as tf from '@tensorflow/tfjs';

import { scan } from '../engine/loops';

export interface AdvantageInput {
  /** [T, B] */
  readonly reward: tf.Tensor2D;
  /** [T, B] V(s_t) */
  readonly value: tf.Tensor2D;
  /** [T, B] V of what follows step t within the same episode: of the final observation where one ended */
  readonly nextValue: tf.Tensor2D;
  /** [T, B] bool */
  readonly terminated: tf.Tensor2D;
  /** [T, B] bool */
  readonly truncated: tf.Tensor2D;
  /** [T, B] what of the reward is known to be zero-mean chance: it is left out, the same on average. */
  readonly noise?: tf.Tensor2D;
}

/**
 * Generalised advantage estimation (Schulman et al. 2016, eq. 16):
 * A_t = Σ (γλ)^l δ_{t+l}, δ_t = r_t + γ V(s_{t+1}) − V(s_t).
 * A terminated step has no next value; a truncated one has (it bootstraps); neither sum crosses
 * the end of an episode.
 * @returns advantage and target (advantage + value), [T, B] each
 */
export function estimateAdvantages(
  input: AdvantageInput,
  discount: number,
  lambda: number,
): { advantage: tf.Tensor2D; target: tf.Tensor2D } {
  return tf.tidy(() => {
    const [steps, rows] = input.reward.shape;
    const { outputs } = scan(
      (later: tf.Tensor, _index, input: StepInput) => {
        const { value, nextValue, terminated, truncated, noise } = input;
        const reward = noise ? tf.sub(input.reward, noise) : input.reward;
        const goesOn = tf.sub(1, tf.cast(terminated, 'float32'));
        const delta = tf.sub(tf.add(reward, tf.mul(discount, tf.mul(goesOn, nextValue))), value);
        const linked = tf.mul(goesOn, tf.sub(1, tf.cast(truncated, 'float32')));
        const advantage = tf.add(delta, tf.mul(tf.mul(discount * lambda, linked), later));
        return { carry: advantage, output: { advantage, target: tf.add(advantage, value) } };
      },
      tf.zeros([rows]) as tf.Tensor,
      steps,
      { inputs: { ...input } as StepInput, reverse: true },
    );
    return outputs as { advantage: tf.Tensor2D; target: tf.Tensor2D };
  });
}

/** Row t of what `AdvantageInput` holds, each [B]. */
type StepInput = Readonly<
  Record<Exclude<keyof AdvantageInput, 'noise'>, tf.Tensor> & { noise?: tf.Tensor }
>;

/** (A − mean) / (deviation + 1e-8) over all entries. */
export function normaliseAdvantages<T extends tf.Tensor>(advantage: T): T {
  return tf.tidy(() => {
    const centred = tf.sub(advantage, tf.mean(advantage));
    return tf.div(centred, tf.add(tf.sqrt(tf.mean(tf.square(centred))), 1e-8));
  }) as T;
}
