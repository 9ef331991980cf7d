import * as tf from '@tensorflow/tfjs';

import { createPolicy, type Policy } from '../../../algorithms/policies/policy';
import { fisherVectorProduct } from '../../../algorithms/trpo/fisher';
import { flatten } from '../../../algorithms/trpo/flat';
import { type PolicyBatch, type TrpoOptions, trpoUpdate } from '../../../algorithms/trpo/update';
import { compile } from '../../../engine/compile/compile';
import { setThreads, workspaceBytes } from '../../../engine/compile/run/native';
import { disposeTree, type Tensors } from '../../../engine/tensors';
import { box, discrete } from '../../../envs/space';
import { createNumbers, createTensors, describeNative, difference, onCpu, take } from './compare';

const field = { unit: '1', low: -Infinity, high: Infinity, description: '' };

interface Example {
  readonly policy: Policy;
  readonly weights: Tensors;
  batch(rows: number): Tensors;
}

/** A policy of an observation of so many columns, Gaussian over two actions or a choice of five. */
function createExample(
  columns: number,
  hidden: readonly number[],
  kind: 'gaussian' | 'masked' = 'gaussian',
): Example {
  const observation = box(
    Array.from({ length: columns }, (_, index) => ({ ...field, name: `x${index}` })),
  );
  const action =
    kind === 'gaussian'
      ? box(['u', 'v'].map((name) => ({ ...field, name })))
      : discrete('c', '', ['0', '1', '2', '3', '4']);
  const policy = createPolicy(observation, action, {
    hidden,
    activation: 'tanh',
    initialLogStd: -0.5,
    learnStd: true,
  });
  const next = createNumbers(columns + hidden.length);
  const weights = tf.tidy(
    () =>
      policy.initialise((_, rows, width) =>
        Float32Array.from({ length: rows * width }, () => next() * 2 - 1),
      ) as never,
  ) as Tensors;
  // The last layer begins near zero: larger, so that it matters.
  const last = `layer${hidden.length}/weights`;
  const larger = { ...weights, [last]: tf.mul(weights[last]!, 30) };
  weights[last]!.dispose();
  return {
    policy,
    weights: larger,
    batch(rows) {
      const { float, int, bool } = createTensors(rows);
      if (kind === 'gaussian') {
        return {
          observation: float([rows, columns]),
          action: float([rows, 2]),
          advantage: float([rows]),
        };
      }
      // The choice that was made is open.
      const choice = int([rows], 0, 5);
      const mask = tf.tidy(() =>
        tf.logicalOr(bool([rows, 5]), tf.cast(tf.oneHot(choice as tf.Tensor1D, 5), 'bool')),
      );
      return {
        observation: float([rows, columns]),
        action: choice,
        advantage: float([rows]),
        actionMask: mask,
      };
    },
  };
}

const options: TrpoOptions = {
  trustRegion: 0.01,
  damping: 0.1,
  conjugateGradientIterations: 10,
  residualTolerance: 0,
  backtrackRatio: 0.8,
  backtrackSteps: 10,
  fisherFraction: 1,
  chunk: 512,
};

type Given = { rows: Tensors; parameters: { weights: Tensors; vector: tf.Tensor } };

const productOf =
  ({ policy }: Example) =>
  ({ rows, parameters }: Given) => ({
    product: fisherVectorProduct(
      policy,
      parameters.weights,
      [{ observation: rows['observation'] as tf.Tensor2D, ...maskOf(rows) }],
      options.damping,
    )(parameters.vector as tf.Tensor1D),
  });

const maskOf = ({ actionMask }: Tensors) => (actionMask ? { actionMask } : {});

const updateOf =
  ({ policy }: Example) =>
  ({ rows, parameters }: Given) => {
    const result = trpoUpdate(
      policy,
      parameters.weights,
      rows as unknown as PolicyBatch,
      options,
      null as never,
    );
    return { ...result.parameters, ...result.diagnostics } as Tensors;
  };

function givenOf({ weights, batch }: Example, rows: number): Given {
  const vector = tf.tidy(() => {
    const flat = flatten(weights);
    return tf.add(flat, tf.sin(tf.range(0, flat.size)));
  });
  return { rows: batch(rows), parameters: { weights, vector } };
}

function freeBatch({ rows, parameters }: Given): void {
  disposeTree([rows, parameters.vector]);
}

const examples = {
  '4 → 64 → 64 → 2': () => createExample(4, [64, 64]),
  '16 → 64 → 64 → 2': () => createExample(16, [64, 64]),
  '16 → 256 → 256 → 2': () => createExample(16, [256, 256]),
  '7 → 30 → 50 → 20 → 2': () => createExample(7, [30, 50, 20]),
  '40 → 10 → 2': () => createExample(40, [10]),
  '6 → 32 → 32 → one of 5, masked': () => createExample(6, [32, 32], 'masked'),
} as const;

type ExampleName = keyof typeof examples;

describeNative('compiled networks', () => {
  it.each([
    ['4 → 64 → 64 → 2', [1, 7, 300, 4097]],
    ['16 → 64 → 64 → 2', [1, 300]],
    ['16 → 256 → 256 → 2', [7, 300]],
    ['7 → 30 → 50 → 20 → 2', [1, 7, 300]],
    ['40 → 10 → 2', [1, 7, 300]],
    ['6 → 32 → 32 → one of 5, masked', [1, 7, 300]],
  ] as const)('Fisher-vector product of %s', (name, sizes) => {
    const example = examples[name as ExampleName]();
    const compute = productOf(example);
    const program = compile(compute, { name });
    for (const rows of sizes) {
      const given = givenOf(example, rows);
      const { product } = take(program(given));
      const expected = onCpu(() => take(tf.tidy(() => compute(given))));
      expect(difference(product!, expected['product']!, { relative: 2e-6, scale: 1 })).toBe(null);
      freeBatch(given);
    }
    disposeTree(example.weights);
  });

  it.each([
    ['4 → 64 → 64 → 2', [1, 300]],
    ['16 → 64 → 64 → 2', [7, 300]],
    ['7 → 30 → 50 → 20 → 2', [7, 300]],
    ['6 → 32 → 32 → one of 5, masked', [7, 300]],
  ] as const)('trust region update of %s', (name, sizes) => {
    const example = examples[name as ExampleName]();
    const compute = updateOf(example);
    const program = compile(compute, { name: `update of ${name}` });
    for (const rows of sizes) {
      const given = givenOf(example, rows);
      const before = take(
        Object.fromEntries(Object.entries(example.weights).map(([one, x]) => [one, tf.clone(x)])),
      );
      const actual = take(program(given));
      const expected = onCpu(() => take(tf.tidy(() => compute(given) as never)));
      expect(actual['accepted']!.values[0]).toBe(expected['accepted']!.values[0]);
      for (const [one, { values }] of Object.entries(expected)) {
        // Of what has changed: the steps of conjugate gradients add to the rounding errors.
        const start = before[one]?.values;
        let most = 1e-3;
        let worst = 0;
        for (let place = 0; place < values.length; place += 1) {
          most = Math.max(most, Math.abs(values[place]! - (start?.[place] ?? 0)));
          worst = Math.max(worst, Math.abs(values[place]! - actual[one]!.values[place]!));
        }
        expect([one, worst / most < 1e-3 ? 'near' : worst / most]).toEqual([one, 'near']);
      }
      freeBatch(given);
    }
    disposeTree(example.weights);
  });

  it('gives the same bits for any number of threads', () => {
    const example = examples['4 → 64 → 64 → 2']();
    const given = givenOf(example, 4097);
    const update = compile(updateOf(example), { name: 'update of 4 → 64 → 64 → 2' });
    const sums = compile(
      ({ rows }: Given) => ({
        mean: tf.mean(tf.tanh(rows['observation']!), 0) as tf.Tensor,
        outer: tf.matMul(
          rows['observation'] as tf.Tensor2D,
          rows['action'] as tf.Tensor2D,
          true,
        ) as tf.Tensor,
        most: tf.max(rows['advantage']!) as tf.Tensor,
        centred: tf.sub(rows['advantage']!, tf.mean(rows['advantage']!)) as tf.Tensor,
      }),
      { name: 'sums' },
    );
    const run = (threads: number) => {
      setThreads(threads);
      return { ...take(update(given)), ...take(sums(given)) };
    };
    try {
      const one = run(1);
      for (const threads of [2, 5, 2]) expect(run(threads)).toEqual(one);
    } finally {
      setThreads(null);
    }
    freeBatch(given);
    disposeTree(example.weights);
  });

  it('keeps no memory over ten thousand calls', () => {
    const example = createExample(4, [8]);
    const given = givenOf(example, 100);
    const program = compile(productOf(example), { name: 'small' });
    const call = (): void => program(given).product.dispose();
    for (let count = 0; count < 1000; count += 1) call();
    const before = {
      tensors: tf.memory().numTensors,
      bytes: tf.memory().numBytes,
      workspace: workspaceBytes(),
      resident: process.memoryUsage().rss,
    };
    for (let count = 0; count < 10_000; count += 1) call();
    expect(tf.memory().numTensors).toBe(before.tensors);
    expect(tf.memory().numBytes).toBe(before.bytes);
    expect(workspaceBytes()).toBe(before.workspace);
    // A leak of one result a call would be 7 MB, of the arrays' buffers far more.
    expect(process.memoryUsage().rss - before.resident).toBeLessThan(60e6);
    freeBatch(given);
    disposeTree(example.weights);
  });
});
