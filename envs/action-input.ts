import * as tf from '@tensorflow/tfjs';

import { InputError } from '../engine/input-error';
import { dtypeOf, optionsOf, shapeOf, type Space } from './space';

type Numbers = readonly number[] | Float32Array | Int32Array;

/** A batch of actions: a tensor, or numbers nested as the action space's shape is. */
export type ActionInput = tf.Tensor | Numbers | readonly Numbers[];

/**
 * The actions as a tensor of the space's shape and type. Plain numbers are checked one by one;
 * a tensor stays on its device, so that only its shape and type are.
 * @throws InputError that names the shape, type or value that was expected
 */
export function toActionTensor(action: ActionInput, space: Space, rows: number): tf.Tensor {
  const shape = shapeOf(space, rows);
  const dtype = dtypeOf(space);
  const expected = `expected ${dtype} [${shape.join(', ')}] (${layouts[space.kind]})`;
  if (action instanceof tf.Tensor) {
    if (!sameShape(action.shape, shape) || action.dtype !== dtype) {
      throw new InputError(`action: ${expected}, got ${action.dtype} [${action.shape.join(', ')}]`);
    }
    return action;
  }
  const given = shapeOfArrays(action);
  if (!sameShape(given, shape)) {
    throw new InputError(`action: ${expected}, got [${given.join(', ')}]`);
  }
  const values = Array.from<number | Numbers>(action).flatMap((row) =>
    typeof row === 'number' ? [row] : Array.from(row),
  );
  const width = (row: number | Numbers): number => (typeof row === 'number' ? 0 : row.length);
  if (Array.from<number | Numbers>(action).some((row) => width(row) !== (shape[1] ?? 0))) {
    throw new InputError(`action: ${expected}, got rows of different lengths`);
  }
  checkValues(values, space);
  return tf.tensor(values, [...shape], dtype);
}

const layouts = {
  box: 'a row of fields per environment',
  discrete: 'a choice per environment',
  'multi-discrete': 'a row of choices per environment',
} as const;

const sameShape = (left: readonly number[], right: readonly number[]): boolean =>
  left.length === right.length && left.every((size, axis) => size === right[axis]);

function shapeOfArrays(action: Numbers | readonly Numbers[]): readonly number[] {
  const [first] = action;
  return typeof first === 'object' ? [action.length, first.length] : [action.length];
}

function checkValues(values: readonly number[], space: Space): void {
  if (space.kind === 'box') {
    const index = values.findIndex((value) => typeof value !== 'number' || Number.isNaN(value));
    if (index < 0) return;
    const field = space.fields[index % space.fields.length]!;
    const row = Math.floor(index / space.fields.length);
    throw new InputError(`action: ${field.name} of row ${row} is ${values[index]}, not a number`);
  }
  const options = optionsOf(space);
  values.forEach((value, index) => {
    const count = options[index % options.length]!;
    if (Number.isInteger(value) && value >= 0 && value < count) return;
    const row = Math.floor(index / options.length);
    throw new InputError(
      `action: row ${row} holds ${value}; expected a whole number from 0 to ${count - 1}`,
    );
  });
}
