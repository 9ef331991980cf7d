import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import fc from 'fast-check';

import { createPolicy } from '../../../algorithms/policies/policy';
import { flatten } from '../../../algorithms/trpo/flat';
import { measureCandidate, surrogateGradient } from '../../../algorithms/trpo/surrogate';
import { type PolicyBatch, trpoUpdate } from '../../../algorithms/trpo/update';
import { makeKey, phases } from '../../../engine/random';
import { splitRows } from '../../../engine/rows';
import type { Tensors } from '../../../engine/tensors';
import { box, discrete } from '../../../envs/space';
import { fisherVectorProduct } from '../../../algorithms/trpo/fisher';
import { conjugateGradient } from '../../../algorithms/trpo/conjugate-gradient';
import { bitsOf, expectClose, moved, plain } from '../reference';
import { createExample, type Example, policyKinds, usual } from './policies';

const keyOf = (seed = 0) => makeKey({ seed, phase: phases.training });
const numbersOf = (diagnostics: Tensors): Record<string, number> =>
  Object.fromEntries(
    Object.entries(diagnostics).map(([name, tensor]) => [name, tensor.dataSync()[0]!]),
  );
const bits = (parameters: Tensors): string => bitsOf(Object.values(parameters));

beforeAll(async () => {
  await tf.setBackend('cpu');
});
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

describe('a softmax over three actions, exact expectation (published digits)', () => {
  const field = { name: 'zero', unit: '1', low: 0, high: 0, description: '' };
  const policy = createPolicy(box([field]), discrete('a', '', ['0', '1', '2']), {
    hidden: [],
    activation: 'tanh',
    initialLogStd: 0,
    learnStd: true,
  });
  const theta = [0.2, -0.1, 0.4];
  // Each action once, weighted by its probability: the mean over the rows is the expectation.
  const weights = theta.map((x) => Math.exp(x));
  const total = weights.reduce((sum, w) => sum + w, 0);
  const advantage = [1, 0, -1].map((a, i) => (3 * a * weights[i]!) / total);
  const example = () => {
    const parameters = {
      'layer0/weights': tf.zeros([1, 3]),
      'layer0/bias': tf.tensor1d(theta),
    };
    const batch: PolicyBatch = {
      observation: tf.zeros([3, 1]),
      action: tf.tensor1d([0, 1, 2], 'int32'),
      advantage: tf.tensor1d(advantage),
    };
    return { parameters, batch };
  };
  const step = [0.78270118, 0.01039717, -0.79309835];
  const length = 0.18462493;

  test('gradient and natural gradient', () => {
    const { parameters, batch } = example();
    const { gradient, surrogate } = surrogateGradient(policy, parameters, batch, 2);
    const g = [0.36281633, 0.01869217, -0.3815085];
    expectClose(gradient.dataSync(), [0, 0, 0, ...g], 1e-6);
    expect(surrogate.dataSync()[0]).toBeCloseTo(-0.0747421, 6);
    const product = fisherVectorProduct(
      policy,
      parameters,
      splitRows({ observation: batch.observation }, 2),
      0.1,
    );
    const { solution } = conjugateGradient(product, gradient, { maximum: 10, tolerance: 1e-7 });
    expectClose(solution.dataSync(), [0, 0, 0, ...step], 2e-6);
  });

  test('step, divergence and improvement', () => {
    const { parameters, batch } = example();
    const options = { ...usual, residualTolerance: 1e-7, chunk: 2 };
    const update = trpoUpdate(policy, parameters, batch, options, keyOf());
    const after = plain(update.parameters);
    expectClose(
      after['layer0/bias']!,
      theta.map((x, i) => x + length * step[i]!),
      1e-6,
    );
    expect(after['layer0/weights']).toEqual([0, 0, 0]);
    const numbers = numbersOf(update.diagnostics);
    expect(numbers['kl']).toBeCloseTo(0.00790833, 6);
    expect(numbers['surrogateImprovement']).toBeCloseTo(0.0340136 + 0.0747421, 6);
    expect(numbers['gradientNorm']).toBeCloseTo(Math.hypot(0.36281633, 0.01869217, 0.3815085), 6);
    expect(numbers).toMatchObject({ lineSearchSteps: 1, accepted: 1, finite: 1 });
  });
});

test.each(policyKinds)('%s: an update on wasm is that on cpu to rounding', async (kind) => {
  // Solved to the end: where conjugate gradients stop early, rounding shows in the step.
  const converged = {
    ...usual,
    fisherFraction: 0.5,
    conjugateGradientIterations: 60,
    residualTolerance: 1e-6,
  };
  const results: Float32Array[] = [];
  for (const backend of ['cpu', 'wasm']) {
    await tf.setBackend(backend);
    const { policy, parameters, batch } = createExample(kind, { rows: 23, seed: 4 });
    const update = trpoUpdate(policy, parameters, batch, converged, keyOf());
    expect(update.diagnostics.accepted.dataSync()[0]).toBe(1);
    results.push(flatten(update.parameters).dataSync() as Float32Array);
  }
  await tf.setBackend('cpu');
  expectClose(results[1]!, results[0]!, 5e-4);
});

describe.each(policyKinds)('%s', (kind) => {
  test('the gradient of the surrogate equals finite differences', () => {
    const { policy, parameters, batch } = createExample(kind, { rows: 11, seed: 8 });
    const { gradient, chunks, before } = surrogateGradient(policy, parameters, batch, 4);
    const surrogateAt = (values: Tensors): number =>
      measureCandidate(policy, values, chunks, before, 11).surrogate.dataSync()[0]!;
    const slopes = Object.entries(parameters).flatMap(([name, tensor]) =>
      Array.from({ length: tensor.size }, (_, i) => {
        const h = 2e-2;
        const unit = tf.buffer(tensor.shape);
        unit.values[i] = h;
        const shift = (sign: number): Tensors => ({
          ...parameters,
          [name]: tf.add(tensor, tf.mul(sign, unit.toTensor())),
        });
        // Five points: the error is of fourth order, so that float32 leaves three digits.
        return (
          (8 * (surrogateAt(shift(1)) - surrogateAt(shift(-1))) -
            (surrogateAt(shift(2)) - surrogateAt(shift(-2)))) /
          (12 * h)
        );
      }),
    );
    expectClose(gradient.dataSync(), slopes, 1e-3);
  });

  test('an accepted step improves the surrogate within the trust region', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom(1e-3, 0.01, 0.1, 1),
        fc.constantFrom(1, 0.5),
        (seed, rows, trustRegion, fisherFraction) => {
          const example = createExample(kind, { rows, seed });
          const { policy, parameters, batch } = example;
          const options = { ...usual, trustRegion, fisherFraction, chunk: 8 };
          const update = trpoUpdate(policy, parameters, batch, options, keyOf(3));
          const numbers = numbersOf(update.diagnostics);
          expect(numbers['finite']).toBe(1);
          const exact = example.divergence(plain(parameters), plain(update.parameters));
          expect(exact).toBeLessThanOrEqual(trustRegion * (1 + 1e-4) + 1e-6);
          expect(Math.abs(numbers['kl']! - exact)).toBeLessThan(1e-6 + 1e-3 * exact);
          if (numbers['accepted'] === 1) expect(numbers['surrogateImprovement']).toBeGreaterThan(0);
          else expect(bits(update.parameters)).toBe(bits(parameters));
        },
      ),
      { numRuns: 8 },
    );
  });

  test('the chunk size does not matter beyond rounding', () => {
    const { policy, parameters, batch } = createExample(kind, { rows: 23, seed: 5 });
    const [whole, parts] = [23, 5].map((chunk) =>
      flatten(trpoUpdate(policy, parameters, batch, { ...usual, chunk }, keyOf()).parameters),
    );
    expectClose(parts!.dataSync(), whole!.dataSync(), 1e-4);
  });
});

test('fewer rows in the Fisher product give another step, the same for the same key', () => {
  const { policy, parameters, batch } = createExample('masked', { rows: 40, seed: 6 });
  const stepWith = (fisherFraction: number, seed: number): string =>
    bits(
      trpoUpdate(policy, parameters, batch, { ...usual, fisherFraction }, keyOf(seed)).parameters,
    );
  const whole = stepWith(1, 0);
  expect(stepWith(1, 1)).toBe(whole);
  expect(stepWith(0.25, 0)).not.toBe(whole);
  expect(stepWith(0.25, 0)).toBe(stepWith(0.25, 0));
  expect(stepWith(0.25, 0)).not.toBe(stepWith(0.25, 1));
});

test('the line search shortens a step that leaves the trust region', () => {
  const { policy, parameters, batch, divergence } = narrowing();
  const options = { ...usual, trustRegion: 2, damping: 0 };
  const once = trpoUpdate(policy, parameters, batch, { ...options, backtrackSteps: 1 }, keyOf());
  expect(numbersOf(once.diagnostics)).toMatchObject({
    accepted: 0,
    finite: 1,
    kl: 0,
    surrogateImprovement: 0,
    lineSearchSteps: 1,
  });
  expect(bits(once.parameters)).toBe(bits(parameters));

  const often = trpoUpdate(policy, parameters, batch, options, keyOf());
  const numbers = numbersOf(often.diagnostics);
  expect(numbers['accepted']).toBe(1);
  const tries = numbers['lineSearchSteps']!;
  expect(tries).toBeGreaterThan(1);
  // The accepted candidate is the first within the region: one factor more would leave it.
  const [start, end] = [plain(parameters), plain(often.parameters)];
  const change = Object.fromEntries(
    Object.keys(start).map((name) => [name, end[name]!.map((x, i) => x - start[name]![i]!)]),
  );
  expect(divergence(start, end)).toBeLessThanOrEqual(2.0001);
  expect(divergence(start, moved(start, change, 1 / 0.8))).toBeGreaterThan(2);
});

/** Advantages that call for a smaller variance, whose divergence grows faster than its quadratic model. */
function narrowing(): Example {
  const example = createExample('gaussian', { rows: 20, seed: 12, hidden: [] });
  const mean = example.policy.network.apply(example.parameters, example.batch.observation);
  const std = tf.exp(example.parameters['logStd']!);
  const z = example.batch.action;
  return {
    ...example,
    batch: {
      ...example.batch,
      action: tf.add(mean, tf.mul(std, z)),
      advantage: tf.sub(2, tf.sum(tf.square(z), 1)) as tf.Tensor1D,
    },
  };
}

describe.each(['cpu', 'wasm'])('numbers that are not finite, on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });
  afterAll(async () => {
    await tf.setBackend('cpu');
  });

  const spoil = (x: tf.Tensor, value: number): tf.Tensor => {
    const values = Float32Array.from(x.dataSync());
    values[Math.floor(values.length / 2)] = value;
    return tf.tensor(values, x.shape);
  };

  test.each(policyKinds)('%s: refused, the parameters keep their bits', (kind) => {
    const { policy, parameters, batch } = createExample(kind, { rows: 9, seed: 13 });
    const start = bits(parameters);
    const spoilt = [NaN, Infinity, -Infinity, 1e38].map((value) => ({
      advantage: spoil(batch.advantage, value),
    }));
    for (const part of [...spoilt, { observation: spoil(batch.observation, NaN) }]) {
      const update = trpoUpdate(
        policy,
        parameters,
        { ...batch, ...part } as PolicyBatch,
        usual,
        keyOf(),
      );
      expect(bits(update.parameters)).toBe(start);
      expect(numbersOf(update.diagnostics)).toMatchObject({ finite: 0, accepted: 0, kl: 0 });
    }
  });

  test('advantages of zero move nothing and are no failure', () => {
    const { policy, parameters, batch } = createExample('categorical', { rows: 9, seed: 14 });
    const advantage = tf.zerosLike(batch.advantage);
    const update = trpoUpdate(policy, parameters, { ...batch, advantage }, usual, keyOf());
    expect(bits(update.parameters)).toBe(bits(parameters));
    const numbers = numbersOf(update.diagnostics);
    expect(numbers).toMatchObject({ finite: 1, accepted: 0, kl: 0, lineSearchSteps: 0 });
    expect(Object.values(numbers).every(Number.isFinite)).toBe(true);
  });

  test('no tensor is left behind', () => {
    const { policy, parameters, batch } = createExample('masked', { rows: 9, seed: 15 });
    const key = keyOf();
    const before = tf.memory().numTensors;
    const update = trpoUpdate(policy, parameters, batch, { ...usual, fisherFraction: 0.5 }, key);
    tf.dispose(update.parameters as Record<string, tf.Tensor>);
    tf.dispose(update.diagnostics as Record<string, tf.Tensor>);
    expect(tf.memory().numTensors).toBe(before);
  });
});
