import type * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../engine/tensors';
import type { Driver } from '../processes/driver';
import type { Best, Shift } from './book';
import type { LevelLaw } from './level-law';
import type { OrderEvent } from './matching';

/** The market as others see it when they act. */
export interface Scene {
  /** [B, 2W] without the agent's orders, bids negative. */
  readonly depth: tf.Tensor2D;
  /** [B, 2W] the agent's shares in the same way; null: none. */
  readonly ownDepth: tf.Tensor | null;
  /** With the agent's orders. */
  readonly best: Best;
  /** State entries of the flow. */
  readonly state: Tensors;
}

/** Uniform numbers of one event, each [B, 1]. */
export interface EventDraws {
  readonly time: tf.Tensor;
  readonly choice: tf.Tensor;
}

/** The next event of each row, before it is known whether it comes in time. */
export interface Candidate {
  /** [B, 1] time to it. */
  readonly wait: tf.Tensor;
  /** Everything but the size. */
  readonly event: Omit<OrderEvent, 'size'>;
  /** State entries after it. */
  readonly state: Tensors;
}

/** A law by which others' orders arrive. */
export interface Flow {
  parameters(): Tensors;
  /** State entries of B books, none for a flow without memory. */
  initial(rows: number): Tensors;
  next(parameters: Tensors, scene: Scene, draws: EventDraws): Candidate;
  /** State entries when so much time goes by without an event. @param time [B, 1] */
  rest(parameters: Tensors, state: Tensors, time: tf.Tensor): Tensors;
  /** How the window follows an event. @param draw [B, 1] uniform */
  follow(
    parameters: Tensors,
    before: Scene,
    after: Pick<Scene, 'depth' | 'ownDepth' | 'best'>,
    draw: tf.Tensor,
  ): Follow;
  /** Orders at each level when nothing else is known, level 1 next to the reference price. */
  readonly levelLaw: LevelLaw;
  readonly drivers: readonly Driver[];
}

export interface Follow extends Pick<Shift, 'ticks'> {
  /** bool [B, 1]: whether the whole book is drawn anew; null: never. */
  readonly isRedrawn: tf.Tensor | null;
}
