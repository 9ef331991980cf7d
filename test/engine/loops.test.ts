import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { branch, iterate, scan } from '../../engine/loops';

beforeAll(() => tf.setBackend('cpu'));

const finite = fc.float({ min: -100, max: 100, noNaN: true, noDefaultInfinity: true });

/** Runs work in a tidy and checks that nothing outlives it. */
function withoutLeaks(work: () => void): void {
  const before = tf.memory().numTensors;
  tf.tidy(work);
  expect(tf.memory().numTensors).toBe(before);
}

describe('scan', () => {
  it('equals the loop written out', () => {
    withoutLeaks(() => {
      const { carry, outputs } = scan(
        ({ level }, index) => {
          const next = tf.add(tf.mul(level, 2), tf.cast(index, 'float32'));
          return { carry: { level: next }, output: { level: next, before: level } };
        },
        { level: tf.tensor1d([1, 10]) as tf.Tensor },
        3,
      );
      // 1 → 2 → 5 → 12 and 10 → 20 → 41 → 84
      expect(carry.level.arraySync()).toEqual([12, 84]);
      expect(outputs.level.arraySync()).toEqual([
        [2, 20],
        [5, 41],
        [12, 84],
      ]);
      expect(outputs.before.arraySync()).toEqual([
        [1, 10],
        [2, 20],
        [5, 41],
      ]);
    });
  });

  it('runs from the last step to the first and keeps the outputs in the order of the steps', () => {
    // The discounted return, R_t = r_t + 0.5 R_{t+1}.
    withoutLeaks(() => {
      const { carry, outputs } = scan(
        (carry: tf.Tensor, _, { reward }) => {
          const value = tf.add(reward, tf.mul(carry, 0.5));
          return { carry: value, output: value };
        },
        tf.zeros([1]) as tf.Tensor,
        3,
        { inputs: { reward: tf.tensor2d([[4], [2], [8]]) as tf.Tensor }, reverse: true },
      );
      expect(outputs.arraySync()).toEqual([[7], [6], [8]]);
      expect(carry.arraySync()).toEqual([7]);
    });
  });

  it('gives the step its index as an int32 scalar', () => {
    withoutLeaks(() => {
      const { outputs } = scan(
        (carry: tf.Tensor, index) => ({ carry, output: index }),
        tf.scalar(0) as tf.Tensor,
        4,
      );
      expect(outputs.dtype).toBe('int32');
      expect(outputs.arraySync()).toEqual([0, 1, 2, 3]);
    });
  });

  it('threads a nested carry, of which parts pass through or change places', () => {
    withoutLeaks(() => {
      const { carry } = scan(
        ({ pair: [left, right], deep }) => ({
          carry: { pair: [right, left] as const, deep: { still: deep.still } },
          output: {},
        }),
        {
          pair: [tf.scalar(1) as tf.Tensor, tf.scalar(2) as tf.Tensor] as const,
          deep: { still: tf.scalar(3) as tf.Tensor },
        },
        5,
      );
      expect(carry.pair.map((leaf) => leaf.arraySync())).toEqual([2, 1]);
      expect(carry.deep.still.arraySync()).toBe(3);
    });
  });

  it('returns a carry of its own: neither it nor the one given frees the other', () => {
    for (const length of [0, 1, 3]) {
      const before = tf.memory().numTensors;
      const initial = tf.scalar(5) as tf.Tensor;
      const { carry } = scan((value: tf.Tensor) => ({ carry: value, output: {} }), initial, length);
      initial.dispose();
      expect(carry.arraySync()).toBe(5);
      carry.dispose();
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  it('keeps outside a tidy only what it returns', () => {
    const initial = tf.scalar(1) as tf.Tensor;
    const inputs = { x: tf.tensor1d([1, 2, 3]) as tf.Tensor };
    const before = tf.memory().numTensors;
    const { carry, outputs } = scan(
      (value, _, { x }) => ({
        carry: tf.add(value, x),
        output: { sum: tf.square(tf.add(value, x)) },
      }),
      initial,
      3,
      { inputs },
    );
    expect(tf.memory().numTensors).toBe(before + 2);
    tf.dispose([carry, outputs.sum, initial, inputs.x]);
  });

  it('equals a loop over plain numbers, forwards and backwards', () => {
    fc.assert(
      fc.property(
        fc.array(finite, { minLength: 1, maxLength: 12 }),
        finite,
        fc.boolean(),
        (inputs, start, reverse) => {
          const expected = new Array<number>(inputs.length);
          let value = Math.fround(start);
          for (let count = 0; count < inputs.length; count += 1) {
            const t = reverse ? inputs.length - 1 - count : count;
            value = Math.fround(Math.fround(value * 0.5) + Math.fround(inputs[t]!));
            expected[t] = value;
          }
          withoutLeaks(() => {
            const { carry, outputs } = scan(
              (current: tf.Tensor, _, { x }) => {
                const next = tf.add(tf.mul(current, 0.5), x);
                return { carry: next, output: next };
              },
              tf.scalar(start) as tf.Tensor,
              inputs.length,
              { inputs: { x: tf.tensor1d(inputs) as tf.Tensor }, reverse },
            );
            expect(outputs.arraySync()).toEqual(expected);
            expect(carry.arraySync()).toBe(value);
          });
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('iterate', () => {
  it('stops where the condition fails and returns the carry that failed it', () => {
    withoutLeaks(() => {
      const result = iterate(
        ({ x, count }) => ({ x: tf.mul(x, 2), count: tf.add(count, 1) }),
        { x: tf.scalar(1) as tf.Tensor, count: tf.scalar(0, 'int32') as tf.Tensor },
        100,
        ({ x }) => tf.less(x, 50),
      );
      expect(result.x.arraySync()).toBe(64);
      expect(result.count.arraySync()).toBe(6);
    });
  });

  it('stops after the maximum, and at once if the condition never holds', () => {
    const before = tf.memory().numTensors;
    const initial = tf.scalar(1) as tf.Tensor;
    const thrice = iterate(
      (x: tf.Tensor) => tf.mul(x, 2),
      initial,
      3,
      () => tf.scalar(true),
    );
    const never = iterate(
      (x: tf.Tensor) => tf.mul(x, 2),
      initial,
      3,
      () => tf.scalar(false),
    );
    expect(tf.memory().numTensors).toBe(before + 3);
    initial.dispose();
    expect([thrice.arraySync(), never.arraySync()]).toEqual([8, 1]);
    tf.dispose([thrice, never]);
  });

  it('equals a full number of steps that keep a finished carry through where', () => {
    fc.assert(
      fc.property(finite, finite, fc.integer({ min: 0, max: 8 }), (start, limit, maximum) => {
        withoutLeaks(() => {
          const body = (x: tf.Tensor, index: tf.Scalar) => tf.add(tf.mul(x, 1.5), index);
          const goesOn = (x: tf.Tensor) => tf.less(x, limit);
          const initial = tf.scalar(start) as tf.Tensor;
          let frozen = initial;
          for (let count = 0; count < maximum; count += 1) {
            frozen = tf.where(goesOn(frozen), body(frozen, tf.scalar(count, 'int32')), frozen);
          }
          expect(iterate(body, initial, maximum, goesOn).arraySync()).toBe(frozen.arraySync());
        });
      }),
      { numRuns: 50 },
    );
  });
});

describe('branch', () => {
  it('computes one side only', () => {
    withoutLeaks(() => {
      const refuse = () => {
        throw new Error('the other branch ran');
      };
      const one = () => ({ x: tf.scalar(1) as tf.Tensor });
      expect(branch(tf.scalar(true), one, refuse).x.arraySync()).toBe(1);
      expect(branch(tf.scalar(false), refuse, one).x.arraySync()).toBe(1);
    });
  });
});
