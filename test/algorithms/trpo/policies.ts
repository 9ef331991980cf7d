/** Small policies with random parameters and batches, and their exact divergences in float64. */
import * as tf from '@tensorflow/tfjs';

import { createPolicy, type Policy } from '../../../algorithms/policies/policy';
import type { PolicyBatch, TrpoOptions } from '../../../algorithms/trpo/update';
import type { Tensors } from '../../../engine/tensors';
import { box, discrete, multiDiscrete, type Space } from '../../../envs/space';
import {
  categoricalDivergence,
  float32s,
  forward,
  gaussianDivergence,
  logSoftmax,
  numbersFrom,
  type Plain,
  randomLike,
} from '../reference';

export const policyKinds = ['gaussian', 'categorical', 'masked', 'multi-discrete'] as const;
export type PolicyKind = (typeof policyKinds)[number];

const field = { unit: '1', low: -Infinity, high: Infinity, description: '' };
const boxOf = (names: readonly string[]) => box(names.map((name) => ({ ...field, name })));
const labels = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`);

const actionSpaces: Record<PolicyKind, Space> = {
  gaussian: boxOf(['u', 'v']),
  categorical: discrete('c', '', labels(3)),
  masked: discrete('c', '', labels(4)),
  'multi-discrete': multiDiscrete([discrete('c', '', labels(2)), discrete('d', '', labels(3))]),
};

export interface Example {
  readonly policy: Policy;
  readonly parameters: Tensors;
  readonly batch: PolicyBatch;
  readonly next: () => number;
  /** Mean KL(at ‖ other) over the batch's observations, float64. */
  divergence(at: Plain, other: Plain): number;
}

export const usual = {
  trustRegion: 0.01,
  damping: 0.1,
  conjugateGradientIterations: 10,
  residualTolerance: 1e-3,
  backtrackRatio: 0.8,
  backtrackSteps: 10,
  fisherFraction: 1,
  chunk: 4,
} satisfies TrpoOptions;

export function createExample(
  kind: PolicyKind,
  { rows, seed, hidden = [4] }: { rows: number; seed: number; hidden?: readonly number[] },
): Example {
  const next = numbersFrom(seed);
  const space = actionSpaces[kind];
  const policy = createPolicy(boxOf(['x', 'y', 'z']), space, {
    hidden,
    activation: 'tanh',
    initialLogStd: -0.5,
    learnStd: true,
  });
  const template = policy.initialise((_, rows, columns) =>
    Float32Array.from(float32s(rows * columns, next)),
  );
  const parameters = randomLike(template, next, 0.7);
  const outputs = policy.head.outputs;
  const observation = Array.from({ length: rows }, () => float32s(3, next, 1.5));
  // Of four choices one or two are masked, another one in each row.
  const mask = observation.map(() => {
    const closed = Math.floor((next() + 1) * 2);
    return Array.from({ length: outputs }, (_, i) => i !== closed && i !== (closed + 1) % 3);
  });
  const choiceOf = (r: number, count: number): number => {
    const open = Array.from({ length: count }, (_, i) => i).filter(
      (i) => kind !== 'masked' || mask[r]![i],
    );
    return open[Math.floor(((next() + 1) / 2) * open.length)]!;
  };
  const action =
    kind === 'gaussian'
      ? tf.tensor2d(observation.map(() => float32s(2, next, 2)))
      : kind === 'multi-discrete'
        ? tf.tensor2d(
            observation.map((_, r) => [choiceOf(r, 2), choiceOf(r, 3)]),
            [rows, 2],
            'int32',
          )
        : tf.tensor1d(
            observation.map((_, r) => choiceOf(r, outputs)),
            'int32',
          );
  const batch: PolicyBatch = {
    observation: tf.tensor2d(observation),
    action,
    advantage: tf.tensor1d(float32s(rows, next, 1.7)),
    ...(kind === 'masked' ? { actionMask: tf.tensor2d(mask, [rows, outputs], 'bool') } : {}),
  };

  const outputOf = (at: Plain, row: number[]): number[] =>
    forward(policy.network.sizes, 'tanh', at, row);
  const rowDivergence = (x: number[], y: number[], at: Plain, other: Plain, r: number): number => {
    switch (kind) {
      case 'gaussian':
        return gaussianDivergence(x, at['logStd']!, y, other['logStd']!);
      case 'categorical':
        return categoricalDivergence(logSoftmax(x), logSoftmax(y));
      case 'masked':
        return categoricalDivergence(logSoftmax(x, mask[r]), logSoftmax(y, mask[r]));
      case 'multi-discrete':
        return (
          categoricalDivergence(logSoftmax(x.slice(0, 2)), logSoftmax(y.slice(0, 2))) +
          categoricalDivergence(logSoftmax(x.slice(2)), logSoftmax(y.slice(2)))
        );
    }
  };
  return {
    policy,
    parameters,
    batch,
    next,
    divergence: (at, other) =>
      observation.reduce(
        (sum, row, r) =>
          sum + rowDivergence(outputOf(at, row), outputOf(other, row), at, other, r) / rows,
        0,
      ),
  };
}
