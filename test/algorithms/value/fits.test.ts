import * as tf from '@tensorflow/tfjs';

import { createNetwork } from '../../../algorithms/policies/network';
import {
  type AdamState,
  fitByAdam,
  initialAdam,
  stepAdam,
} from '../../../algorithms/value/adam-fit';
import {
  fitByTrustRegion,
  type TrustRegionFitOptions,
} from '../../../algorithms/value/trust-region-fit';
import { explainedVariance } from '../../../algorithms/value/value-function';
import { makeKey, phases } from '../../../engine/random';
import { bitsOf, expectClose, float32s, numbersFrom, plain } from '../reference';

beforeAll(async () => {
  await tf.setBackend('cpu');
});
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

test('Adam steps equal a scalar reference', () => {
  const next = numbersFrom(1);
  const gradients = Array.from({ length: 6 }, (_, t) => float32s(3, next, 10 ** (t - 3)));
  const start = [0.5, -1, 2];
  let parameters: Record<string, tf.Tensor> = { x: tf.tensor1d(start) };
  let state: AdamState = initialAdam(parameters);
  const [x, m, v] = [[...start], [0, 0, 0], [0, 0, 0]];
  gradients.forEach((gradient, index) => {
    const t = index + 1;
    gradient.forEach((g, i) => {
      m[i] = 0.9 * m[i]! + 0.1 * g;
      v[i] = 0.999 * v[i]! + 0.001 * g * g;
      const [first, second] = [m[i]! / (1 - 0.9 ** t), v[i]! / (1 - 0.999 ** t)];
      x[i]! -= (0.01 * first) / (Math.sqrt(second) + 1e-8);
    });
    const stepped = stepAdam(parameters, { x: tf.tensor1d(gradient) }, state, 0.01);
    ({ parameters, state } = stepped as typeof stepped & { parameters: typeof parameters });
    expectClose(parameters['x']!.dataSync(), x, 1e-5);
    expect(state.steps.dataSync()[0]).toBe(t);
  });
});

/** A smooth standardised target of two inputs. */
function problem(rows = 512) {
  const next = numbersFrom(7);
  const network = createNetwork({
    inputs: 2,
    hidden: [16],
    outputs: 1,
    activation: 'tanh',
    outputGain: 1,
  });
  const parameters = network.initialise((_, rows, columns) =>
    Float32Array.from(float32s(rows * columns, next)),
  );
  const x = Array.from({ length: rows }, () => float32s(2, next, 2));
  const y = x.map(([a, b]) => 0.8 * a! - 0.5 * b! + Math.sin(a! * 1.3));
  const mean = y.reduce((sum, value) => sum + value, 0) / rows;
  const deviation = Math.sqrt(y.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows);
  const data = {
    observation: tf.tensor2d(x),
    target: tf.tensor1d(y.map((value) => (value - mean) / deviation)),
  };
  const predict = (at: typeof parameters): tf.Tensor1D =>
    tf.reshape(network.apply(at, data.observation), [-1]);
  const loss = (at: typeof parameters): number =>
    tf.mean(tf.square(tf.sub(predict(at), data.target))).dataSync()[0]!;
  const explained = (at: typeof parameters): number =>
    explainedVariance(data.target, predict(at)).dataSync()[0]!;
  return { network, parameters, data, predict, loss, explained };
}

const trustRegion: TrustRegionFitOptions = {
  radius: 0.1,
  damping: 0.01,
  conjugateGradientIterations: 10,
  residualTolerance: 1e-3,
  repeats: 1,
  backtrackRatio: 0.8,
  backtrackSteps: 10,
};

describe('Adam on minibatches', () => {
  const options = { learningRate: 0.01, epochs: 15, minibatch: 64 };
  const keyOf = (seed: number) => makeKey({ seed, phase: phases.training });

  test('reaches an explained variance above .95', () => {
    const { network, parameters, data, loss, explained } = problem();
    const fit = fitByAdam(network, parameters, initialAdam(parameters), data, options, keyOf(0));
    expect(loss(fit.parameters)).toBeLessThan(loss(parameters) / 10);
    expect(explained(fit.parameters)).toBeGreaterThan(0.95);
    expect(fit.state.steps.dataSync()[0]).toBe(15 * 8);
  });

  test('one full minibatch is one step along the gradient of the mean squared error', () => {
    const { network, parameters, data, predict } = problem(32);
    const names = Object.keys(parameters);
    const gradients = tf.grads((...values: tf.Tensor[]) => {
      const at = Object.fromEntries(names.map((name, index) => [name, values[index]!]));
      return tf.mean(tf.square(tf.sub(predict(at), data.target)));
    })(Object.values(parameters));
    const expected = stepAdam(
      parameters,
      Object.fromEntries(names.map((name, index) => [name, gradients[index]!])),
      initialAdam(parameters),
      0.01,
    );
    const once = { learningRate: 0.01, epochs: 1, minibatch: 1000 };
    const fit = fitByAdam(network, parameters, initialAdam(parameters), data, once, keyOf(0));
    expectClose(fit.state.first.dataSync(), expected.state.first.dataSync(), 1e-6);
    for (const name of names) {
      expectClose(plain(fit.parameters)[name]!, plain(expected.parameters)[name]!, 1e-3);
    }
  });

  test('the order of the rows comes from the key, anew in each epoch', () => {
    const { network, parameters, data } = problem(100);
    const bits = (seed: number): string => {
      const few = { ...options, epochs: 2, minibatch: 30 };
      const fit = fitByAdam(network, parameters, initialAdam(parameters), data, few, keyOf(seed));
      return bitsOf(Object.values(fit.parameters));
    };
    expect(bits(0)).toBe(bits(0));
    expect(bits(0)).not.toBe(bits(1));
  });
});

describe('Gauss–Newton in a trust region', () => {
  const fitWith = (change: Partial<TrustRegionFitOptions>, chunk = 100) => {
    const example = problem();
    const { network, parameters, data } = example;
    const options = { ...trustRegion, ...change };
    return { ...example, fitted: fitByTrustRegion(network, parameters, data, options, chunk) };
  };

  test('reaches an explained variance above .95', () => {
    const { parameters, fitted, loss, explained } = fitWith({ repeats: 12, radius: 0.5 }, 512);
    expect(loss(fitted)).toBeLessThan(loss(parameters) / 10);
    expect(explained(fitted)).toBeGreaterThan(0.95);
  });

  test.each([1e-4, 1e-2, 0.1, 0.5])('one step changes the predictions by at most %p', (radius) => {
    const { parameters, fitted, predict, loss } = fitWith({ radius });
    const change = tf.mean(tf.square(tf.sub(predict(fitted), predict(parameters)))).dataSync()[0]!;
    expect(change).toBeLessThanOrEqual(radius * (1 + 1e-4));
    // The region is used, not merely respected.
    if (radius < 0.1) expect(change).toBeGreaterThan(radius / 3);
    expect(loss(fitted)).toBeLessThan(loss(parameters));
  });

  test('in a linear network a wide region reaches the least squares solution in one step', () => {
    const { data } = problem();
    const network = createNetwork({
      inputs: 2,
      hidden: [],
      outputs: 1,
      activation: 'tanh',
      outputGain: 1,
    });
    const parameters = network.initialise((_, rows, columns) =>
      new Float32Array(rows * columns).fill(0.5),
    );
    const options = { ...trustRegion, radius: 100, damping: 0, residualTolerance: 1e-6 };
    const fitted = fitByTrustRegion(network, parameters, data, options, 100);
    const left = tf.sub(
      tf.reshape(data.target, [-1, 1]),
      network.apply(fitted, data.observation),
    ) as tf.Tensor2D;
    // Normal equations: the residual is orthogonal to the inputs and to the constant.
    const overlap = tf.matMul(data.observation, left, true);
    expectClose([...overlap.dataSync(), tf.sum(left).dataSync()[0]!], [0, 0, 0], 1e-2);
  });

  test('the chunk size does not matter beyond rounding', () => {
    const [whole, parts] = [fitWith({ repeats: 2 }, 512), fitWith({ repeats: 2 }, 100)];
    for (const [name, values] of Object.entries(plain(whole.fitted))) {
      expectClose(plain(parts.fitted)[name]!, values, 1e-3);
    }
  });

  test('targets met already, or not finite, leave the parameters as they are', () => {
    const { network, parameters, data, predict } = problem();
    for (const target of [predict(parameters), tf.fill([512], NaN) as tf.Tensor1D]) {
      const fitted = fitByTrustRegion(network, parameters, { ...data, target }, trustRegion, 100);
      expect(bitsOf(Object.values(fitted))).toBe(bitsOf(Object.values(parameters)));
    }
  });
});
