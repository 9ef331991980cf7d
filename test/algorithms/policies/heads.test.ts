import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import fc from 'fast-check';

import { categoricalHead } from '../../../algorithms/policies/categorical';
import { gaussianHead } from '../../../algorithms/policies/gaussian';
import type { Distribution, Head } from '../../../algorithms/policies/head';
import { makeKey, phases, uses } from '../../../engine/random';
import {
  categoricalDivergence,
  expectClose,
  float32s,
  gaussianDivergence,
  logSoftmax,
  numbersFrom,
} from '../reference';

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const actionKey = (rows: number, seed = 0) =>
  makeKey({ seed, phase: phases.training, use: uses.action, rows });

/** Splits a row into the columns of each head. */
const columnsOf = <T>(sizes: readonly number[], row: readonly T[]): T[][] => {
  let start = 0;
  return sizes.map((size) => row.slice(start, (start += size)));
};

describe.each(['cpu', 'wasm'])('on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  describe('gaussian', () => {
    const sizes = fc.record({ size: fc.integer({ min: 1, max: 4 }), seed: fc.integer() });

    test('log-probability, entropy and divergence equal their closed forms', () => {
      fc.assert(
        fc.property(sizes, ({ size, seed }) => {
          const next = numbersFrom(seed);
          const rows = 3;
          const head = gaussianHead(size, -0.5);
          const draw = () => Array.from({ length: rows }, () => float32s(size, next, 2));
          const [mean, after, action] = [draw(), draw(), draw()];
          const [logStd, afterLogStd] = [float32s(size, next), float32s(size, next)];
          const before: Distribution = { network: tf.tensor2d(mean), logStd: tf.tensor1d(logStd) };
          const later: Distribution = {
            network: tf.tensor2d(after),
            logStd: tf.tensor1d(afterLogStd),
          };
          expectClose(
            head.logProbability(before, tf.tensor2d(action)).dataSync(),
            mean.map((row, r) =>
              row.reduce((sum, m, i) => {
                const z = (action[r]![i]! - m) / Math.exp(logStd[i]!);
                return sum - 0.5 * z * z - logStd[i]! - 0.5 * Math.log(2 * Math.PI);
              }, 0),
            ),
            1e-5,
          );
          const entropy = logStd.reduce(
            (sum, s) => sum + s + 0.5 * Math.log(2 * Math.PI * Math.E),
            0,
          );
          expectClose(
            head.entropy(before).dataSync(),
            mean.map(() => entropy),
            1e-5,
          );
          expectClose(
            head.divergence(before, later).dataSync(),
            mean.map((row, r) => gaussianDivergence(row, logStd, after[r]!, afterLogStd)),
            1e-5,
          );
          expect(Array.from(head.divergence(before, before).dataSync())).toEqual([0, 0, 0]);
        }),
        { numRuns: 20 },
      );
    });

    test('the divergence keeps its digits where the change is small', () => {
      const head = gaussianHead(1, 0);
      const of = (mean: number, logStd: number): Distribution => ({
        network: tf.tensor2d([[mean]]),
        logStd: tf.tensor1d([logStd]),
      });
      const r = Math.fround(1e-3);
      const expected = 0.5 * Math.expm1(-2 * r) + r;
      const actual = head.divergence(of(0, 0), of(0, r)).dataSync()[0]!;
      expect(Math.abs(actual / expected - 1)).toBeLessThan(1e-3);
      expect(actual).toBeGreaterThan(0);
    });

    test('samples have the mean and deviation of the distribution, the mode is the mean', () => {
      const rows = 40_000;
      const head = gaussianHead(2, 0);
      const mean = tf.tile(tf.tensor2d([[0.5, -2]]), [rows, 1]);
      const distribution = { network: mean, logStd: tf.tensor1d([Math.log(0.3), Math.log(2)]) };
      const key = actionKey(rows);
      const sample = head.sample(distribution, key);
      const { mean: m, variance } = tf.moments(sample, 0);
      const [m0, m1] = m.dataSync();
      const [v0, v1] = variance.dataSync();
      // Four standard errors of mean and deviation.
      const slack = 4 / Math.sqrt(rows);
      expect(Math.abs(m0! - 0.5) / 0.3).toBeLessThan(slack);
      expect(Math.abs(m1! + 2) / 2).toBeLessThan(slack);
      expect(Math.abs(Math.sqrt(v0!) / 0.3 - 1)).toBeLessThan(slack);
      expect(Math.abs(Math.sqrt(v1!) / 2 - 1)).toBeLessThan(slack);
      expect(head.mode(distribution).dataSync()).toEqual(mean.dataSync());
      expect(head.sample(distribution, key).dataSync()).toEqual(sample.dataSync());
    });

    test('initial log standard deviation', () => {
      const values = Array.from(gaussianHead(3, -0.5).initialise()['logStd']!.dataSync());
      expect(values).toEqual([-0.5, -0.5, -0.5]);
    });
  });

  describe('categorical', () => {
    const cases = fc.record({
      sizes: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
      seed: fc.integer(),
      isMasked: fc.boolean(),
    });
    const rows = 4;

    function build(options: { sizes: number[]; seed: number; isMasked: boolean }) {
      const { sizes, seed, isMasked } = options;
      const next = numbersFrom(seed);
      const total = sizes.reduce((sum, n) => sum + n, 0);
      const flat = sizes.length === 1;
      const head = categoricalHead(sizes, flat);
      const logits = () => Array.from({ length: rows }, () => float32s(total, next, 3));
      // Every head keeps its last choice.
      const mask = Array.from({ length: rows }, () =>
        sizes.flatMap((size) =>
          Array.from({ length: size }, (_, i) => !isMasked || i === size - 1 || next() > 0),
        ),
      );
      const maskTensor = isMasked ? tf.tensor2d(mask, [rows, total], 'bool') : undefined;
      const action = mask.map((row) =>
        columnsOf(sizes, row).map((allowed) => {
          const open = allowed.flatMap((ok, i) => (ok ? [i] : []));
          return open[Math.floor(((next() + 1) / 2) * open.length)]!;
        }),
      );
      const actionTensor = flat
        ? tf.tensor1d(
            action.map(([choice]) => choice!),
            'int32',
          )
        : tf.tensor2d(action, [rows, sizes.length], 'int32');
      const distributionOf = (values: number[][]): Distribution =>
        head.distribution(tf.tensor2d(values), {}, maskTensor);
      const logP = (values: number[][]): number[][][] =>
        values.map((row, r) => {
          const allowed = columnsOf(sizes, mask[r]!);
          return columnsOf(sizes, row).map((x, h) => logSoftmax(x, allowed[h]));
        });
      return { head, mask, maskTensor, action, actionTensor, logits, distributionOf, logP, total };
    }

    test('log-probability, entropy and divergence equal their closed forms, masked or not', () => {
      fc.assert(
        fc.property(cases, (options) => {
          const { head, action, actionTensor, logits, distributionOf, logP } = build(options);
          const [x, y] = [logits(), logits()];
          const [p, q] = [logP(x), logP(y)];
          const before = distributionOf(x);
          expectClose(
            head.logProbability(before, actionTensor).dataSync(),
            action.map((chosen, r) => chosen.reduce((sum, a, h) => sum + p[r]![h]![a]!, 0)),
            1e-5,
          );
          expectClose(
            head.entropy(before).dataSync(),
            p.map((row) =>
              row.flat().reduce((sum, x) => (x === -Infinity ? sum : sum - Math.exp(x) * x), 0),
            ),
            1e-5,
          );
          const divergence = head.divergence(before, distributionOf(y)).dataSync();
          expectClose(
            divergence,
            p.map((row, r) =>
              row.reduce((sum, logs, h) => sum + categoricalDivergence(logs, q[r]![h]!), 0),
            ),
            1e-5,
          );
          expect(Math.min(...divergence)).toBeGreaterThan(-1e-6);
          expect(Array.from(head.divergence(before, before).dataSync())).toEqual(
            Array(rows).fill(0),
          );
        }),
        { numRuns: 25 },
      );
    });

    test('a masked choice has probability exactly zero and no gradient, and is never drawn', () => {
      const head = categoricalHead([4], true);
      const logits = tf.tensor2d([[5, 0, 30, -1]]);
      const mask = tf.tensor2d([[true, true, false, true]], [1, 4], 'bool');
      const masked = head.distribution(logits, {}, mask);
      const probability = (a: number): number =>
        Math.exp(head.logProbability(masked, tf.tensor1d([a], 'int32')).dataSync()[0]!);
      expect(probability(2)).toBe(0);
      expect(probability(0) + probability(1) + probability(3)).toBeCloseTo(1, 6);
      expect(Array.from(head.mode(masked).dataSync())).toEqual([0]);

      const gradient = tf
        .grad((x: tf.Tensor) =>
          tf.sum(
            head.logProbability(
              head.distribution(x as tf.Tensor2D, {}, mask),
              tf.tensor1d([1], 'int32'),
            ),
          ),
        )(logits)
        .dataSync();
      expect(gradient[2]).toBe(0);
      expect(gradient[1]).toBeGreaterThan(0.9);

      const change = { network: tf.tensor2d([[1, -2, 7, 3]]) };
      expect(head.applyFisher(masked, change).network.dataSync()[2]).toBe(0);

      const count = 20_000;
      const many = head.distribution(
        tf.tile(tf.tensor2d([[0, 0, 9, 0]]), [count, 1]),
        {},
        tf.tile(mask, [count, 1]),
      );
      const drawn = head.sample(many, actionKey(count)).dataSync();
      const tally = [0, 0, 0, 0];
      for (const a of drawn) tally[a]! += 1;
      expect(tally[2]).toBe(0);
      for (const a of [0, 1, 3]) expect(Math.abs(tally[a]! / count - 1 / 3)).toBeLessThan(0.014);
    });

    test('joint samples of several heads have the product of the probabilities', () => {
      const count = 40_000;
      const head = categoricalHead([2, 3], false);
      const logits = [0.4, -0.3, 1, 0, -1];
      const distribution = { network: tf.tile(tf.tensor2d([logits]), [count, 1]) };
      const drawn = head.sample(distribution, actionKey(count, 9));
      expect(drawn.shape).toEqual([count, 2]);
      expect(drawn.dtype).toBe('int32');
      const values = drawn.dataSync();
      const tally = new Map<string, number>();
      for (let r = 0; r < count; r += 1) {
        const name = `${values[2 * r]},${values[2 * r + 1]}`;
        tally.set(name, (tally.get(name) ?? 0) + 1);
      }
      const [p, q] = [logSoftmax(logits.slice(0, 2)), logSoftmax(logits.slice(2))];
      for (const [i, x] of p.entries()) {
        for (const [j, y] of q.entries()) {
          const expected = Math.exp(x + y);
          const deviation = Math.sqrt((expected * (1 - expected)) / count);
          expect(Math.abs((tally.get(`${i},${j}`) ?? 0) / count - expected)).toBeLessThan(
            4 * deviation,
          );
        }
      }
      expect(Array.from(head.mode(distribution).slice([0], [1]).dataSync())).toEqual([0, 0]);
    });
  });

  describe('Fisher information of the distribution', () => {
    /** Second mixed differences of KL(at ‖ ·) in float64. */
    function hessian(divergence: (change: number[]) => number, size: number): number[][] {
      const h = 1e-4;
      const unit = (i: number, sign: number): number[] =>
        Array.from({ length: size }, (_, j) => (i === j ? sign * h : 0));
      const plus = (a: number[], b: number[]): number[] => a.map((x, i) => x + b[i]!);
      return Array.from({ length: size }, (_, i) =>
        Array.from(
          { length: size },
          (_, j) =>
            (divergence(plus(unit(i, 1), unit(j, 1))) -
              divergence(plus(unit(i, 1), unit(j, -1))) -
              divergence(plus(unit(i, -1), unit(j, 1))) +
              divergence(plus(unit(i, -1), unit(j, -1)))) /
            (4 * h * h),
        ),
      );
    }

    const product = (matrix: number[][], vector: number[]): number[] =>
      matrix.map((row) => row.reduce((sum, x, i) => sum + x * vector[i]!, 0));

    test('gaussian: the Hessian of the divergence', () => {
      const next = numbersFrom(21);
      const [mean, logStd] = [float32s(2, next), float32s(2, next)];
      const change = float32s(4, next);
      const matrix = hessian(
        (d) =>
          gaussianDivergence(
            mean,
            logStd,
            mean.map((m, i) => m + d[i]!),
            logStd.map((s, i) => s + d[2 + i]!),
          ),
        4,
      );
      const result = gaussianHead(2, 0).applyFisher(
        { network: tf.tensor2d([mean]), logStd: tf.tensor1d(logStd) },
        { network: tf.tensor2d([change.slice(0, 2)]), logStd: tf.tensor1d(change.slice(2)) },
      );
      expectClose(
        [...result.network.dataSync(), ...result.logStd!.dataSync()],
        product(matrix, change),
        1e-5,
      );
    });

    test.each([
      ['one choice', [4], [true, true, true, true]],
      ['one masked choice', [4], [true, false, true, true]],
      ['two choices', [2, 3], [true, true, true, true, true]],
      ['two masked choices', [2, 3], [true, true, false, true, true]],
    ])('categorical, %s: the Hessian of the divergence', (_, sizes, allowed) => {
      const next = numbersFrom(22);
      const logits = float32s(allowed.length, next, 2);
      const change = float32s(allowed.length, next);
      const logP = (x: number[]): number[][] => {
        const open = columnsOf(sizes, allowed);
        return columnsOf(sizes, x).map((part, h) => logSoftmax(part, open[h]));
      };
      const start = logP(logits);
      const matrix = hessian((d) => {
        const after = logP(logits.map((x, i) => x + d[i]!));
        return start.reduce((sum, p, h) => sum + categoricalDivergence(p, after[h]!), 0);
      }, allowed.length);
      const head: Head = categoricalHead(sizes, sizes.length === 1);
      const mask = tf.tensor2d([allowed], [1, allowed.length], 'bool');
      const distribution = head.distribution(tf.tensor2d([logits]), {}, mask);
      const result = head.applyFisher(distribution, { network: tf.tensor2d([change]) });
      expectClose(result.network.dataSync(), product(matrix, change), 1e-5);
    });
  });
});
