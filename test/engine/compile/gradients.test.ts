import * as tf from '@tensorflow/tfjs';

import { surrogateGradient } from '../../../algorithms/trpo/surrogate';
import { compile } from '../../../engine/compile/compile';
import type { Tensors } from '../../../engine/tensors';
import { forward, logSoftmax, type Plain, plain } from '../../algorithms/reference';
import { createExample, policyKinds } from '../../algorithms/trpo/policies';
import { createTensors, describeNative, freeGiven } from './compare';

const { exp, log, log1p, max, min, tanh } = Math;

/** Central differences of a function of plain parameters, in float64. */
function differences(loss: (at: Plain) => number, at: Plain, names: readonly string[]): Plain {
  const h = 1e-5;
  return Object.fromEntries(
    names.map((name) => [
      name,
      at[name]!.map((value, place) => {
        const moved = (by: number): Plain => ({
          ...at,
          [name]: at[name]!.map((one, other) => (other === place ? value + by : one)),
        });
        return (loss(moved(h)) - loss(moved(-h))) / (2 * h);
      }),
    ]),
  );
}

/** Each within a share of the largest entry. */
function expectGradients(actual: Plain, expected: Plain, share = 1e-5): void {
  for (const [name, truth] of Object.entries(expected)) {
    const most = max(...truth.map(Math.abs), 1e-3);
    const worst = max(...truth.map((value, place) => Math.abs(value - actual[name]![place]!)));
    expect([name, worst / most < share ? 'near' : worst / most]).toEqual([name, 'near']);
  }
}

/** The rows of a flat list. */
const split = (values: readonly number[], width: number): number[][] =>
  Array.from({ length: values.length / width }, (_, row) =>
    values.slice(row * width, (row + 1) * width),
  );

describeNative('gradients within compiled functions', () => {
  it.each(['tanh', 'relu'] as const)('of the loss of a network of %s', (activation) => {
    const sizes = [4, 20, 8, 1];
    const { float } = createTensors(3);
    const weights: Record<string, tf.Tensor> = {};
    for (let layer = 0; layer < 3; layer += 1) {
      weights[`layer${layer}/weights`] = float([sizes[layer]!, sizes[layer + 1]!], -0.6, 0.6);
      weights[`layer${layer}/bias`] = float([sizes[layer + 1]!], -0.3, 0.3);
    }
    const names = Object.keys(weights);
    const given = {
      rows: { x: float([37, 4]), y: float([37]) },
      parameters: weights as Tensors,
    };
    const bend = activation === 'tanh' ? tf.tanh : tf.relu;
    const program = compile(
      ({ rows, parameters }: typeof given) => {
        const loss = (...list: tf.Tensor[]): tf.Tensor => {
          let value = rows.x;
          for (let layer = 0; layer < 3; layer += 1) {
            value = tf.add(
              tf.matMul(value as tf.Tensor2D, list[2 * layer] as tf.Tensor2D),
              list[2 * layer + 1]!,
            );
            if (layer < 2) value = bend(value);
          }
          return tf.mean(tf.squaredDifference(tf.reshape(value, [-1]), rows.y));
        };
        const { value, grads } = tf.valueAndGrads(loss)(names.map((name) => parameters[name]!));
        return { value, ...Object.fromEntries(names.map((name, at) => [name, grads[at]!])) };
      },
      { name: 'loss' },
    );
    const result = program(given) as Tensors;
    const at = plain(weights);
    const inputs = split(Array.from(given.rows.x.dataSync()), 4);
    const targets = Array.from(given.rows.y.dataSync());
    const loss = (parameters: Plain): number =>
      inputs.reduce(
        (sum, x, row) => sum + (forward(sizes, activation, parameters, x)[0]! - targets[row]!) ** 2,
        0,
      ) / inputs.length;
    expect(result['value']!.dataSync()[0]).toBeCloseTo(loss(at), 5);
    expectGradients(plain(result), differences(loss, at, names));
    tf.dispose(result as never);
    freeGiven(given);
  });

  it.each(policyKinds)('of the surrogate of a policy, %s', (kind) => {
    const { policy, parameters, batch } = createExample(kind, { rows: 23, seed: 5, hidden: [6] });
    const { actionMask, ...rest } = batch;
    const rows: Tensors = { ...rest, ...(actionMask ? { actionMask } : {}) };
    const program = compile(
      (given: { rows: Tensors; parameters: Tensors }) => ({
        gradient: surrogateGradient(policy, given.parameters, given.rows as never, 8).gradient,
      }),
      { name: `surrogate ${kind}` },
    );
    const { gradient } = program({ rows, parameters });
    const at = plain(parameters);
    const observations = split(Array.from(batch.observation.dataSync()), 3);
    const actions = Array.from(batch.action.dataSync());
    const advantages = Array.from(batch.advantage.dataSync());
    const outputs = policy.head.outputs;
    const mask = actionMask && split(Array.from(actionMask.dataSync()), outputs);
    const logProbability = (output: number[], row: number, p: Plain): number => {
      switch (kind) {
        case 'gaussian':
          return output.reduce((sum, mean, column) => {
            const logStd = p['logStd']![column]!;
            const z = (actions[2 * row + column]! - mean) / exp(logStd);
            return sum - 0.5 * z * z - logStd - 0.5 * log(2 * Math.PI);
          }, 0);
        case 'multi-discrete':
          return (
            logSoftmax(output.slice(0, 2))[actions[2 * row]!]! +
            logSoftmax(output.slice(2))[actions[2 * row + 1]!]!
          );
        default:
          return logSoftmax(
            output,
            mask?.[row]!.map((open) => open !== 0),
          )[actions[row]!]!;
      }
    };
    const rowsAt = (p: Plain): number[] =>
      observations.map((x, row) =>
        logProbability(forward(policy.network.sizes, 'tanh', p, x), row, p),
      );
    const before = rowsAt(at);
    // E[π / π_old · A]
    const surrogate = (p: Plain): number =>
      rowsAt(p).reduce((sum, one, row) => sum + exp(one - before[row]!) * advantages[row]!, 0) /
      observations.length;
    const names = Object.keys(parameters);
    const expected = differences(surrogate, at, names);
    let start = 0;
    const values = Array.from(gradient.dataSync());
    const actual = Object.fromEntries(
      names.map((name) => {
        const { length } = at[name]!;
        start += length;
        return [name, values.slice(start - length, start)];
      }),
    );
    expect(start).toBe(values.length);
    expectGradients(actual, expected, 2e-5);
    gradient.dispose();
    tf.dispose([parameters, batch] as never);
  });

  it('through choices, bounds, reductions and shapes', () => {
    const { float } = createTensors(9);
    const given = {
      rows: { x: float([41, 3]), w: float([41]) },
      parameters: { a: float([3]), b: float([1], 0.5, 0.9), c: float([3, 2]) } as Tensors,
    };
    /** One term a row, in tensors and in numbers. */
    const terms: Record<
      string,
      {
        tensors: (x: tf.Tensor2D, p: Tensors) => tf.Tensor;
        numbers: (x: readonly number[], p: Plain) => number;
      }
    > = {
      where: {
        tensors: (x, p) => {
          const z = tf.sum(tf.mul(x, p['a']!), 1);
          return tf.where(tf.greater(z, 0.1), tf.square(z), tf.mul(z, 3));
        },
        numbers: (x, { a }) => {
          const z = x.reduce((sum, one, i) => sum + one * a![i]!, 0);
          return z > 0.1 ? z * z : 3 * z;
        },
      },
      'clip and minimum': {
        tensors: (x, p) => {
          const ratio = tf.exp(tf.mul(0.3, tf.sum(tf.mul(x, p['a']!), 1)));
          const clipped = tf.clipByValue(ratio, 0.8, 1.2);
          return tf.minimum(tf.mul(ratio, p['b']!), clipped);
        },
        numbers: (x, { a, b }) => {
          const ratio = exp(0.3 * x.reduce((sum, one, i) => sum + one * a![i]!, 0));
          return min(ratio * b![0]!, min(max(ratio, 0.8), 1.2));
        },
      },
      'maximum and absolute value': {
        // TensorFlow.js has no gradient of a maximum that is broadcast.
        tensors: (x, p) =>
          tf.sum(tf.maximum(tf.abs(tf.sub(x, p['a']!)), tf.mul(tf.onesLike(x), p['b']!)), 1),
        numbers: (x, { a, b }) =>
          x.reduce((sum, one, i) => sum + max(Math.abs(one - a![i]!), b![0]!), 0),
      },
      'log-sum-exp': {
        tensors: (x, p) => tf.logSumExp(tf.mul(x, p['a']!), 1),
        numbers: (x, { a }) => log(x.reduce((sum, one, i) => sum + exp(one * a![i]!), 0)),
      },
      'softplus, sigmoid, expm1, log1p': {
        tensors: (x, p) =>
          tf.sum(
            tf.add(
              tf.mul(tf.softplus(tf.mul(x, p['a']!)), tf.sigmoid(p['a']!)),
              tf.mul(tf.expm1(tf.mul(0.3, p['a']!)), tf.log1p(tf.square(tf.mul(x, p['b']!)))),
            ),
            1,
          ),
        numbers: (x, { a, b }) =>
          x.reduce(
            (sum, one, i) =>
              sum +
              log1p(exp(one * a![i]!)) / (1 + exp(-a![i]!)) +
              Math.expm1(0.3 * a![i]!) * log1p((one * b![0]!) ** 2),
            0,
          ),
      },
      'slices and joins': {
        tensors: (x, p) => {
          const left = tf.slice(x, [0, 0], [-1, 2]);
          const joined = tf.concat([tf.mul(left, tf.slice(p['a']!, [1], [2])), x], 1);
          const [first, ...rest] = tf.unstack(tf.tanh(joined), 1);
          return rest.reduce((sum, one) => tf.mul(tf.add(sum, one), p['b']!), first!);
        },
        numbers: (x, { a, b }) => {
          const joined = [x[0]! * a![1]!, x[1]! * a![2]!, ...x].map(tanh);
          return joined.slice(1).reduce((sum, one) => (sum + one) * b![0]!, joined[0]!);
        },
      },
      'a matrix, transposed': {
        tensors: (x, p) => {
          const c = p['c'] as tf.Tensor2D;
          const y = tf.matMul(x, c);
          return tf.sum(tf.sin(tf.matMul(y, c, false, true)), 1);
        },
        numbers: (x, { c }) => {
          const y = [0, 1].map((j) => x.reduce((sum, one, i) => sum + one * c![2 * i + j]!, 0));
          return x.reduce(
            (sum, _, i) => sum + Math.sin(y[0]! * c![2 * i]! + y[1]! * c![2 * i + 1]!),
            0,
          );
        },
      },
      'the largest of a row': {
        tensors: (x, p) => tf.max(tf.mul(x, p['a']!), 1),
        numbers: (x, { a }) => max(...x.map((one, i) => one * a![i]!)),
      },
      'square roots and quotients': {
        tensors: (x, p) =>
          tf.div(
            tf.sqrt(tf.add(tf.sum(tf.square(tf.sub(x, p['a']!)), 1), 0.5)),
            tf.add(1, tf.square(p['b']!)),
          ),
        numbers: (x, { a, b }) =>
          Math.sqrt(x.reduce((sum, one, i) => sum + (one - a![i]!) ** 2, 0.5)) / (1 + b![0]! ** 2),
      },
    };
    const names = Object.keys(given.parameters);
    const program = compile(
      ({ rows, parameters }: typeof given) =>
        Object.fromEntries(
          Object.entries(terms).map(([term, { tensors }]) => {
            const loss = (...list: tf.Tensor[]): tf.Tensor => {
              const p = Object.fromEntries(names.map((name, at) => [name, list[at]!]));
              // A gradient is asked for each parameter: every one must be used.
              const nothing = list.reduce((sum, one) => tf.add(sum, tf.sum(one)), tf.scalar(0));
              const value = tf.mean(tf.mul(rows.w, tensors(rows.x as tf.Tensor2D, p)));
              return tf.add(value, tf.mul(0, nothing));
            };
            const gradients = tf.grads(loss)(names.map((name) => parameters[name]!));
            return [term, Object.fromEntries(names.map((name, at) => [name, gradients[at]!]))];
          }),
        ),
      { name: 'terms' },
    );
    const result = program(given) as Record<string, Tensors>;
    const at = plain(given.parameters);
    const inputs = split(Array.from(given.rows.x.dataSync()), 3);
    const weights = Array.from(given.rows.w.dataSync());
    for (const [term, { numbers }] of Object.entries(terms)) {
      const loss = (p: Plain): number =>
        inputs.reduce((sum, x, row) => sum + weights[row]! * numbers(x, p), 0) / inputs.length;
      try {
        expectGradients(plain(result[term]!), differences(loss, at, names), 2e-5);
      } catch (error) {
        (error as Error).message = `${term}: ${(error as Error).message}`;
        throw error;
      }
    }
    tf.dispose(result as never);
    freeGiven(given);
  });
});
