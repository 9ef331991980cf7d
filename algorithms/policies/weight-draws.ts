import * as tf from '@tensorflow/tfjs';

import { type Key, normals } from '../../engine/random';
import type { WeightDraws } from './network';

/** Normals for the initial weights, the same on every device. @param network tells networks apart */
export const weightDraws =
  (key: Key, network: number): WeightDraws =>
  (layer, rows, columns) => {
    const drawn = tf.tidy(() =>
      normals({ ...key, row: tf.range(0, rows, 1, 'int32') }, network * 64 + layer, columns),
    );
    const values = drawn.dataSync() as Float32Array;
    drawn.dispose();
    return values;
  };
