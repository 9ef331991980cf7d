import type { Box, Space } from '../../envs/space';

/** An affine map from one layer to the next: y = x·weights + bias. */
export interface ExportableLayer {
  readonly inputs: number;
  readonly outputs: number;
  /** [inputs, outputs], row-major */
  readonly weights: Float32Array;
  /** [outputs] */
  readonly bias: Float32Array;
}

/** How observations are standardised: clip((x − mean) / √(variance + epsilon), ±clip). */
export interface ExportableNormaliser {
  /** [O] each */
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  /** The range seen in training; infinite where nothing was seen. */
  readonly minimum: Float32Array;
  readonly maximum: Float32Array;
  readonly epsilon: number;
  readonly clip: number;
}

/** A trained policy as plain numbers: all that its deterministic decisions depend on. */
export interface ExportablePolicy {
  readonly name: string;
  readonly observationSpace: Box;
  readonly actionSpace: Space;
  /** Whether the environment says at each step which choices are allowed. */
  readonly masked: boolean;
  /** null: observations reach the network as they are. */
  readonly observation: ExportableNormaliser | null;
  /** From the observation to the means or logits; the activation stands between layers. */
  readonly layers: readonly ExportableLayer[];
  readonly activation: 'tanh' | 'relu';
  /** For the record: the environment's id and config, and the resolved config of the run. */
  readonly environment: object;
  readonly config: object;
}
