import * as tf from '@tensorflow/tfjs';

import type { Node } from '../../../engine/compile/graph';
import { printSchedule } from '../../../engine/compile/print';
import type { Schedule } from '../../../engine/compile/schedule';
import { branch, iterate, scan } from '../../../engine/loops';
import { normal, uses } from '../../../engine/random';
import type { TensorTree } from '../../../engine/tensors';
import { type Cases, createTensors, describeNative, expectCases } from './compare';
import { scheduleOf } from './recorded';

const steps = 6;

function makeGiven(batch: number) {
  const { float, int, bool } = createTensors(batch + 1);
  return {
    rows: {
      one: float([batch]),
      three: float([batch, 3]),
      four: float([batch, 4]),
      twenty: float([batch, 20]),
      otherTwenty: float([batch, 20]),
      int: int([batch]),
      bool: bool([batch]),
      row: tf.range(0, batch, 1, 'int32') as tf.Tensor,
    },
    series: {
      reward: float([steps, batch]),
      done: bool([steps, batch]),
      three: float([steps, batch, 3]),
      wide: float([steps, batch, 20]),
    },
    parameters: {
      scalar: float([]),
      three: float([3]),
      series: float([steps, 3]),
      wideSeries: float([steps, 20]),
      matrix: float([3, 3], -0.5, 0.5),
      layer: float([20, 24], -0.3, 0.3),
      back: float([24, 20], -0.3, 0.3),
      weightSeries: float([steps, 3, 3], -0.5, 0.5),
      words: tf.tensor1d([7, 8, 0], 'int32') as tf.Tensor,
    },
  };
}

type Given = ReturnType<typeof makeGiven>;

const check = (name: string, cases: Cases<Given>, sizes: readonly number[] = [1, 7, 193, 1030]) =>
  expectCases(name, cases, makeGiven, { sizes });

/** What a scan carries to the end, or puts out. */
const lastOf = <Carry extends TensorTree>(result: { carry: Carry }): Carry => result.carry;
const outputsOf = <Output extends TensorTree>(result: { outputs: Output }): Output =>
  result.outputs;

describeNative('compiled loops agree with eager ones:', () => {
  it('scan over series', () => {
    const discounted = ({ rows, series }: Given, reverse: boolean) =>
      scan(
        (sum: tf.Tensor, _, { reward }: { reward: tf.Tensor }) => {
          const next = tf.add(reward, tf.mul(0.9, sum));
          return { carry: next, output: next };
        },
        rows.one,
        steps,
        { inputs: { reward: series.reward }, reverse },
      );
    check('series', {
      'forward, carry': (given) => lastOf(discounted(given, false)),
      'forward, outputs': (given) => outputsOf(discounted(given, false)),
      'reverse, carry': (given) => lastOf(discounted(given, true)),
      'reverse, outputs': (given) => outputsOf(discounted(given, true)),
      'advantages, with ends of episodes': ({ series }) =>
        outputsOf(
          scan(
            (sum: tf.Tensor, _, { reward, done }: Record<string, tf.Tensor>) => {
              const next = tf.add(reward!, tf.mul(tf.where(done!, tf.zerosLike(sum), sum), 0.9));
              return { carry: next, output: next };
            },
            tf.zerosLike(tf.squeeze(tf.slice(series.reward, [0, 0], [1, -1]), [0])) as tf.Tensor,
            steps,
            { inputs: { reward: series.reward, done: series.done }, reverse: true },
          ),
        ),
      'three columns': ({ rows, series }) =>
        outputsOf(
          scan(
            (x: tf.Tensor, _, input: tf.Tensor) => {
              const next = tf.tanh(tf.add(x, input));
              return { carry: next, output: next };
            },
            rows.three,
            steps,
            { inputs: series.three },
          ),
        ),
      'wide columns': ({ rows, series }) =>
        outputsOf(
          scan(
            (x: tf.Tensor, _, input: tf.Tensor) => {
              const next = tf.sub(tf.mul(x, 0.5), input);
              return { carry: next, output: next };
            },
            rows.twenty,
            steps,
            { inputs: series.wide },
          ),
        ),
      'inputs computed outside': ({ rows, series }) =>
        outputsOf(
          scan(
            (x: tf.Tensor, _, input: Record<string, tf.Tensor>) => {
              const next = tf.add(x, tf.sum(tf.mul(input['three']!, input['wide']!), 1));
              return { carry: next, output: next };
            },
            rows.one,
            steps,
            {
              inputs: {
                three: tf.tanh(series.three),
                wide: tf.slice(tf.exp(series.wide), [0, 0, 2], [-1, -1, 3]),
              },
            },
          ),
        ),
      'wide inputs computed outside': ({ rows, series }) =>
        lastOf(
          scan(
            (x: tf.Tensor, _, input: tf.Tensor) => ({ carry: tf.add(x, input), output: {} }),
            rows.twenty,
            steps,
            { inputs: tf.exp(series.wide) },
          ),
        ),
      'inputs put out as they came': ({ rows, series }) =>
        outputsOf(
          scan(
            (x: tf.Tensor, _, input: tf.Tensor) => ({ carry: x, output: input }),
            rows.one,
            steps,
            { inputs: series.wide, reverse: true },
          ),
        ),
      'inputs that become the carry': ({ rows, series }) =>
        outputsOf(
          scan(
            (x: tf.Tensor, _, input: tf.Tensor) => ({ carry: input, output: x }),
            rows.twenty,
            steps,
            { inputs: series.wide },
          ),
        ),
      'computed inputs that become the carry': ({ rows, series }) =>
        outputsOf(
          scan(
            (x: tf.Tensor, _, input: tf.Tensor) => ({ carry: input, output: x }),
            rows.twenty,
            steps,
            { inputs: tf.neg(series.wide) },
          ),
        ),
      'series of parameters': ({ rows, parameters }) =>
        outputsOf(
          scan(
            (x: tf.Tensor, _, { a, b }: Record<string, tf.Tensor>) => {
              const next = tf.add(tf.mul(x, 0.5), tf.sum(tf.concat([a!, b!])));
              return { carry: next, output: tf.mul(tf.expandDims(next, 1), b!) };
            },
            rows.one,
            steps,
            { inputs: { a: parameters.series, b: parameters.wideSeries } },
          ),
        ),
      'products with the weights of the step': ({ rows, parameters }) =>
        outputsOf(
          scan(
            (x: tf.Tensor, _, w: tf.Tensor) => {
              const next = tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D);
              return { carry: next as tf.Tensor, output: next as tf.Tensor };
            },
            rows.three,
            steps,
            { inputs: parameters.weightSeries },
          ),
        ),
    });
  });

  it('carries of every kind', () => {
    const scanned = <Carry extends TensorTree>(
      carry: Carry,
      body: (carry: Carry, index: tf.Scalar) => Carry,
      length = steps,
    ): Carry =>
      lastOf(scan((one: Carry, index) => ({ carry: body(one, index), output: {} }), carry, length));
    check('carries', {
      'narrow ones change places': ({ rows }) => {
        const { a, b } = scanned({ a: rows.three, b: tf.neg(rows.three) }, ({ a, b }) => ({
          a: tf.mul(b, 1.1),
          b: a,
        }));
        return tf.concat([a, b], 1);
      },
      'wide ones change places': ({ rows }) => {
        const { a, b } = scanned(
          { a: rows.twenty, b: rows.otherTwenty },
          ({ a, b }) => ({
            a: b,
            b: a,
          }),
          5,
        );
        return tf.concat([a, b], 1);
      },
      'three wide ones go round': ({ rows }) => {
        const { a, b, c } = scanned(
          { a: rows.twenty, b: rows.otherTwenty, c: tf.neg(rows.twenty) as tf.Tensor },
          ({ a, b, c }) => ({ a: b, b: tf.add(c, 1), c: a }),
          5,
        );
        return tf.concat([a, b, c], 1);
      },
      'wide ones of each other': ({ rows }) => {
        const { a, b } = scanned({ a: rows.twenty, b: rows.otherTwenty }, ({ a, b }) => ({
          a: tf.add(tf.mul(a, 0.5), b),
          b: tf.sub(a, b),
        }));
        return tf.concat([a, b], 1);
      },
      'wide ones, shifted by a column': ({ rows }) =>
        scanned(rows.twenty, (x) =>
          tf.concat([tf.slice(x, [0, 1], [-1, 19]), tf.slice(x, [0, 0], [-1, 1])], 1),
        ),
      'a queue of four columns': ({ rows }) =>
        scanned(rows.four, (x, index) =>
          tf.concat(
            [
              tf.slice(x, [0, 1], [-1, 3]),
              tf.expandDims(tf.mul(rows.one, tf.cast(index, 'float32')), 1),
            ],
            1,
          ),
        ),
      'one that stays': ({ rows }) => {
        const { still, moves } = scanned({ still: rows.three, moves: rows.three }, (one) => ({
          still: one.still,
          moves: tf.add(one.moves, one.still),
        }));
        return tf.add(still, moves);
      },
      'equal rows at first': ({ rows }) =>
        scanned(tf.zerosLike(rows.three) as tf.Tensor, (x) => tf.add(x, rows.three)),
      'equal rows all the time': ({ rows }) =>
        scanned(tf.zerosLike(rows.three) as tf.Tensor, (x) => tf.add(x, 1)),
      int32: ({ rows }) =>
        scanned(rows.int, (x, index) => tf.add(tf.mul(x, tf.scalar(3, 'int32')), index)),
      bool: ({ rows }) => scanned(rows.bool, (x) => tf.logicalXor(x, tf.greater(rows.one, 0))),
      'a number beside rows': ({ rows, parameters }) => {
        const { x, factor } = scanned(
          { x: rows.three, factor: parameters.scalar as tf.Tensor },
          (one) => ({ x: tf.mul(one.x, one.factor), factor: tf.add(one.factor, 0.1) }),
        );
        return tf.add(x, factor);
      },
      'a constant number beside rows, only inside': ({ rows }) =>
        scanned({ x: rows.three, power: tf.scalar(1) as tf.Tensor }, (one) => ({
          x: tf.add(one.x, one.power),
          power: tf.mul(one.power, 0.9),
        })).x,
      'a vector beside rows': ({ rows, parameters }) => {
        const { x, v } = scanned({ x: rows.three, v: parameters.three }, (one) => ({
          x: tf.add(one.x, tf.mul(one.v, rows.three)),
          v: tf.tanh(tf.add(one.v, tf.sum(one.v))),
        }));
        return tf.mul(x, v);
      },
      'parameters alone': ({ parameters }) =>
        scanned(parameters.three, (x) => tf.tanh(tf.add(tf.mul(x, 0.9), parameters.scalar))),
      'parameters that change places': ({ parameters }) => {
        const { a, b } = scanned(
          { a: parameters.three, b: tf.neg(parameters.three) as tf.Tensor },
          ({ a, b }) => ({ a: tf.mul(b, 0.9), b: a }),
          5,
        );
        return tf.concat([a, b]);
      },
      'through products of matrices': ({ rows, parameters }) =>
        scanned(rows.twenty, (x) =>
          tf.tanh(tf.matMul(tf.relu(tf.matMul(x, parameters.layer)), parameters.back)),
        ),
      'through a narrow product': ({ rows, parameters }) =>
        scanned(rows.three, (x) =>
          tf.add(tf.mul(x, 0.5), tf.matMul(x as tf.Tensor2D, parameters.matrix as tf.Tensor2D)),
        ),
      'one step': ({ rows }) => scanned(rows.three, (x) => tf.exp(x), 1),
      '300 steps': ({ rows }) =>
        scanned(rows.one, (x, index) => tf.sin(tf.add(x, tf.cast(index, 'float32'))), 300),
    });
  });

  it('what steps put out', () => {
    const put = (
      { rows, parameters }: Given,
      output: (x: tf.Tensor, index: tf.Scalar) => tf.Tensor,
      reverse = false,
    ): tf.Tensor =>
      outputsOf(
        scan(
          (x: tf.Tensor, index) => ({
            carry: tf.add(tf.mul(x, parameters.scalar), 1) as tf.Tensor,
            output: output(x, index),
          }),
          rows.three,
          steps,
          { reverse },
        ),
      );
    check('outputs', {
      'the carry before the step': (given) => put(given, (x) => x),
      'the same, reverse': (given) => put(given, (x) => x, true),
      'one column': (given) => put(given, (x) => tf.sum(x, 1)),
      int32: (given) => put(given, (x) => tf.cast(tf.mul(x, 3), 'int32')),
      bool: (given) => put(given, (x) => tf.greater(x, 0)),
      wide: (given) => put(given, (x) => tf.concat([x, tf.tile(x, [1, 6]), given.rows.twenty], 1)),
      'the index': (given) => put(given, (_, index) => index),
      'a parameter of the step': (given) =>
        put(given, (_, index) => tf.mul(given.parameters.three, tf.cast(index, 'float32'))),
      'the same in every step': (given) => put(given, () => given.rows.twenty),
      'the same parameter in every step': (given) => put(given, () => given.parameters.three),
      'a constant': (given) => put(given, () => tf.scalar(3)),
      'equal rows': (given) =>
        put(given, (_, index) => tf.mul(tf.onesLike(given.rows.one), tf.cast(index, 'float32'))),
      'random numbers of the step': (given) =>
        put(given, (x, index) => {
          const { words } = given.parameters;
          const key = { words, row: given.rows.row, step: index, use: uses.dynamics };
          return tf.add(x, tf.expandDims(normal(key as never, 0), 1));
        }),
      'summed over the steps': (given) =>
        tf.sum(
          put(given, (x) => x),
          0,
        ),
      'of which one step is used': (given) =>
        tf.squeeze(
          tf.slice(
            put(given, (x) => x),
            [2, 0, 0],
            [1, -1, -1],
          ),
          [0],
        ),
      'that are averaged over all rows and steps': (given) =>
        tf.mean(put(given, (x) => tf.square(x))),
      'standardised over all rows and steps': (given) => {
        const x = put(given, (one) => tf.sum(one, 1));
        const { mean, variance } = tf.moments(x);
        return tf.div(tf.sub(x, mean), tf.sqrt(variance));
      },
      transposed: (given) =>
        tf.transpose(
          put(given, (x) => x),
          [1, 0, 2],
        ),
      'transposed, one column': (given) => tf.transpose(put(given, (x) => tf.sum(x, 1))),
      'put out and used': (given) => {
        const x = put(given, (one) => one);
        return tf.add(x, tf.sum(x, 0));
      },
      'wide, used after the loop': (given) =>
        tf.max(
          put(given, (x) => tf.mul(tf.sum(x, 1, true), given.rows.twenty)),
          0,
        ),
      'the input of another scan': (given) =>
        outputsOf(
          scan(
            (sum: tf.Tensor, _, x: tf.Tensor) => {
              const next = tf.add(tf.mul(sum, 0.5), x);
              return { carry: next, output: next };
            },
            given.rows.three,
            steps,
            { inputs: put(given, (x) => tf.tanh(x)), reverse: true },
          ),
        ),
      'the input of a scan of wide rows': (given) =>
        lastOf(
          scan(
            (sum: tf.Tensor, _, x: tf.Tensor) => ({ carry: tf.maximum(sum, x), output: {} }),
            given.rows.twenty,
            steps,
            { inputs: put(given, (x) => tf.mul(tf.sum(x, 1, true), given.rows.twenty)) },
          ),
        ),
    });
  });

  it('loops within loops', () => {
    check('nested', {
      'scan in scan': ({ rows, series }) =>
        outputsOf(
          scan(
            (x: tf.Tensor, _, input: tf.Tensor) => {
              const inner = scan(
                (y: tf.Tensor, index) => {
                  const next = tf.mul(0.7, tf.add(y, tf.mul(input, tf.cast(index, 'float32'))));
                  return { carry: next, output: next };
                },
                x,
                4,
              );
              return { carry: inner.carry, output: tf.sum(inner.outputs, 0) };
            },
            rows.three,
            steps,
            { inputs: series.three },
          ),
        ),
      'scan in scan of wide rows, in which nothing of the outer is carried': ({ rows, series }) =>
        outputsOf(
          scan(
            (x: tf.Tensor, _, input: tf.Tensor) => {
              const inner = lastOf(
                scan(
                  (y: tf.Tensor) => ({ carry: tf.add(tf.mul(y, 0.5), input), output: {} }),
                  rows.otherTwenty,
                  3,
                ),
              );
              return { carry: tf.add(x, inner), output: tf.sum(inner, 1) };
            },
            rows.twenty,
            steps,
            { inputs: series.wide },
          ),
        ),
      'a scan that is the same in every step': ({ rows }) =>
        lastOf(
          scan(
            (x: tf.Tensor) => {
              const same = lastOf(
                scan((y: tf.Tensor) => ({ carry: tf.sin(y), output: {} }), rows.three, 3),
              );
              return { carry: tf.add(x, same), output: {} };
            },
            rows.three,
            steps,
          ),
        ),
      'two scans one after the other in a scan': ({ rows }) =>
        lastOf(
          scan(
            (x: tf.Tensor) => {
              const first = scan((y: tf.Tensor) => ({ carry: tf.cos(y), output: y }), x, 2);
              const second = scan(
                (y: tf.Tensor, _, z: tf.Tensor) => ({ carry: tf.sub(y, z), output: {} }),
                first.carry,
                2,
                { inputs: first.outputs },
              );
              return { carry: second.carry, output: {} };
            },
            rows.three,
            steps,
          ),
        ),
      'a scan of numbers in a scan of rows': ({ rows, parameters }) =>
        lastOf(
          scan(
            (x: tf.Tensor, index) => {
              const number = lastOf(
                scan(
                  (y: tf.Tensor) => ({ carry: tf.mul(tf.sin(y), 0.9), output: {} }),
                  tf.add(parameters.scalar, tf.cast(index, 'float32')) as tf.Tensor,
                  3,
                ),
              );
              return { carry: tf.add(x, number), output: {} };
            },
            rows.three,
            steps,
          ),
        ),
    });
  });

  it('loops with sums over the batch', () => {
    /** (XᵀX / B + 1) v with a pass over the rows for each product. */
    const product =
      ({ rows }: Given) =>
      (v: tf.Tensor): tf.Tensor => {
        const batch = rows.three.shape[0]!;
        const image = tf.matMul(rows.three as tf.Tensor2D, tf.reshape(v, [3, 1]));
        return tf.add(
          tf.reshape(tf.div(tf.matMul(rows.three as tf.Tensor2D, image, true), batch), [3]),
          v,
        );
      };
    const conjugateGradients = (given: Given, maximum: number, tolerance: number) => {
      const apply = product(given);
      const b = given.parameters.three;
      return iterate(
        ({ x, r, p, rr, count }) => {
          const image = apply(p);
          const step = tf.div(rr, tf.sum(tf.mul(p, image)));
          const rest = tf.sub(r, tf.mul(step, image));
          const next = tf.sum(tf.square(rest));
          return {
            x: tf.add(x, tf.mul(step, p)) as tf.Tensor,
            r: rest as tf.Tensor,
            p: tf.add(rest, tf.mul(tf.div(next, rr), p)) as tf.Tensor,
            rr: next as tf.Tensor,
            count: tf.add(count, 1) as tf.Tensor,
          };
        },
        {
          x: tf.zerosLike(b) as tf.Tensor,
          r: b as tf.Tensor,
          p: b as tf.Tensor,
          rr: tf.sum(tf.square(b)) as tf.Tensor,
          count: tf.scalar(0) as tf.Tensor,
        },
        maximum,
        ({ rr }) => tf.greater(rr, tolerance),
      );
    };
    check('sums', {
      'conjugate gradients': (given) => conjugateGradients(given, 3, 0).x,
      'conjugate gradients that stop early': (given) => {
        const { x, count } = conjugateGradients(given, 20, 1e-2);
        return tf.concat([x, tf.reshape(count, [1])]);
      },
      'no step at all': (given) => conjugateGradients(given, 5, 1e9).p,
      'Newton on one number': ({ parameters }) =>
        iterate(
          ({ x }) => ({
            x: tf.mul(0.5, tf.add(x, tf.div(tf.abs(parameters.scalar), x))) as tf.Tensor,
          }),
          { x: tf.scalar(1) as tf.Tensor },
          6,
          ({ x }) => tf.greater(tf.abs(tf.sub(tf.square(x), tf.abs(parameters.scalar))), 1e-3),
        ).x,
      'the index of a loop that stops': ({ rows }) =>
        iterate(
          (_, index) => ({
            n: tf.add(tf.cast(index, 'float32'), tf.mul(0, tf.sum(rows.one))) as tf.Tensor,
          }),
          { n: tf.scalar(-1) as tf.Tensor },
          9,
          ({ n }) => tf.less(n, 4),
        ).n,
      'gradient descent': ({ rows }) =>
        lastOf(
          scan(
            (w: tf.Tensor) => {
              const error = tf.sub(tf.sum(tf.mul(rows.three, w), 1), rows.one);
              const gradient = tf.mean(tf.mul(tf.expandDims(error, 1), rows.three), 0);
              return { carry: tf.sub(w, tf.mul(0.1, gradient)) as tf.Tensor, output: {} };
            },
            tf.zeros([3]) as tf.Tensor,
            steps,
          ),
        ),
      'losses of gradient descent': ({ rows }) =>
        outputsOf(
          scan(
            (w: tf.Tensor, index) => {
              const error = tf.sub(tf.sum(tf.mul(rows.three, w), 1), rows.one);
              const gradient = tf.mean(tf.mul(tf.expandDims(error, 1), rows.three), 0);
              return {
                carry: tf.sub(w, tf.mul(0.1, gradient)) as tf.Tensor,
                output: {
                  loss: tf.add(tf.mean(tf.square(error)), tf.cast(index, 'float32')) as tf.Tensor,
                },
              };
            },
            tf.zeros([3]) as tf.Tensor,
            steps,
          ),
        ).loss,
      'rows of the weights at the end': ({ rows, parameters }) => {
        const w = lastOf(
          scan(
            (one: tf.Tensor) => ({
              carry: tf.add(tf.mul(one, 0.5), tf.mean(tf.mul(rows.three, one), 0)) as tf.Tensor,
              output: {},
            }),
            parameters.three,
            steps,
          ),
        );
        return tf.mul(rows.three, w);
      },
      'a rollout in a loop with sums': ({ rows, parameters }) =>
        lastOf(
          scan(
            (w: tf.Tensor) => {
              const end = lastOf(
                scan(
                  (x: tf.Tensor) => ({ carry: tf.tanh(tf.add(x, w)) as tf.Tensor, output: {} }),
                  rows.three,
                  3,
                ),
              );
              return { carry: tf.sub(w, tf.mul(0.3, tf.mean(end, 0))) as tf.Tensor, output: {} };
            },
            parameters.three,
            4,
          ),
        ),
      'wide parameters': ({ rows, parameters }) =>
        lastOf(
          scan(
            (w: tf.Tensor) => {
              const gradient = tf.matMul(
                rows.twenty,
                tf.tanh(tf.matMul(rows.twenty, w as tf.Tensor2D)),
                true,
              );
              return {
                carry: tf.sub(
                  w,
                  tf.mul(0.01, tf.div(gradient, rows.twenty.shape[0]!)),
                ) as tf.Tensor,
                output: {},
              };
            },
            parameters.layer,
            4,
          ),
        ),
    });
  });

  it('branch', () => {
    const inBranch = (one: tf.Tensor, start: tf.Tensor): tf.Tensor => {
      const isLarge = tf.expandDims(tf.greater(one, 0.2), 1);
      const work = (): tf.Tensor => tf.tanh(tf.exp(tf.neg(tf.abs(start))));
      return branch(
        tf.any(isLarge),
        () => tf.where(isLarge, work(), start) as tf.Tensor,
        () => start,
      );
    };
    check('branch', {
      'that is needed': ({ rows, parameters }) =>
        branch(
          tf.any(rows.bool),
          () =>
            tf.where(tf.expandDims(rows.bool, 1), tf.mul(rows.three, parameters.three), rows.three),
          () => rows.three,
        ),
      'that is not needed': ({ rows }) =>
        branch(
          tf.any(tf.greater(rows.one, 1000)),
          () =>
            tf.where(tf.expandDims(tf.greater(rows.one, 1000), 1), tf.exp(rows.three), rows.three),
          () => rows.three,
        ),
      'that another branch alone needs': ({ rows }) => {
        const inner = inBranch(rows.one, tf.sin(rows.twenty));
        return branch(
          tf.any(rows.bool),
          () => tf.where(tf.expandDims(rows.bool, 1), tf.tanh(tf.exp(inner)), rows.twenty),
          () => rows.twenty,
        );
      },
      'with one value for another branch, one for all': ({ rows }) => {
        const isLarge = tf.expandDims(tf.greater(rows.one, 0.2), 1);
        const start = tf.cos(rows.twenty) as tf.Tensor;
        const { x, y } = branch(
          tf.any(isLarge),
          () => ({
            x: tf.where(isLarge, tf.tanh(tf.exp(tf.neg(tf.abs(start)))), start) as tf.Tensor,
            y: tf.where(isLarge, tf.exp(tf.sin(start)), start) as tf.Tensor,
          }),
          () => ({ x: start, y: start }),
        );
        const outer = branch(
          tf.any(rows.bool),
          () => tf.where(tf.expandDims(rows.bool, 1), tf.tanh(tf.exp(x)), rows.twenty),
          () => rows.twenty,
        );
        return tf.add(outer, y);
      },
      'of a tree, within a scan': ({ rows, series }) =>
        outputsOf(
          scan(
            (x: tf.Tensor, _, done: tf.Tensor) => {
              const { next, count } = branch(
                tf.any(done),
                () => ({
                  next: tf.where(
                    tf.expandDims(done, 1),
                    tf.zerosLike(x),
                    tf.mul(x, 1.5),
                  ) as tf.Tensor,
                  count: tf.cast(done, 'float32') as tf.Tensor,
                }),
                () => ({
                  next: tf.mul(x, 1.5) as tf.Tensor,
                  count: tf.zerosLike(rows.one) as tf.Tensor,
                }),
              );
              return { carry: next, output: tf.add(tf.sum(next, 1), count) };
            },
            rows.three,
            steps,
            { inputs: series.done },
          ),
        ),
    });
  });
});

describe('a loop', () => {
  const named = ({ live }: Schedule, name: string): Node[] =>
    [...live].filter((node) => node.op === 'map' && node.name === name);

  /** The lines of the schedule that compute a node, and the line where its first loop begins. */
  const placesOf = (schedule: Schedule, node: Node) => {
    const lines = printSchedule(schedule).split('\n');
    const loop = lines.findIndex((line) => /for .*steps/.test(line));
    const isOwn = new RegExp(`%${node.id}(?!\\d)`);
    const computed = lines.flatMap((line, place) =>
      /row by row|product|parameters:/.test(line) && isOwn.test(line) ? [place] : [],
    );
    return { loop, computed };
  };

  const expectBefore = (schedule: Schedule, name: string): void => {
    const [node, ...others] = named(schedule, name);
    expect(others).toEqual([]);
    const { loop, computed } = placesOf(schedule, node!);
    expect(loop).toBeGreaterThan(0);
    expect(computed).toHaveLength(1);
    expect(computed[0]).toBeLessThan(loop);
  };

  it('over rows does once what is the same in every step, for rows and parameters', () => {
    const schedule = scheduleOf(
      'invariant',
      { x: [[-1, 3]], w: [[3, 3]], a: [[3]] },
      ({ x, w, a }) => [
        scan(
          (sum: tf.Tensor, index) => {
            const same = tf.exp(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D));
            const scale = tf.tanh(a!);
            const other = tf.sin(tf.mul(sum, tf.cast(index, 'float32')));
            return { carry: tf.add(tf.mul(same, scale), other) as tf.Tensor, output: {} };
          },
          x!,
          8,
        ).carry,
      ],
    );
    expectBefore(schedule, 'exp');
    expectBefore(schedule, 'tanh');
    const { loop, computed } = placesOf(schedule, named(schedule, 'sin')[0]!);
    expect(computed.every((place) => place > loop)).toBe(true);
    expect(schedule.phases).toHaveLength(1);
  });

  it('with sums over the batch keeps what is the same in every step in memory', () => {
    const schedule = scheduleOf('stored', { x: [[-1, 3]], b: [[3]] }, ({ x, b }) => [
      iterate(
        ({ p }) => ({
          p: tf.add(b!, tf.mean(tf.mul(tf.exp(x!), tf.sum(tf.neg(p))), 0)) as tf.Tensor,
        }),
        { p: b! },
        5,
        ({ p }) => tf.less(tf.sum(p), 100),
      ).p,
    ]);
    expectBefore(schedule, 'exp');
    expect([...schedule.stored]).toEqual(named(schedule, 'exp'));
    expect(schedule.phases).toHaveLength(2);
  });

  it('leaves out what nobody reads: carries, outputs, and all that is for them', () => {
    const { live, phases } = scheduleOf('dropped', { x: [[-1, 3]] }, ({ x }) => {
      const { carry } = scan(
        ({ used, unused }: Record<'used' | 'unused', tf.Tensor>) => ({
          carry: { used: tf.sin(used), unused: tf.exp(tf.add(unused, used)) as tf.Tensor },
          output: { log: tf.log(used), sum: tf.sum(tf.cos(used)) },
        }),
        { used: x!, unused: tf.zerosLike(x!) as tf.Tensor },
        4,
      );
      return [carry.used];
    });
    const names = [...live].flatMap((node) => (node.op === 'map' ? [node.name] : []));
    expect(names).toEqual(['sin']);
    expect(phases).toHaveLength(1);
  });

  it('runs apart over numbers that its rows read, once for all tiles', () => {
    const schedule = scheduleOf('apart', { x: [[-1, 3]], a: [[]] }, ({ x, a }) => {
      const { carry } = scan(
        ({ rows, number }: Record<'rows' | 'number', tf.Tensor>) => ({
          carry: { rows: tf.mul(rows, number) as tf.Tensor, number: tf.sin(number) },
          output: {},
        }),
        { rows: x!, number: a! },
        4,
      );
      return [carry.rows, carry.number];
    });
    const text = printSchedule(schedule);
    const { loop, computed } = placesOf(schedule, named(schedule, 'sin')[0]!);
    expect(computed).toHaveLength(1);
    expect(computed[0]).toBeGreaterThan(loop);
    expect(text.indexOf('for 4 steps:')).toBeLessThan(text.indexOf('pass 0'));
    expect(text).toMatch(/for 4 steps within the tile/);
  });
});
