import * as tf from '@tensorflow/tfjs';

import type { Tensors } from '../../engine/tensors';
import {
  firstDifference,
  keyOf,
  outcomeOf,
  pickRows,
  type Sample,
  takeSample,
  type Trial,
} from './trial';

/** Rounding that may differ with the size of a batch: kernels add in another order. */
const tolerance = 1e-5;

/** A row's episode does not depend on the rows beside it: not on how many, not on what they do. */
export function checkRows(trial: Trial): void {
  const parameters = trial.definition.parameters();
  const sample = takeSample(trial, parameters);
  checkBatchSizes(trial, parameters, sample);
  checkMixedParameters(trial, parameters, sample);
  checkBoxActions(trial, sample);
}

function checkBatchSizes(trial: Trial, parameters: Tensors, sample: Sample): void {
  const { definition, report, rows } = trial;
  const first = definition.reset(parameters, keyOf(trial, 0));
  const outcome = outcomeOf(trial, sample);
  const step = sample.key.step.dataSync()[0]!;
  for (const some of [[rows - 1], [1, 0]]) {
    const size = `a batch of ${some.length} and one of ${rows}`;
    const reset = definition.reset(parameters, keyOf(trial, 0, some));
    const resetDifference = firstDifference(reset, pickRows(first, some), tolerance);
    if (resetDifference) report('rows', `reset differs between ${size}: ${resetDifference}`);
    const part: Sample = {
      parameters,
      state: pickRows(sample.state, some),
      action: pickRows(sample.action, some),
      key: keyOf(trial, step, some),
    };
    const difference = firstDifference(outcomeOf(trial, part), pickRows(outcome, some), tolerance);
    if (difference) report('rows', `transition differs between ${size}: ${difference}`);
  }
}

/** Odd rows get parameters one per cent smaller: in one batch the same as in two. */
function checkMixedParameters(trial: Trial, parameters: Tensors, sample: Sample): void {
  const { definition, report, rows } = trial;
  const scalars = Object.keys(parameters).filter((name) => parameters[name]!.rank === 0);
  if (scalars.length === 0) return;
  const change = (value: (tensor: tf.Tensor) => tf.Tensor): Tensors => ({
    ...parameters,
    ...Object.fromEntries(scalars.map((name) => [name, value(parameters[name]!)])),
  });
  const factors = Array.from({ length: rows }, (_, row) => (row % 2 === 0 ? 1 : 0.99));
  const mixed = change((tensor) => tf.mul(tensor, tf.tensor1d(factors)));
  const reduced = change((tensor) => tf.mul(tensor, tf.scalar(0.99)));
  const run = (given: Tensors): Tensors => ({
    ...outcomeOf(trial, { ...sample, parameters: given }),
    ...Object.fromEntries(
      Object.entries(definition.reset(given, keyOf(trial, 0))).map(([name, leaf]) => [
        `reset.${name}`,
        leaf,
      ]),
    ),
  });
  try {
    const together = run(mixed);
    for (const [parity, alone] of [run(parameters), run(reduced)].entries()) {
      const some = factors.flatMap((_, row) => (row % 2 === parity ? [row] : []));
      const difference = firstDifference(
        pickRows(together, some),
        pickRows(alone, some),
        tolerance,
      );
      if (difference) {
        report('parameters', `parameters per row, [B], act on other rows as well: ${difference}`);
      }
    }
  } catch (error) {
    report('parameters', `parameters per row, [B], are not accepted: ${(error as Error).message}`);
  }
}

/** Actions beyond the bounds count as at the bounds, and one that is no number harms its own row only. */
function checkBoxActions(trial: Trial, sample: Sample): void {
  const { definition, report, rows } = trial;
  if (definition.actionSpace.kind !== 'box') return;
  const { fields } = definition.actionSpace;
  const outcome = outcomeOf(trial, sample);
  const poison = tf.tensor2d([
    fields.map(() => NaN),
    ...Array.from({ length: rows - 1 }, () => fields.map(() => 0)),
  ]);
  const poisoned = outcomeOf(trial, { ...sample, action: tf.add(sample.action, poison) });
  const others = Array.from({ length: rows - 1 }, (_, index) => index + 1);
  const spread = firstDifference(pickRows(poisoned, others), pickRows(outcome, others), 0);
  if (spread)
    report('nan', `an action that is not a number in row 0 changes other rows: ${spread}`);

  for (const side of ['low', 'high'] as const) {
    const direction = side === 'low' ? -1 : 1;
    const bounded = fields.map((field) => (Number.isFinite(field[side]) ? field[side] : 0));
    const beyond = fields.map((field, index) =>
      Number.isFinite(field[side]) ? bounded[index]! + direction * (1 + Math.abs(field[side])) : 0,
    );
    const at = (row: readonly number[]): Tensors =>
      outcomeOf(trial, { ...sample, action: tf.tile(tf.tensor2d([[...row]]), [rows, 1]) });
    const difference = firstDifference(at(beyond), at(bounded), tolerance);
    if (difference) {
      report('action-bounds', `an action beyond its ${side} differs from one at it: ${difference}`);
    }
  }
}
