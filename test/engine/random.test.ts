import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { startDevice } from '../../engine/device';
import { tensorflow } from '../../engine/devices/tensorflow';
import { InputError } from '../../engine/input-error';
import {
  bernoulli,
  categorical,
  disposeKey,
  forUse,
  type Key,
  keyAt,
  type KeyOptions,
  makeKey,
  normal,
  normals,
  permuteRows,
  phases,
  randomInteger,
  uniform,
  uniforms,
  uses,
} from '../../engine/random';

// Taken out of Math once: under jest every look at a global costs a call.
const { abs, exp, sqrt } = Math;

beforeAll(() => startDevice('cpu'));

const base: KeyOptions = { seed: 0, phase: phases.training, rows: 64 };

/** Reads what is drawn with a key, and frees all. */
function drawn<Values extends tf.TypedArray>(
  options: KeyOptions,
  draw: (key: Key) => tf.Tensor,
): Values {
  const key = makeKey(options);
  let values: Values | undefined;
  // tf.tidy would walk through every number of what it returns.
  tf.tidy(() => {
    values = draw(key).dataSync() as Values;
  });
  disposeKey(key);
  return values!;
}

/** Greatest distance of the empirical from the given distribution function, times √n. */
function kolmogorov(values: Float32Array, distribution: (x: number) => number): number {
  const sorted = values.slice().sort();
  const n = sorted.length;
  let distance = 0;
  for (let index = 0; index < n; index += 1) {
    const p = distribution(sorted[index]!);
    const above = (index + 1) / n - p;
    const below = p - index / n;
    if (above > distance) distance = above;
    if (below > distance) distance = below;
  }
  return distance * sqrt(n);
}
/** 0.999 quantile of Kolmogorov's distribution. */
const kolmogorovLimit = 1.95;

function correlation(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const n = x.length;
  let [sumX, sumY, xx, yy, xy] = [0, 0, 0, 0, 0];
  for (let i = 0; i < n; i += 1) {
    const a = x[i]!;
    const b = y[i]!;
    sumX += a;
    sumY += b;
    xx += a * a;
    yy += b * b;
    xy += a * b;
  }
  return (n * xy - sumX * sumY) / sqrt((n * xx - sumX ** 2) * (n * yy - sumY ** 2));
}

function chiSquare(values: ArrayLike<number>, probabilities: readonly number[]): number {
  const counts = probabilities.map(() => 0);
  for (let i = 0; i < values.length; i += 1) counts[values[i]!]! += 1;
  return probabilities.reduce((sum, p, k) => {
    const expected = p * values.length;
    return sum + (p > 0 ? (counts[k]! - expected) ** 2 / expected : counts[k]! * Infinity || 0);
  }, 0);
}

function isInstalled(name: string): boolean {
  try {
    return require.resolve(name) !== '';
  } catch {
    return false;
  }
}

describe('devices agree', () => {
  const numbers = (): Float32Array[] => {
    const options = { seed: 2 ** 40 + 12_345, phase: phases.test, rows: 999, step: 77 };
    return [
      (key: Key) => uniform(key, 3),
      (key: Key) => uniforms(key, 4, 7),
      (key: Key) => normals(key, 5, 6),
      (key: Key) => randomInteger(key, 6, 1000),
      (key: Key) => permuteRows(key, 7, 1234),
      (key: Key) => bernoulli(key, 8, tf.scalar(0.3)),
    ].map((draw) => Float32Array.from(drawn(options, draw)));
  };

  const agree = async (name: 'wasm' | 'tensorflow'): Promise<void> => {
    await startDevice('cpu');
    const expected = numbers();
    try {
      await startDevice(name);
      expect(numbers()).toEqual(expected);
    } finally {
      await startDevice('cpu');
    }
  };

  it('bit for bit: cpu and wasm', () => agree('wasm'));

  (isInstalled('@tensorflow/tfjs-node-gpu') ? it : it.skip)(
    'bit for bit: cpu and tensorflow, where its binding is built',
    async () => {
      if ((await tensorflow.probe()).available) await agree('tensorflow');
    },
  );
});

describe('keys', () => {
  const sample = (options: Partial<KeyOptions>, draw = 0) =>
    drawn<Float32Array>({ ...base, ...options }, (key) => uniform(key, draw));

  it('give the same numbers again', () => {
    expect(sample({})).toEqual(sample({}));
  });

  it.each<[string, Partial<KeyOptions>, number]>([
    ['seed 1', { seed: 1 }, 0],
    ['a seed that differs only above 2^32', { seed: 2 ** 32 }, 0],
    ['the greatest seed', { seed: Number.MAX_SAFE_INTEGER }, 0],
    ['another phase', { phase: phases.validation }, 0],
    ['another use', { use: uses.reset }, 0],
    ['another step', { step: 1 }, 0],
    ['another draw', {}, 1],
    ['other rows', { row: Array.from({ length: 64 }, (_, row) => row + 64) }, 0],
  ])('differ from seed 0 at %s, and are not correlated', (_, options, draw) => {
    const rows = 20_000;
    const more = options.row
      ? { row: Array.from({ length: rows }, (_, row) => row + rows) }
      : { ...options, rows };
    const zero = sample({ rows });
    const other = sample(more, draw);
    expect(other).not.toEqual(zero);
    expect(abs(correlation(zero, other))).toBeLessThan(4 / sqrt(rows));
  });

  it('give a row the same numbers in any batch', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(1_000_000), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 9 }),
        (row, count) => {
          const together = drawn({ ...base, row }, (key) => normals(key, 2, count));
          row.forEach((one, index) => {
            const alone = drawn({ ...base, row: [one] }, (key) => normals(key, 2, count));
            expect(together.slice(index * count, (index + 1) * count)).toEqual(alone);
          });
        },
      ),
      { numRuns: 30 },
    );
  });

  it('take a step of its own in each row', () => {
    const steps = [5, 0, 9];
    const together = drawn({ ...base, rows: 3 }, (key) =>
      uniform(keyAt(key, tf.tensor1d(steps, 'int32')), 0),
    );
    steps.forEach((step, row) => {
      expect(drawn({ ...base, row: [row], step }, (key) => uniform(key, 0))[0]).toBe(together[row]);
    });
  });

  it('give vectors whose first numbers do not depend on their length', () => {
    const one = drawn({ ...base, rows: 1 }, (key) => uniform(key, 0));
    const nine = drawn({ ...base, rows: 1 }, (key) => uniforms(key, 0, 9));
    const six = drawn({ ...base, rows: 1 }, (key) => uniforms(key, 0, 6));
    expect(nine.slice(0, 6)).toEqual(six);
    expect(nine[0]).toBe(one[0]);
    expect(new Set(nine).size).toBe(9);
  });

  it('are the documented counters of the generator', () => {
    // Row 0, step 0, phase 0, use 0, draw 0 and seed 0 are the published vector of zeros.
    const words = [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8];
    const expected = words.map((word) => (word >>> 8) / 2 ** 24);
    expect([...drawn({ ...base, rows: 1 }, (key) => uniforms(key, 0, 4))]).toEqual(expected);
  });

  it('refuse seeds that are no seeds', () => {
    for (const seed of [-1, 0.5, NaN, 2 ** 53]) {
      expect(() => makeKey({ ...base, seed })).toThrow(InputError);
    }
  });

  it('own three tensors and no more', () => {
    const before = tf.memory().numTensors;
    const key = makeKey(base);
    forUse(key, uses.action);
    expect(tf.memory().numTensors).toBe(before + 3);
    disposeKey(key);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuse draws and uses that would run into the next stream', () => {
    tf.tidy(() => {
      const key = makeKey(base);
      expect(() => uniform(key, 65_536)).toThrow(RangeError);
      expect(() => uniform(forUse(key, 16), 0)).toThrow(RangeError);
      expect(() => uniforms(key, 0, 2 ** 18 + 1)).toThrow(RangeError);
      expect(() => randomInteger(key, 0, 0)).toThrow(RangeError);
    });
  });
});

describe('distributions', () => {
  const rows = 250_000;
  const many = { ...base, seed: 7, rows };

  // The same numbers as on cpu, whose kernels jest makes slow.
  beforeAll(() => startDevice('wasm'));
  afterAll(() => startDevice('cpu'));

  it('uniforms are uniform: a million numbers', () => {
    const values = drawn<Float32Array>(many, (key) => uniforms(key, 0, 4));
    expect(kolmogorov(values, (x) => x)).toBeLessThan(kolmogorovLimit);
    const [least, greatest] = tf.tidy(() => {
      const tensor = tf.tensor1d(values);
      return [tf.min(tensor).arraySync() as number, tf.max(tensor).arraySync() as number];
    });
    expect(least).toBeGreaterThanOrEqual(0);
    expect(greatest).toBeLessThan(1);
  });

  it('normals are normal: a million numbers, their moments, and four columns not correlated', () => {
    const values = drawn<Float32Array>(many, (key) => normals(key, 0, 4));
    const n = values.length;
    const moment = (power: number): number => {
      let sum = 0;
      for (let index = 0; index < n; index += 1) sum += values[index]! ** power;
      return sum / n;
    };
    expect(abs(moment(1))).toBeLessThan(4 / sqrt(n));
    expect(abs(moment(2) - 1)).toBeLessThan(4 * sqrt(2 / n));
    expect(abs(moment(3))).toBeLessThan(4 * sqrt(15 / n));
    expect(abs(moment(4) - 3)).toBeLessThan(4 * sqrt(96 / n));
    // Φ by Abramowitz and Stegun 26.2.17, right to 7.5e-8.
    const distribution = (z: number): number => {
      const t = 1 / (1 + 0.2316419 * abs(z));
      const polynomial =
        ((((1.330274429 * t - 1.821255978) * t + 1.781477937) * t - 0.356563782) * t + 0.31938153) *
        t;
      const tail = exp((-z * z) / 2) * 0.3989422804014327 * polynomial;
      return z < 0 ? tail : 1 - tail;
    };
    expect(kolmogorov(values, distribution)).toBeLessThan(kolmogorovLimit);
    const column = (index: number) =>
      Float32Array.from({ length: rows }, (_, row) => values[4 * row + index]!);
    expect(abs(correlation(column(0), column(1)))).toBeLessThan(4 / sqrt(rows));
    expect(abs(correlation(column(1), column(3)))).toBeLessThan(4 / sqrt(rows));
  });

  it('consecutive steps of a row are not correlated', () => {
    const steps = Int32Array.from({ length: 50_000 }, (_, step) => step);
    const values = drawn<Float32Array>({ ...base, row: new Int32Array(steps.length) }, (key) =>
      normal(keyAt(key, tf.tensor1d(steps, 'int32')), 0),
    );
    expect(abs(correlation(values.subarray(1), values.subarray(0, -1)))).toBeLessThan(
      4 / sqrt(steps.length),
    );
  });

  it('integers are equally likely', () => {
    const values = drawn<Int32Array>(many, (key) => randomInteger(key, 0, 10));
    // 0.999 quantile with 9 degrees of freedom
    expect(chiSquare(values, Array<number>(10).fill(0.1))).toBeLessThan(27.88);
  });

  it('Bernoulli draws have the probability of their row and column', () => {
    const probabilities = [0, 0.25, 0.9, 1];
    const wanted = tf.tile(tf.tensor2d([probabilities]), [rows, 1]) as tf.Tensor2D;
    const values = drawn<Uint8Array>(many, (key) => bernoulli(key, 0, wanted));
    wanted.dispose();
    probabilities.forEach((p, column) => {
      let sum = 0;
      for (let row = 0; row < rows; row += 1) sum += values[4 * row + column]!;
      expect(abs(sum / rows - p)).toBeLessThanOrEqual(4 * sqrt((p * (1 - p)) / rows));
    });
    const flat = drawn<Uint8Array>(many, (key) => bernoulli(key, 0, tf.fill([rows], 0.25)));
    expect(flat.length).toBe(rows);
  });

  it('categorical draws follow the softmax, and never a masked action', () => {
    const some = { ...many, rows: 50_000 };
    const logits = [-1e9, 1, -1e9, 0, 2, -1e9];
    const weights = logits.map((logit) => exp(logit));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const values = drawn<Int32Array>(some, (key) =>
      categorical(key, 0, tf.tile(tf.tensor2d([logits]), [some.rows, 1]) as tf.Tensor2D),
    );
    // 0.999 quantile with 2 degrees of freedom; a masked action makes it infinite
    expect(
      chiSquare(
        values,
        weights.map((weight) => weight / total),
      ),
    ).toBeLessThan(13.82);
  });

  it('never draws a masked action, whatever the logits and however the sums round', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 40 }),
        fc.array(
          fc.record({ logit: fc.double({ min: -40, max: 40, noNaN: true }), masked: fc.boolean() }),
          { minLength: 1, maxLength: 30 },
        ),
        (seed, actions) => {
          const allowed = actions.some(({ masked }) => !masked);
          const row = actions.map(({ logit, masked }) => (masked ? -1e9 : logit));
          const values = drawn<Int32Array>({ ...base, seed, rows: 50 }, (key) =>
            categorical(key, 0, tf.tile(tf.tensor2d([row]), [50, 1]) as tf.Tensor2D),
          );
          expect(
            [...values].every((value) => actions[value] && (!allowed || !actions[value].masked)),
          ).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('permutes rows otherwise at each step', () => {
    const order = (step: number) =>
      drawn<Int32Array>({ ...base, step }, (key) => permuteRows(key, 0, 1000));
    expect([...order(0)].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(order(0)).toEqual(order(0));
    expect(order(1)).not.toEqual(order(0));
  });
});
