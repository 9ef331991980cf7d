import type * as tf from '@tensorflow/tfjs';

import type { Key } from '../../engine/random';
import type { Tensors } from '../../engine/tensors';
import type { EnvironmentDefinition } from '../../envs/environment';

/** What a policy may look at: the whole state, not only what a learner observes. */
export interface PolicyInput {
  readonly parameters: Tensors;
  readonly state: Tensors;
  /** [B, O] */
  readonly observation: tf.Tensor2D;
  readonly actionMask?: tf.Tensor2D;
  readonly key: Key;
}

/** A policy that was not trained. */
export interface ClassicalPolicy {
  readonly name: string;
  readonly kind: 'classical';
  /** Whether it draws its actions at random. Default false. */
  readonly stochastic?: boolean;
  /** Whether it reads tensors on the host, so that its episodes run eagerly. Default false. */
  readonly onHost?: boolean;
  /**
   * Deterministic unless it draws from the key.
   * @returns actions in the environment's units, as `transition` takes them
   */
  act(input: PolicyInput): tf.Tensor;
  /** Frees tensors that the policy keeps between calls. */
  dispose?(): void;
}

/** What a solver's file exports to be usable as a policy. */
export interface PolicySolver<Config = unknown> {
  readonly name: string;
  readonly description: string;
  /** Ids of the environment kinds it can solve. */
  readonly environments: readonly string[] | 'any';
  /** Whether it can play such an environment so configured; absent: every one. */
  fits?(config: Config): boolean;
  /** @param config of the environment, with its defaults filled in */
  create(kindId: string, config: Config, definition: EnvironmentDefinition): ClassicalPolicy;
}
