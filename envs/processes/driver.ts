import type * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../engine/tensors';
import type { Field } from '../space';

/** A part of the state that an agent may observe: one column, or two (bid, ask). */
export interface Driver {
  readonly fields: readonly Field[];
  /** [B] for one field, [B, 2] for two, in the fields' scaled units. */
  observe(parameters: Tensors, state: Tensors): tf.Tensor;
}
