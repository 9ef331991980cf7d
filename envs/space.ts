/** One component of an observation or of a continuous action. */
export interface Field {
  readonly name: string;
  /** As printed in the documentation and in `policy.json`: 'quote currency', 'shares', '1' for a ratio. */
  readonly unit: string;
  readonly low: number;
  readonly high: number;
  readonly description: string;
  /** Continuous actions: the value at a = 0 of a policy's raw output; default the middle of finite bounds, else 0. */
  readonly centre?: number;
  /** Continuous actions: units per unit of raw output; default half the width of finite bounds, else 1. */
  readonly scale?: number;
  /** Continuous actions: what an exported policy does when its observation is unusable; default the centre. */
  readonly safe?: number;
}

/** Real vectors; tensors float32 [B, fields.length]. Bounds may be infinite. */
export interface Box {
  readonly kind: 'box';
  readonly fields: readonly Field[];
}

/** One choice out of `labels.length`; tensors int32 [B]. */
export interface Discrete {
  readonly kind: 'discrete';
  readonly name: string;
  readonly description: string;
  /** One label a choice, units included. */
  readonly labels: readonly string[];
  /** The choice of an exported policy when its observation is unusable; default 0. */
  readonly safe?: number;
}

/** Several independent choices; tensors int32 [B, choices.length]. */
export interface MultiDiscrete {
  readonly kind: 'multi-discrete';
  readonly choices: readonly Discrete[];
}

export type Space = Box | Discrete | MultiDiscrete;

export const box = (fields: readonly Field[]): Box => ({ kind: 'box', fields });

export const discrete = (
  name: string,
  description: string,
  labels: readonly string[],
): Discrete => ({ kind: 'discrete', name, description, labels });

export const multiDiscrete = (choices: readonly Discrete[]): MultiDiscrete => ({
  kind: 'multi-discrete',
  choices,
});

const isBounded = ({ low, high }: Field): boolean => Number.isFinite(low) && Number.isFinite(high);

/** The action at raw output 0, in the field's unit. */
export const centreOf = (field: Field): number =>
  field.centre ?? (isBounded(field) ? (field.low + field.high) / 2 : 0);

/** The change of the action by one unit of raw output, in the field's unit. */
export const scaleOf = (field: Field): number =>
  field.scale ?? (isBounded(field) ? (field.high - field.low) / 2 : 1);

/** The shape of a batch of values: [rows, fields], [rows] or [rows, choices]. */
export function shapeOf(space: Space, rows: number): readonly number[] {
  switch (space.kind) {
    case 'box':
      return [rows, space.fields.length];
    case 'discrete':
      return [rows];
    case 'multi-discrete':
      return [rows, space.choices.length];
  }
}

export const dtypeOf = (space: Space): 'float32' | 'int32' =>
  space.kind === 'box' ? 'float32' : 'int32';

/** The number of options of each choice: what stands side by side in an action mask; none for a box. */
export function optionsOf(space: Space): readonly number[] {
  switch (space.kind) {
    case 'box':
      return [];
    case 'discrete':
      return [space.labels.length];
    case 'multi-discrete':
      return space.choices.map((choice) => choice.labels.length);
  }
}

/** A space with the batch in front: the shape and type of the tensors that travel. */
export interface BatchedSpace<Single extends Space = Space> {
  readonly single: Single;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
}

export const batchSpace = <Single extends Space>(
  single: Single,
  rows: number,
): BatchedSpace<Single> => ({ single, shape: shapeOf(single, rows), dtype: dtypeOf(single) });
