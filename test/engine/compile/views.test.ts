import * as tf from '@tensorflow/tfjs';

import { planTile } from '../../../engine/compile/tile-plan';
import { scan } from '../../../engine/loops';
import { type Cases, createTensors, describeNative, expectCases } from './compare';
import { scheduleOf } from './recorded';

/** A matrix, a vector and masks a row, all of them wide. */
function makeGiven(batch: number) {
  const { float, bool } = createTensors(batch + 3);
  return {
    rows: {
      matrix: float([batch, 6, 6]),
      vector: float([batch, 6]),
      others: float([batch, 6]),
      mask: bool([batch, 6]),
      long: float([batch, 36]),
    },
  };
}

type Given = ReturnType<typeof makeGiven>;

const check = (name: string, cases: Cases<Given>) => expectCases(name, cases, makeGiven);

const transposed = (x: tf.Tensor): tf.Tensor => tf.transpose(x, [0, 2, 1]);
const spreadDown = (x: tf.Tensor): tf.Tensor => tf.expandDims(x, 1);
const spreadAcross = (x: tf.Tensor): tf.Tensor => tf.expandDims(x, 2);

describeNative('columns read where they were copied from agree with eager ones:', () => {
  it('spread, transposed and shifted', () => {
    check('views', {
      outerSum: ({ rows }) => tf.add(spreadDown(rows.vector), spreadAcross(rows.others)),
      antisymmetric: ({ rows }) => tf.sub(rows.matrix, transposed(rows.matrix)),
      ofWhatWasJustMade: ({ rows }) => {
        const made = tf.tanh(rows.matrix);
        return tf.mul(tf.exp(made), transposed(made));
      },
      chosen: ({ rows }) =>
        tf.where(
          tf.logicalAnd(spreadDown(rows.mask), spreadAcross(rows.mask)),
          transposed(rows.matrix),
          tf.zerosLike(rows.matrix),
        ),
      shifted: ({ rows }) =>
        tf.mul(tf.slice(rows.long, [0, 1], [-1, 30]), tf.slice(rows.long, [0, 6], [-1, 30])),
      backwards: ({ rows }) => tf.sub(tf.reverse(rows.long, 1), rows.long),
      twice: ({ rows }) => tf.mul(transposed(rows.matrix), transposed(rows.matrix)),
    });
  });

  it('of what a loop carries', () => {
    check('views in a loop', {
      carried: ({ rows }) =>
        scan(
          ({ x }: { x: tf.Tensor }) => ({
            carry: { x: tf.tanh(tf.add(transposed(x), tf.mul(x, spreadDown(rows.vector)))) },
            output: {},
          }),
          { x: rows.matrix },
          5,
        ).carry.x,
    });
  });

  it('beside sums over the rows, which need what every row has made', () => {
    const steps = (x: tf.Tensor): tf.Tensor[] => {
      // Values of many widths, one after the other: their places in memory are taken again.
      const first = tf.tanh(x);
      const totals = tf.sum(first, 2);
      const second = tf.sin(tf.sub(transposed(first), spreadDown(totals)));
      const spread = tf.mul(spreadDown(tf.max(second, 1)), second);
      return [first, tf.concat([totals, tf.min(spread, 2)], 1), tf.exp(spread)];
    };
    // A wider value takes the place of one that is done with, while the next rows make that anew.
    const replaced = ({ rows }: Given): tf.Tensor => {
      const before = tf.tanh(tf.slice(rows.long, [0, 0], [-1, 20]));
      return tf.mul(tf.sum(before, 1, true), tf.square(rows.long));
    };
    check('a sum', { replaced: (given) => tf.sum(replaced(given), 0) });
    check('views and sums', {
      total: ({ rows }) => tf.sum(steps(rows.matrix)[2]!, 0),
      mean: ({ rows }) => tf.mean(steps(rows.matrix)[1]!, 0),
      least: ({ rows }) => tf.min(steps(rows.matrix)[0]!, 0),
      byRow: ({ rows }) => tf.sub(steps(rows.matrix)[2]!, tf.mean(steps(rows.matrix)[2]!, 0)),
    });
  });
});

describe('memory of a tile', () => {
  const columnsOf = (compute: (x: tf.Tensor) => tf.Tensor): number => {
    const schedule = scheduleOf('memory', { x: [[-1, 6, 6]] }, ({ x }) => [compute(x!)]);
    return Math.max(...schedule.phases.map((phase) => planTile(schedule, phase).columns));
  };

  it('holds no copies that are only read', () => {
    const plain = columnsOf((x) => tf.reshape(tf.tanh(tf.sub(x, tf.square(x))), [-1, 36]));
    expect(columnsOf((x) => tf.reshape(tf.tanh(tf.sub(x, transposed(x))), [-1, 36]))).toBe(plain);
  });

  it('is used again once a value of the same strip is no longer needed', () => {
    const chain = (length: number) => (x: tf.Tensor) => {
      let sum = x;
      for (let step = 0; step < length; step += 1) sum = tf.mul(spreadDown(tf.sum(sum, 2)), x);
      return tf.sum(sum, 2);
    };
    expect(columnsOf(chain(12))).toBe(columnsOf(chain(4)));
  });
});
