import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { branch, iterate, scan } from '../../../engine/loops';
import { normals, uses } from '../../../engine/random';
import { type Cases, createTensors, describeNative, expectCases } from './compare';

/** Rows of a batch, or a parameter (rank 1). */
interface Value {
  readonly tensor: tf.Tensor;
  readonly isRows: boolean;
  readonly columns: number;
}

/** What a step of a random program does with some of the values before it, all of it continuous. */
interface Step {
  readonly operation: keyof typeof operations;
  /** Chooses operands, counted from the latest value. */
  readonly first: number;
  readonly second: number;
  readonly number: number;
}

const widths = [1, 3, 18];

function makeGiven(batch: number) {
  const { float, int, bool } = createTensors(batch + 2);
  return {
    rows: {
      one: float([batch, 1]),
      three: float([batch, 3]),
      wide: float([batch, 18]),
      place: int([batch], 0, 3),
      flag: bool([batch]),
      row: tf.range(0, batch, 1, 'int32') as tf.Tensor,
    },
    series: { three: float([3, batch, 3]), wide: float([3, batch, 18]) },
    parameters: {
      one: float([1]),
      three: float([3]),
      wide: float([18]),
      steps: float([3, 1]),
      words: tf.tensor1d([3, 4, 0], 'int32') as tf.Tensor,
      index: int([11], 0, batch),
    },
  };
}

type Given = ReturnType<typeof makeGiven>;

const rowsOf = (tensor: tf.Tensor): Value => ({
  tensor,
  isRows: true,
  columns: tensor.shape.at(-1)!,
});
const parameterOf = (tensor: tf.Tensor): Value => ({
  tensor,
  isRows: false,
  columns: tensor.shape[0]!,
});
const like = (value: Value, tensor: tf.Tensor): Value =>
  value.isRows ? rowsOf(tensor) : parameterOf(tensor);

/** The value as so many columns, by repetition or a part. */
function fitted(value: Value, columns: number): tf.Tensor {
  const { tensor, isRows } = value;
  if (value.columns === columns || value.columns === 1) return tensor;
  const lead = isRows ? [1] : [];
  const times = Math.ceil(columns / value.columns);
  const long = times > 1 ? tf.tile(tensor, [...lead, times]) : tensor;
  return isRows ? tf.slice(long, [0, 0], [-1, columns]) : tf.slice(long, [0], [columns]);
}

/** Both as wide as the wider one, where that can be: a parameter goes with rows. */
function paired(a: Value, b: Value, combine: (x: tf.Tensor, y: tf.Tensor) => tf.Tensor): Value {
  const columns = Math.max(a.columns, b.columns);
  const tensor = combine(fitted(a, columns), fitted(b, columns));
  return a.isRows || b.isRows ? rowsOf(tensor) : parameterOf(tensor);
}

const asRows = (value: Value, { rows }: Given): Value =>
  value.isRows ? value : rowsOf(tf.add(tf.mul(rows.one, 0.5), value.tensor));

const weights = (from: number, to: number, number: number): tf.Tensor2D =>
  tf.tensor2d(
    Array.from({ length: from * to }, (_, at) => Math.sin(at * 1.7 + number) / Math.sqrt(from)),
    [from, to],
  );

/** Squashed, so that chains of any length stay near one. */
const bounded = (value: Value): Value => like(value, tf.tanh(value.tensor));

const unary =
  (work: (x: tf.Tensor, number: number) => tf.Tensor) =>
  (_: Given, a: Value, __: Value, number: number): Value =>
    like(a, work(a.tensor, number));

const binary =
  (work: (x: tf.Tensor, y: tf.Tensor) => tf.Tensor) =>
  (_: Given, a: Value, b: Value): Value =>
    paired(a, b, work);

const operations = {
  neg: unary(tf.neg),
  abs: unary(tf.abs),
  tanh: unary(tf.tanh),
  sigmoid: unary(tf.sigmoid),
  sin: unary(tf.sin),
  exp: unary((x) => tf.exp(tf.clipByValue(x, -3, 1))),
  square: unary((x) => tf.square(tf.tanh(x))),
  relu: unary(tf.relu),
  scale: unary((x, number) => tf.mul(x, number)),
  add: binary(tf.add),
  sub: binary(tf.sub),
  mul: binary((x, y) => tf.mul(tf.tanh(x), y)),
  div: binary((x, y) => tf.div(x, tf.add(1, tf.square(y)))),
  max: binary(tf.maximum),
  min: binary(tf.minimum),
  where: binary((x, y) => tf.where(tf.greater(x, y), tf.sub(x, y), tf.zerosLike(x))),
  sumOfRow: (_: Given, a: Value): Value => like(a, tf.sum(a.tensor, -1, true)),
  maxOfRow: (_: Given, a: Value): Value => like(a, tf.max(a.tensor, -1, true)),
  softmax: (_: Given, a: Value): Value => like(a, tf.softmax(a.tensor)),
  cumsum: (_: Given, a: Value, __: Value, number: number): Value =>
    bounded(like(a, tf.cumsum(a.tensor, a.isRows ? 1 : 0, number > 0, number > 1))),
  reverse: (_: Given, a: Value): Value => like(a, tf.reverse(a.tensor, -1)),
  concat: (given: Given, a: Value, b: Value): Value => {
    if (a.columns + b.columns > 40) return a;
    if (a.isRows === b.isRows) return like(a, tf.concat([a.tensor, b.tensor], -1));
    return rowsOf(tf.concat([asRows(a, given).tensor, asRows(b, given).tensor], 1));
  },
  slice: (_: Given, a: Value, __: Value, number: number): Value => {
    const size = Math.max(1, Math.floor(a.columns / (1 + Math.abs(number))));
    const start = a.columns - size;
    return like(
      a,
      tf.slice(a.tensor, a.isRows ? [0, start] : [start], a.isRows ? [-1, size] : [size]),
    );
  },
  pad: (_: Given, a: Value, __: Value, number: number): Value =>
    a.columns > 30
      ? a
      : like(a, tf.pad(a.tensor, [...(a.isRows ? [[0, 0]] : []), [1, 2]] as never, number)),
  meanOfBatch: (given: Given, a: Value): Value => parameterOf(tf.mean(asRows(a, given).tensor, 0)),
  maxOfBatch: (given: Given, a: Value): Value => parameterOf(tf.max(asRows(a, given).tensor, 0)),
  meanOfAll: (given: Given, a: Value): Value =>
    parameterOf(tf.reshape(tf.mean(asRows(a, given).tensor), [1])),
  standardise: (given: Given, a: Value): Value => {
    const { tensor } = asRows(a, given);
    const { mean, variance } = tf.moments(tensor, 0);
    return rowsOf(tf.div(tf.sub(tensor, mean), tf.sqrt(tf.add(variance, 0.3))));
  },
  product: (_: Given, a: Value, __: Value, number: number): Value => {
    const to = widths[Math.floor(Math.abs(number) * 10) % widths.length]!;
    if (a.isRows) return rowsOf(tf.matMul(a.tensor as tf.Tensor2D, weights(a.columns, to, number)));
    const row = tf.expandDims(a.tensor, 0) as tf.Tensor2D;
    return parameterOf(tf.squeeze(tf.matMul(row, weights(a.columns, to, number)), [0]));
  },
  productOverBatch: (given: Given, a: Value, b: Value): Value => {
    const [x, y] = [asRows(a, given).tensor, asRows(b, given).tensor];
    const sums = tf.matMul(tf.tanh(x) as tf.Tensor2D, tf.tanh(y) as tf.Tensor2D, true);
    return parameterOf(tf.mean(tf.div(sums, x.shape[0]!), 0));
  },
  scan: (given: Given, a: Value, b: Value, number: number): Value => {
    const start = asRows(a, given);
    const { carry, outputs } = scan(
      (x: tf.Tensor, index) => {
        const next = tf.tanh(
          tf.add(
            tf.mul(x, number),
            fitted({ ...b, tensor: tf.mul(b.tensor, tf.cast(index, 'float32')) }, start.columns),
          ),
        );
        return { carry: next as tf.Tensor, output: tf.sub(next, x) as tf.Tensor };
      },
      start.tensor,
      4,
      { reverse: number > 1 },
    );
    return rowsOf(number > 0 ? carry : tf.mean(outputs, 0));
  },
  scanSeries: ({ series, parameters }: Given, a: Value, b: Value, number: number): Value => {
    const inputs = number > 0 ? series.three : series.wide;
    const { outputs } = scan(
      (
        { x, count }: { x: tf.Tensor; count: tf.Tensor },
        _,
        { input, factor }: Record<string, tf.Tensor>,
      ) => {
        const columns = input!.shape[1]!;
        const next = tf.tanh(
          tf.add(tf.mul(x, factor!), tf.add(tf.mul(input!, count), fitted(a, columns))),
        );
        return {
          carry: { x: next as tf.Tensor, count: tf.mul(count, 0.5) as tf.Tensor },
          output: tf.mul(next, fitted(b, columns)) as tf.Tensor,
        };
      },
      {
        x: tf.zerosLike(tf.squeeze(tf.slice(inputs, [0, 0, 0], [1, -1, -1]), [0])) as tf.Tensor,
        count: tf.scalar(1) as tf.Tensor,
      },
      3,
      { inputs: { input: inputs, factor: parameters.steps }, reverse: number > 0.5 },
    );
    return rowsOf(tf.mean(outputs, 0));
  },
  iterate: (given: Given, a: Value, b: Value, number: number): Value => {
    const rows = asRows(a, given);
    const start = b.isRows ? tf.mean(b.tensor, 0) : b.tensor;
    const { p } = iterate(
      ({ p, count }) => ({
        p: tf.tanh(
          tf.add(
            tf.mul(p, number),
            fitted(parameterOf(tf.mean(tf.mul(rows.tensor, tf.mean(p)), 0)), p.shape[0]!),
          ),
        ) as tf.Tensor,
        count: tf.add(count, 1) as tf.Tensor,
      }),
      { p: start as tf.Tensor, count: tf.scalar(0) as tf.Tensor },
      6,
      ({ count }) => tf.less(count, 3),
    );
    return parameterOf(p);
  },
  lookup: ({ rows }: Given, a: Value): Value => {
    const table = a.isRows ? tf.mean(a.tensor, 0) : a.tensor;
    const three = fitted(parameterOf(table), 3);
    const list = three.shape[0] === 3 ? three : tf.tile(three, [3]);
    return rowsOf(tf.expandDims(tf.gather(list, rows.place), 1));
  },
  flagged: (given: Given, a: Value, b: Value): Value =>
    paired(asRows(a, given), b, (x, y) =>
      tf.where(tf.expandDims(given.rows.flag, 1), tf.mul(x, 0.5), y),
    ),
  branch: (given: Given, a: Value, b: Value, number: number): Value => {
    const start = asRows(a, given).tensor;
    const flag = number > 0 ? given.rows.flag : tf.greater(tf.squeeze(given.rows.one, [1]), 1.8);
    const chosen = branch(
      tf.any(flag),
      () => {
        const other = tf.tanh(tf.add(tf.exp(tf.neg(tf.abs(start))), fitted(b, start.shape[1]!)));
        return { x: tf.where(tf.expandDims(flag, 1), other, start) };
      },
      () => ({ x: start }),
    );
    return rowsOf(chosen.x);
  },
  draw: ({ rows, parameters }: Given, a: Value, __: Value, number: number): Value => {
    const { words } = parameters;
    const step = tf.scalar(Math.round(number * 10), 'int32');
    const noise = normals({ words, row: rows.row, step, use: uses.action } as never, 3, a.columns);
    return rowsOf(tf.add(a.tensor, tf.mul(noise, 0.1)));
  },
  chosenRows: ({ parameters }: Given, a: Value, b: Value): Value => {
    const chosen = (value: Value): tf.Tensor =>
      value.isRows ? tf.gather(value.tensor, parameters.index as tf.Tensor1D) : value.tensor;
    const both = paired({ ...a, tensor: chosen(a) }, { ...b, tensor: chosen(b) }, (x, y) =>
      tf.tanh(tf.mul(x, y)),
    );
    return both.isRows ? parameterOf(tf.mean(both.tensor, 0)) : both;
  },
  nestedScan: (given: Given, a: Value, b: Value, number: number): Value => {
    const start = asRows(a, given);
    const { carry } = scan(
      ({ x, y }: Record<'x' | 'y', tf.Tensor>, index) => {
        const inner = scan(
          (z: tf.Tensor, other) => {
            const next = tf.tanh(
              tf.add(tf.mul(z, number), tf.mul(x, tf.cast(tf.add(other, index), 'float32'))),
            ) as tf.Tensor;
            return { carry: next, output: tf.sum(next, 1, true) as tf.Tensor };
          },
          y,
          3,
        );
        return {
          carry: {
            x: tf.mul(inner.carry, tf.tanh(fitted(b, start.columns))) as tf.Tensor,
            y: tf.add(x, tf.mean(inner.outputs, 0)) as tf.Tensor,
          },
          output: {},
        };
      },
      { x: start.tensor, y: tf.neg(start.tensor) as tf.Tensor },
      3,
    );
    return bounded(rowsOf(number > 0 ? carry.x : tf.sub(carry.x, carry.y)));
  },
  swap: (given: Given, a: Value, b: Value): Value => {
    const x = asRows(a, given);
    const y = rowsOf(fitted(asRows(b, given), x.columns));
    const full = y.columns === x.columns ? y.tensor : tf.tile(y.tensor, [1, x.columns]);
    const { carry } = scan(
      (pair: readonly [tf.Tensor, tf.Tensor]) => ({
        carry: [pair[1], tf.mul(0.9, pair[0])] as readonly [tf.Tensor, tf.Tensor],
        output: {},
      }),
      [x.tensor, full] as readonly [tf.Tensor, tf.Tensor],
      3,
    );
    return rowsOf(tf.sub(carry[0], carry[1]));
  },
  layers: (given: Given, a: Value, __: Value, number: number): Value => {
    const start = asRows(a, given);
    const { carry, outputs } = scan(
      (x: tf.Tensor) => {
        const hidden = tf.tanh(
          tf.matMul(x as tf.Tensor2D, weights(start.columns, 20, number)),
        ) as tf.Tensor2D;
        const next = tf.add(
          tf.matMul(hidden, weights(20, start.columns, 1 + number)),
          tf.mul(x, 0.3),
        ) as tf.Tensor;
        return { carry: tf.tanh(next), output: hidden as tf.Tensor };
      },
      start.tensor,
      2,
    );
    return rowsOf(number > 0 ? carry : tf.mean(outputs, 0));
  },
  rolloutAndSums: (given: Given, a: Value, b: Value, number: number): Value => {
    const start = asRows(a, given);
    const first = b.isRows ? tf.max(b.tensor, 0) : b.tensor;
    const { carry, outputs } = scan(
      (w: tf.Tensor) => {
        const rollout = scan(
          (x: tf.Tensor) => {
            const next = tf.tanh(tf.add(tf.mul(x, number), tf.mean(w))) as tf.Tensor;
            return { carry: next, output: tf.mean(next, 1) as tf.Tensor };
          },
          start.tensor,
          3,
        );
        const next = tf.sub(tf.mul(w, 0.5), tf.mean(rollout.outputs)) as tf.Tensor;
        return { carry: next, output: tf.add(tf.mean(rollout.carry), w) as tf.Tensor };
      },
      first,
      3,
    );
    return parameterOf(tf.add(carry, tf.mean(outputs, 0)));
  },
  stacked: (given: Given, a: Value, __: Value, number: number): Value => {
    const start = asRows(a, given);
    const made = scan(
      (x: tf.Tensor) => {
        const next = tf.sin(tf.mul(x, 1.3)) as tf.Tensor;
        return { carry: next, output: next };
      },
      start.tensor,
      3,
    );
    const { carry, outputs } = scan(
      (x: tf.Tensor, _, input: tf.Tensor) => {
        const next = tf.add(tf.mul(x, 0.5), input) as tf.Tensor;
        return { carry: next, output: tf.max(next, 1, true) as tf.Tensor };
      },
      made.carry,
      3,
      {
        inputs: number > 0 ? made.outputs : tf.sub(made.outputs, tf.mean(made.outputs)),
        reverse: number > 0.7,
      },
    );
    return bounded(rowsOf(tf.add(carry, tf.sum(outputs, 0))));
  },
} as const;

const stepArbitrary: fc.Arbitrary<Step> = fc.record({
  operation: fc.constantFrom(...(Object.keys(operations) as (keyof typeof operations)[])),
  first: fc.nat(4),
  second: fc.nat(6),
  number: fc.integer({ min: -15, max: 15 }).map((number) => number / 10),
});

/** The last values of a program, side by side. */
function compute(steps: readonly Step[], given: Given): tf.Tensor {
  const { rows, parameters } = given;
  const values: Value[] = [
    parameterOf(parameters.one),
    parameterOf(parameters.wide),
    rowsOf(rows.wide),
    parameterOf(parameters.three),
    rowsOf(rows.one),
    rowsOf(rows.three),
  ];
  for (const { operation, first, second, number } of steps) {
    const at = (back: number): Value => values[values.length - 1 - (back % values.length)]!;
    values.push(operations[operation](given, at(first), at(second), number));
  }
  const last = values.slice(-3).map((value) => asRows(value, given).tensor);
  return tf.concat(last, 1);
}

const describeSteps = (steps: readonly Step[]): string =>
  steps
    .map(({ operation, first, second, number }) => `${operation}(${first}, ${second}, ${number})`)
    .join(' ');

const programs = Number(process.env['RANDOM_PROGRAMS'] ?? 3);
const graphsPerProgram = 6;
const seed = Number(process.env['RANDOM_SEED'] ?? 20_241);

describeNative('random programs agree with device cpu', () => {
  const graphs = fc.sample(fc.array(stepArbitrary, { minLength: 6, maxLength: 30 }), {
    seed,
    numRuns: programs * graphsPerProgram,
  });
  const groups = Array.from({ length: programs }, (_, index) =>
    graphs.slice(index * graphsPerProgram, (index + 1) * graphsPerProgram),
  );

  it.each(groups.map((group, index) => [index + 1, group] as const))('program %i', (_, group) => {
    const cases: Cases<Given> = Object.fromEntries(
      group.map((steps) => [describeSteps(steps), (given: Given) => compute(steps, given)]),
    );
    expectCases('random program', cases, makeGiven, {
      sizes: [1, 37, 300],
      tolerance: { relative: 2e-4, scale: 1, least: 0.1 },
    });
  });
});
