import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { estimateAdvantages, normaliseAdvantages } from '../../algorithms/advantages';
import { expectClose, float32s, numbersFrom } from './reference';

beforeAll(async () => {
  await tf.setBackend('cpu');
});
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

interface Columns {
  readonly reward: number[][];
  readonly value: number[][];
  readonly nextValue: number[][];
  readonly terminated: boolean[][];
  readonly truncated: boolean[][];
}

const estimate = (columns: Columns, discount: number, lambda: number) => {
  const flag = (x: boolean[][]) => tf.tensor2d(x, [x.length, x[0]!.length], 'bool');
  return estimateAdvantages(
    {
      reward: tf.tensor2d(columns.reward),
      value: tf.tensor2d(columns.value),
      nextValue: tf.tensor2d(columns.nextValue),
      terminated: flag(columns.terminated),
      truncated: flag(columns.truncated),
    },
    discount,
    lambda,
  );
};

/** The defining double sum: Σ_l (γλ)^l δ_{t+l} to the end of the episode or of the rollout. */
function directSum(
  { reward, value, nextValue, terminated, truncated }: Columns,
  discount: number,
  lambda: number,
): number[][] {
  const [steps, rows] = [reward.length, reward[0]!.length];
  return Array.from({ length: steps }, (_, t) =>
    Array.from({ length: rows }, (_, b) => {
      let sum = 0;
      for (let u = t; u < steps; u += 1) {
        const next = terminated[u]![b] ? 0 : nextValue[u]![b]!;
        sum += (discount * lambda) ** (u - t) * (reward[u]![b]! + discount * next - value[u]![b]!);
        if (terminated[u]![b] || truncated[u]![b]) break;
      }
      return sum;
    }),
  );
}

const column = <T>(...values: T[]): T[][] => values.map((value) => [value]);
const never = [false, false, false, false];
const published: Columns = {
  reward: column(1, 0, 2, -1),
  value: column(0.5, 0.4, 0.3, 0.2),
  nextValue: column(0.4, 0.3, 0.2, 0.1),
  terminated: column(...never),
  truncated: column(...never),
};

test('the published example', () => {
  const { advantage, target } = estimate(published, 0.99, 0.95);
  const expected = [1.562053, 0.70819, 0.86251, -1.101];
  expectClose(advantage.dataSync(), expected, 1e-6);
  expectClose(
    target.dataSync(),
    expected.map((a, t) => a + published.value[t]![0]!),
    1e-6,
  );
});

test('equals the direct sum for any ends of episodes', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer(),
      fc.double({ min: 0.5, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (steps, rows, seed, discount, lambda) => {
        const next = numbersFrom(seed);
        const numbers = () => Array.from({ length: steps }, () => float32s(rows, next));
        const flags = () => numbers().map((row) => row.map((x) => x > 0.6));
        const columns = {
          reward: numbers(),
          value: numbers(),
          nextValue: numbers(),
          terminated: flags(),
          truncated: flags(),
        };
        const { advantage, target } = estimate(columns, discount, lambda);
        const expected = directSum(columns, discount, lambda).flat();
        const values = columns.value.flat();
        expectClose(advantage.dataSync(), expected, 1e-5);
        expectClose(
          target.dataSync(),
          expected.map((a, i) => a + values[i]!),
          1e-5,
        );
      },
    ),
    { numRuns: 60 },
  );
});

describe('the end of an episode at step 1', () => {
  const at = [false, true, false, false];
  const of = (change: Partial<Columns>): number[] =>
    Array.from(estimate({ ...published, ...change }, 0.99, 0.95).advantage.dataSync());

  test('truncated: bootstraps with the value of the final observation', () => {
    const nextValue = column(0.4, 7, 0.2, 0.1);
    const advantage = of({ truncated: column(...at), nextValue });
    expect(advantage[1]).toBeCloseTo(0 + 0.99 * 7 - 0.4, 5);
    expect(advantage[0]).toBeCloseTo(1 + 0.99 * 0.4 - 0.5 + 0.99 * 0.95 * advantage[1]!, 5);
  });

  test('terminated: does not, whatever the value after it', () => {
    for (const after of [0.3, 7, -1e6]) {
      const nextValue = column(0.4, after, 0.2, 0.1);
      expect(of({ terminated: column(...at), nextValue })[1]).toBeCloseTo(-0.4, 5);
    }
  });

  test('neither: what follows it does not reach back', () => {
    for (const end of [{ truncated: column(...at) }, { terminated: column(...at) }]) {
      const other = { reward: column(1, 0, 50, -80) };
      expect(of({ ...end, ...other }).slice(0, 2)).toEqual(of(end).slice(0, 2));
      expect(of(other).slice(0, 2)).not.toEqual(of({}).slice(0, 2));
    }
  });
});

test('normalised advantages have mean 0 and deviation 1; equal ones become 0', () => {
  const normalised = normaliseAdvantages(tf.tensor1d([3, 5, 7, 9]));
  const s = Math.sqrt(5);
  expectClose(normalised.dataSync(), [-3 / s, -1 / s, 1 / s, 3 / s], 1e-6);
  expect(Array.from(normaliseAdvantages(tf.tensor1d([2, 2, 2])).dataSync())).toEqual([0, 0, 0]);
});
