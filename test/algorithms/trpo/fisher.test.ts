import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { fisherVectorProduct } from '../../../algorithms/trpo/fisher';
import { flatten, unflatten } from '../../../algorithms/trpo/flat';
import { splitRows } from '../../../engine/rows';
import { expectClose, float32s, moved, plain, type Plain, randomLike } from '../reference';
import { createExample, type Example, policyKinds } from './policies';

beforeAll(async () => {
  await tf.setBackend('cpu');
});
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

function productOf({ policy, parameters, batch }: Example, chunk: number, damping: number) {
  const { observation, actionMask } = batch;
  const chunks = splitRows({ observation, ...(actionMask ? { actionMask } : {}) }, chunk) as {
    observation: tf.Tensor2D;
    actionMask?: tf.Tensor;
  }[];
  return fisherVectorProduct(policy, parameters, chunks, damping);
}

/** Entry by entry: ∂/∂θ_i of the derivative of the mean KL(θ ‖ ·) along v, at θ, by central differences. */
function referenceProduct({ parameters, divergence }: Example, direction: Plain): number[] {
  const h = 1e-3;
  const at = plain(parameters);
  const zero = Object.fromEntries(Object.keys(at).map((name) => [name, at[name]!.map(() => 0)]));
  return Object.keys(at).flatMap((name) =>
    at[name]!.map((_, i) => {
      const unit = { ...zero, [name]: zero[name]!.map((_, j) => (i === j ? 1 : 0)) };
      const slope = (shift: number): number => {
        const start = moved(at, unit, shift);
        const [up, down] = [moved(start, direction, h), moved(start, direction, -h)];
        return (divergence(at, up) - divergence(at, down)) / (2 * h);
      };
      return (slope(h) - slope(-h)) / (2 * h);
    }),
  );
}

describe.each(policyKinds)('%s', (kind) => {
  test('equals finite differences of the divergence in float64, a short last chunk included', () => {
    for (const hidden of [[], [4], [3, 4]]) {
      const example = createExample(kind, { rows: 11, seed: 31 + hidden.length, hidden });
      const direction = randomLike(example.parameters, example.next);
      const product = productOf(example, 4, 0)(flatten(direction));
      expectClose(product.dataSync(), referenceProduct(example, plain(direction)), 2e-5);
    }
  });

  test('damping adds a multiple of the vector', () => {
    const example = createExample(kind, { rows: 5, seed: 2 });
    const v = flatten(randomLike(example.parameters, example.next));
    const bare = productOf(example, 4, 0)(v);
    const damped = productOf(example, 4, 0.3)(v);
    expectClose(tf.sub(damped, bare).dataSync(), tf.mul(0.3, v).dataSync(), 1e-6);
  });

  test('symmetric and positive semidefinite, whatever the chunks', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 17 }),
        fc.integer({ min: 1, max: 20 }),
        (seed, rows, chunk) => {
          const example = createExample(kind, { rows, seed });
          const [u, v] = [0, 1].map(() => flatten(randomLike(example.parameters, example.next)));
          const product = productOf(example, chunk, 0);
          const [fu, fv] = [product(u!), product(v!)];
          const dot = (a: tf.Tensor, b: tf.Tensor): number => tf.sum(tf.mul(a, b)).dataSync()[0]!;
          expectClose([dot(u!, fv)], [dot(v!, fu)], 1e-4);
          expect(dot(u!, fu)).toBeGreaterThan(-1e-6);
          const damped = productOf(example, chunk, 0.1)(u!);
          expect(dot(u!, damped)).toBeGreaterThan(0.09 * dot(u!, u!));
          expectClose(productOf(example, rows, 0)(v!).dataSync(), fv.dataSync(), 1e-5);
        },
      ),
      { numRuns: 10 },
    );
  });
});

test('flatten and unflatten are inverse to each other', () => {
  const { parameters, next } = createExample('gaussian', { rows: 1, seed: 3 });
  const vector = flatten(parameters);
  expect(plain(unflatten(vector, parameters))).toEqual(plain(parameters));
  const other = tf.tensor1d(float32s(vector.size, next));
  expect(flatten(unflatten(other, parameters)).dataSync()).toEqual(other.dataSync());
});
