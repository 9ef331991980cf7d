import * as tf from '@tensorflow/tfjs';

import { makeKey, type Key, phases } from '../../engine/random';
import { leavesOf, mapTrees, type Tensors, type TensorTree } from '../../engine/tensors';
import type { Change, Environment, EnvironmentDefinition } from '../environment';
import { sampleAction } from '../sample-action';

/** One thing that is wrong with an environment. */
export interface Finding {
  /** Which check found it, such as 'determinism'. */
  readonly check: string;
  readonly message: string;
}

/** An environment under examination. */
export interface Trial {
  readonly environment: Environment;
  readonly definition: EnvironmentDefinition;
  readonly rows: number;
  readonly seed: number;
  /** The longest horizon that is walked to its end. */
  readonly steps: number;
  report(check: string, message: string): void;
}

/** What a step needs, and what it leads to. */
export interface Sample {
  readonly parameters: Tensors;
  readonly state: Tensors;
  readonly action: tf.Tensor;
  readonly key: Key;
}

export const keyOf = (trial: Trial, step: number, row?: readonly number[]): Key =>
  makeKey({
    seed: trial.seed,
    phase: phases.check,
    step,
    ...(row ? { row } : { rows: trial.rows }),
  });

/** The draws of random actions start here, apart from those of an environment. */
const actionDraw = 1000;

export const randomAction = (trial: Trial, parameters: Tensors, state: Tensors, key: Key) =>
  sampleAction(
    trial.definition.actionSpace,
    key,
    actionDraw,
    trial.definition.actionMask?.(parameters, state),
  );

/** A state some steps into the episode, with a random action; call it inside a tidy. */
export function takeSample(trial: Trial, parameters: Tensors, steps = 2): Sample {
  const { environment } = trial;
  let { state } = environment.reset(parameters, keyOf(trial, 0));
  for (let step = 1; step <= steps; step += 1) {
    const key = keyOf(trial, step);
    const action = randomAction(trial, parameters, state, key);
    state = environment.step(parameters, state, action, key).state;
  }
  const key = keyOf(trial, steps + 1);
  return { parameters, state, action: randomAction(trial, parameters, state, key), key };
}

export const transit = ({ definition }: Trial, sample: Sample): Change<Tensors> =>
  definition.transition(sample.parameters, sample.state, sample.action, sample.key);

/** State, reward, flags and observation of a transition, as one record that can be compared. */
export function outcomeOf(trial: Trial, sample: Sample): Tensors {
  const { state, reward, terminated, truncated, noise } = transit(trial, sample);
  return {
    ...prefixed('state.', state),
    reward,
    terminated,
    ...(truncated ? { truncated } : {}),
    ...(noise ? { noise } : {}),
    observation: trial.definition.observe(sample.parameters, state),
  };
}

const prefixed = (prefix: string, tensors: Tensors): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [prefix + name, tensor]));

export const pickRows = <Tree extends TensorTree>(tree: Tree, rows: readonly number[]): Tree =>
  mapTrees((leaf) => tf.gather(leaf!, tf.tensor1d([...rows], 'int32')), tree);

/** The first tensor whose values differ by more than the tolerance (relative to its size, at least 1). */
export function firstDifference(left: Tensors, right: Tensors, tolerance: number): string | null {
  for (const [name, tensor] of Object.entries(left)) {
    const [ours, theirs] = [tensor.dataSync(), right[name]!.dataSync()];
    for (let index = 0; index < ours.length; index += 1) {
      const [a, b] = [Number(ours[index]), Number(theirs[index])];
      const near = Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a), Math.abs(b));
      if (!near && !Object.is(a, b) && a !== b)
        return `${name} is ${a} in one and ${b} in the other`;
    }
  }
  return null;
}

export const isTensorRecord = (value: unknown): value is Tensors =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every((entry) => entry instanceof tf.Tensor);

export const isFinite = (tree: TensorTree): boolean =>
  leavesOf(tree).every((tensor) => tensor.dataSync().every((value) => Number.isFinite(value)));
