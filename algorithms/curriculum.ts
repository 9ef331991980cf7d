import * as tf from '@tensorflow/tfjs';

import { InputError } from '../engine/input-error';
import { makeKey, phases } from '../engine/random';
import { disposeTree, type Tensors } from '../engine/tensors';
import type { EnvironmentDefinition } from '../envs/environment';
import { sampleAction } from '../envs/sample-action';

/** One level: the last one's environment with other numeric parameters. */
export interface Level {
  readonly name: string;
  readonly definition: EnvironmentDefinition;
}

/** Which level, and how far towards the next. */
export interface Standing {
  /** 0: the first. */
  readonly level: number;
  /** Validations in a row whose score was high enough. */
  readonly passes: number;
}

export const firstStanding: Standing = { level: 0, passes: 0 };

/**
 * The standing after a validation at its level.
 * @param score normalised; null where the optimum gains nothing over the naive policy: that passes
 */
export function advanceStanding(
  { level, passes }: Standing,
  score: number | null,
  { levels, pass }: { levels: number; pass: { score: number; evaluations: number } },
): Standing {
  const enough = score === null || score >= pass.score;
  const reached = enough ? passes + 1 : 0;
  if (level < levels - 1 && reached >= pass.evaluations) return { level: level + 1, passes: 0 };
  return { level, passes: reached };
}

/**
 * Which level each of B environments plays: a share stays at the earlier levels, spread evenly over them.
 * @returns [B]
 */
export function levelsOfRows(level: number, share: number, rows: number): Int32Array {
  const earlier = level === 0 ? 0 : Math.floor(share * rows);
  return Int32Array.from({ length: rows }, (_, row) => (row < earlier ? row % level : level));
}

/** Parameters of several levels, one row each. */
export interface LevelTable {
  /** [levels, …] of the parameters that differ from level to level. */
  readonly tables: Tensors;
}

/**
 * The parameters that differ between levels, stacked.
 * @throws InputError where a level has another structure: other parameters, shapes, spaces or dynamics
 */
export function tabulateLevels(levels: readonly Level[]): LevelTable {
  const last = levels.at(-1)!;
  levels.forEach((level) => checkStructure(level, last));
  const parameters = levels.map(({ definition }) => definition.parameters());
  try {
    const names = Object.keys(parameters[0]!).filter((name) =>
      parameters.some((one) => !equal(one[name]!, parameters[0]![name]!)),
    );
    return {
      tables: Object.fromEntries(
        names.map((name) => [
          name,
          tf.tidy(() => tf.concat(parameters.map((one) => asRow(one[name]!)))),
        ]),
      ),
    };
  } finally {
    disposeTree(parameters);
  }
}

/** Each row's own: [B] of numbers, [B, k] of tables. @param levelOfRow [B] */
export function parametersOfRows({ tables }: LevelTable, levelOfRow: Int32Array): Tensors {
  return tf.tidy(() => {
    const index = tf.tensor1d(levelOfRow, 'int32');
    return Object.fromEntries(
      Object.entries(tables).map(([name, table]) => [name, tf.gather(table, index)]),
    );
  });
}

/** [] → [1], [1, k] as it is. */
const asRow = (tensor: tf.Tensor): tf.Tensor =>
  tensor.rank === 0 ? tf.reshape(tensor, [1]) : tensor;

function equal(left: tf.Tensor, right: tf.Tensor): boolean {
  const [a, b] = [left.dataSync(), right.dataSync()];
  return a.every((value, index) => Object.is(value, b[index]));
}

/** Steps and environments of the comparison of two levels' dynamics. */
const probe = { steps: 4, rows: 16 };

function checkStructure(level: Level, last: Level): void {
  const refuse = (reason: string): never => {
    throw new InputError(
      `curriculum.levels: ${level.name} has another structure than ${last.name}: ${reason}; levels differ in numbers only`,
    );
  };
  const parameters = level.definition.parameters();
  const others = last.definition.parameters();
  try {
    const shapes = (given: Tensors): string =>
      Object.entries(given)
        .map(([name, tensor]) => `${name} [${tensor.shape.join(', ')}]`)
        .sort()
        .join(', ');
    if (shapes(parameters) !== shapes(others)) {
      refuse(`its parameters are ${shapes(parameters)}, not ${shapes(others)}`);
    }
    for (const [name, tensor] of Object.entries(parameters)) {
      if (tensor.rank > 0 && tensor.shape[0] !== 1) refuse(`${name} is no table of one row`);
    }
    const spaces = ({ definition: { observationSpace, actionSpace } }: Level): string =>
      JSON.stringify([observationSpace.fields.map(({ name }) => name), actionSpace]);
    if (spaces(level) !== spaces(last)) refuse('it observes or acts differently');
    const difference = differingDynamics(level.definition, last.definition, parameters);
    if (difference) refuse(`with the same parameters ${difference} comes out differently`);
  } finally {
    disposeTree([parameters, others]);
  }
}

/** What two definitions make of the same parameters and actions differently; null: nothing. */
function differingDynamics(
  one: EnvironmentDefinition,
  other: EnvironmentDefinition,
  parameters: Tensors,
): string | null {
  let found: string | null = null;
  tf.tidy(() => {
    const key = makeKey({ seed: 0, phase: phases.check, rows: probe.rows });
    let state = one.reset(parameters, key);
    found = differingLeaf(state, other.reset(parameters, key));
    const steps = Math.min(probe.steps, one.horizon ?? probe.steps);
    for (let step = 0; found === null && step < steps; step += 1) {
      const at = { ...key, step: tf.scalar(step, 'int32') };
      const mask = one.actionMask?.(parameters, state);
      const action = sampleAction(one.actionSpace, at, 1000, mask);
      const change = one.transition(parameters, state, action, at);
      const twin = other.transition(parameters, state, action, at);
      found =
        differingLeaf(change.state, twin.state) ??
        differingLeaf(
          { reward: change.reward, terminated: change.terminated },
          { reward: twin.reward, terminated: twin.terminated },
        );
      state = change.state;
    }
  });
  return found;
}

const differingLeaf = (left: Tensors, right: Tensors): string | null =>
  Object.keys(left).find(
    (name) =>
      right[name] === undefined ||
      left[name]!.shape.join() !== right[name].shape.join() ||
      !equal(left[name]!, right[name]),
  ) ?? null;
