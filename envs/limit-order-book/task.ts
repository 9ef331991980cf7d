import type * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../engine/tensors';
import type { MetricField } from '../environment';
import type { Space } from '../space';
import type { AgentState } from './account';

/** What the agent is to do: what it may do in a step, and how the episode is counted. */
export interface Task {
  readonly actionSpace: Space;
  readonly metrics: Readonly<Record<string, MetricField>>;
  parameters(): Tensors;
  /** [B] shares at the start. */
  initialInventory(parameters: Tensors, rows: number): tf.Tensor1D;
  /** The agent's orders and trades. @param action [B] or [B, 2] int32 */
  act(parameters: Tensors, state: AgentState, action: tf.Tensor): AgentState;
  /** bool [B]: whether the task is done before the horizon; null: never. */
  isDone(state: AgentState): tf.Tensor1D | null;
  /** What becomes of the inventory at the end, in rows where the episode ends. @param ends bool [B] */
  close(parameters: Tensors, state: AgentState, ends: tf.Tensor1D): AgentState;
  /** [B] ticks × shares to be taken off the reward for a step; null: nothing. */
  penalty(parameters: Tensors, state: AgentState, elapsed: tf.Tensor): tf.Tensor | null;
  /** Bool [B, n]: heads side by side. */
  actionMask(parameters: Tensors, state: AgentState): tf.Tensor2D;
  measure(parameters: Tensors, state: AgentState): Tensors;
}
