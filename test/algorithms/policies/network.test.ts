import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { linearise } from '../../../algorithms/policies/linearise';
import { activations, createNetwork, type Network } from '../../../algorithms/policies/network';
import {
  expectClose,
  float32s,
  forward,
  moved,
  numbersFrom,
  plain,
  randomLike,
} from '../reference';

beforeAll(async () => {
  await tf.setBackend('cpu');
});
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const cases = fc.record({
  inputs: fc.integer({ min: 1, max: 5 }),
  hidden: fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 3 }),
  outputs: fc.integer({ min: 1, max: 4 }),
  activation: fc.constantFrom(...activations),
  rows: fc.integer({ min: 1, max: 6 }),
  seed: fc.integer(),
});

function build({
  rows,
  seed,
  ...sizes
}: {
  inputs: number;
  hidden: number[];
  outputs: number;
  activation: (typeof activations)[number];
  rows: number;
  seed: number;
}) {
  const next = numbersFrom(seed);
  const network = createNetwork({ ...sizes, outputGain: 1 });
  const template = network.initialise((_, rows, columns) =>
    Float32Array.from(float32s(rows * columns, next)),
  );
  const parameters = randomLike(template, next);
  const rowsOf = Array.from({ length: rows }, () => float32s(sizes.inputs, next, 2));
  return { network, parameters, next, rowsOf, observation: tf.tensor2d(rowsOf) };
}

const referenceOutputs = (
  network: Network,
  parameters: ReturnType<typeof plain>,
  rows: number[][],
) => rows.flatMap((row) => forward(network.sizes, network.activation, parameters, row));

/** Directional derivative of every output by central differences in float64. */
function referenceTangent(
  network: Network,
  parameters: ReturnType<typeof plain>,
  direction: ReturnType<typeof plain>,
  rows: number[][],
): number[] {
  const h = 1e-7;
  const up = referenceOutputs(network, moved(parameters, direction, h), rows);
  const down = referenceOutputs(network, moved(parameters, direction, -h), rows);
  return up.map((value, i) => (value - down[i]!) / (2 * h));
}

test('forward pass equals a float64 reference, by apply and by trace', () => {
  fc.assert(
    fc.property(cases, (options) => {
      const { network, parameters, observation, rowsOf } = build(options);
      const expected = referenceOutputs(network, plain(parameters), rowsOf);
      expectClose(network.apply(parameters, observation).dataSync(), expected, 1e-5);
      expectClose(network.trace(parameters, observation).output.dataSync(), expected, 1e-5);
    }),
    { numRuns: 25 },
  );
});

test('tangent pass equals finite differences in float64', () => {
  fc.assert(
    fc.property(cases, (options) => {
      const { network, parameters, observation, rowsOf, next } = build(options);
      const direction = randomLike(parameters, next);
      const trace = network.trace(parameters, observation);
      const expected = referenceTangent(network, plain(parameters), plain(direction), rowsOf);
      expectClose(network.tangent(parameters, trace, direction).dataSync(), expected, 2e-5);
    }),
    { numRuns: 25 },
  );
});

test('backward pass equals tf.grads', () => {
  fc.assert(
    fc.property(cases, (options) => {
      const { network, parameters, observation, next } = build(options);
      const trace = network.trace(parameters, observation);
      const cotangent = tf.tensor2d(float32s(trace.output.size, next), trace.output.shape);
      const names = Object.keys(parameters);
      const expected = tf.grads((...values: tf.Tensor[]) => {
        const at = Object.fromEntries(names.map((name, index) => [name, values[index]!]));
        return tf.sum(tf.mul(network.apply(at, observation), cotangent));
      })(Object.values(parameters));
      const gradients = network.backward(parameters, trace, cotangent);
      expect(Object.keys(gradients).sort()).toEqual([...names].sort());
      names.forEach((name, index) => {
        expect(gradients[name]!.shape).toEqual(parameters[name]!.shape);
        expectClose(gradients[name]!.dataSync(), expected[index]!.dataSync(), 1e-5);
      });
    }),
    { numRuns: 25 },
  );
});

test('linearised, by stored derivatives of few outputs or by passes through all layers', () => {
  const outputs = fc.integer({ min: 1, max: 6 });
  fc.assert(
    fc.property(cases, outputs, (options, outputs) => {
      const { network, parameters, observation, rowsOf, next } = build({ ...options, outputs });
      const direction = randomLike(parameters, next);
      const trace = network.trace(parameters, observation);
      const cotangent = tf.tensor2d(float32s(trace.output.size, next), trace.output.shape);
      const { output, tangent, backward } = linearise(network, parameters, observation);
      expectClose(output.dataSync(), trace.output.dataSync(), 1e-6);
      const expected = referenceTangent(network, plain(parameters), plain(direction), rowsOf);
      expectClose(tangent(direction).dataSync(), expected, 2e-5);
      const gradients = backward(cotangent);
      const all = network.backward(parameters, trace, cotangent);
      expect(Object.keys(gradients).sort()).toEqual(Object.keys(all).sort());
      for (const [name, gradient] of Object.entries(gradients)) {
        expect(gradient.shape).toEqual(all[name]!.shape);
        expectClose(gradient.dataSync(), all[name]!.dataSync(), 1e-5);
      }
    }),
    { numRuns: 40 },
  );
});

test('backward pass equals finite differences, entry by entry', () => {
  for (const activation of activations) {
    const { network, parameters, observation, rowsOf, next } = build({
      inputs: 3,
      hidden: [5, 4],
      outputs: 2,
      activation,
      rows: 4,
      seed: 11,
    });
    const trace = network.trace(parameters, observation);
    const cotangent = float32s(trace.output.size, next);
    const gradients = network.backward(
      parameters,
      trace,
      tf.tensor2d(cotangent, trace.output.shape),
    );
    const zero = plain(
      Object.fromEntries(
        Object.entries(parameters).map(([name, tensor]) => [name, tf.zerosLike(tensor)]),
      ),
    );
    for (const [name, tensor] of Object.entries(parameters)) {
      const expected = Array.from({ length: tensor.size }, (_, i) => {
        const unit = { ...zero, [name]: zero[name]!.map((_, j) => (i === j ? 1 : 0)) };
        return referenceTangent(network, plain(parameters), unit, rowsOf).reduce(
          (sum, change, k) => sum + change * cotangent[k]!,
          0,
        );
      });
      expectClose(gradients[name]!.dataSync(), expected, 2e-5);
    }
  }
});

test('initial weights are orthogonal with their gains, biases zero, and the same for the same draws', () => {
  const network = createNetwork({
    inputs: 4,
    hidden: [16, 8],
    outputs: 3,
    activation: 'tanh',
    outputGain: 0.01,
  });
  const initialise = () => {
    const next = numbersFrom(5);
    return network.initialise((_, rows, columns) =>
      Float32Array.from(float32s(rows * columns, next)),
    );
  };
  const parameters = initialise();
  expect(plain(parameters)).toEqual(plain(initialise()));
  [Math.SQRT2, Math.SQRT2, 0.01].forEach((gain, layer) => {
    const weights = parameters[`layer${layer}/weights`] as tf.Tensor2D;
    const wide = weights.shape[0] <= weights.shape[1];
    const gram = tf.matMul(weights, weights, !wide, wide);
    const identity = tf.mul(tf.eye(gram.shape[0]!), gain * gain);
    expect(tf.max(tf.abs(tf.sub(gram, identity))).dataSync()[0]).toBeLessThan(1e-6 * gain);
    expect(plain(parameters)[`layer${layer}/bias`]!.every((x) => x === 0)).toBe(true);
  });
});
