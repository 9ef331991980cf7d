import * as tf from '@tensorflow/tfjs';

import { compile } from '../../../engine/compile/compile';
import {
  bernoulli,
  categorical,
  forUse,
  type Key,
  keyAt,
  makeKey,
  normal,
  normals,
  permuteRows,
  phases,
  randomInteger,
  uniform,
  uniforms,
  uses,
} from '../../../engine/random';
import {
  type Cases,
  createTensors,
  describeNative,
  exact,
  expectAgreement,
  expectCases,
  freeGiven,
  take,
} from './compare';

/**
 * One batch of everything: names say the row's shape; up to four columns are narrow (kept in registers),
 * more are wide (kept in memory).
 */
function makeGiven(batch: number) {
  const { float, int, bool } = createTensors(batch);
  return {
    rows: {
      one: float([batch]),
      column: float([batch, 1]),
      two: float([batch, 2]),
      three: float([batch, 3]),
      four: float([batch, 4]),
      cube: float([batch, 2, 4]),
      twenty: float([batch, 20]),
      twentyToo: float([batch, 20]),
      seventy: float([batch, 70], 0.5, 1.5),
      block: float([batch, 4, 5]),
      int: int([batch]),
      ints: int([batch, 3]),
      manyInts: int([batch, 20]),
      nonzero: int([batch, 3], 1, 5),
      bool: bool([batch]),
      bools: bool([batch, 3]),
      manyBools: bool([batch, 20]),
      otherBools: bool([batch, 3]),
      place: int([batch], 0, 6),
      places: int([batch, 2], 0, 6),
      placeOfFour: int([batch], 0, 4),
    },
    series: { path: float([5, batch]), paths: float([5, batch, 3]), wide: float([3, batch, 20]) },
    parameters: {
      scalar: float([]),
      vector: float([3]),
      wideVector: float([20]),
      widest: float([70]),
      matrix: float([4, 5]),
      weights: float([3, 5]),
      wideWeights: float([20, 70], -0.3, 0.3),
      narrowing: float([70, 3]),
      table: float([6, 3]),
      levels: float([6]),
      intTable: int([6, 2]),
      int: int([]),
      ints: int([3]),
      bools: bool([3]),
      index: int([9], 0, batch),
    },
  };
}

type Given = ReturnType<typeof makeGiven>;

const check = (name: string, cases: Cases<Given>, options = {}): void =>
  expectCases(name, cases, makeGiven, options);

/** tf.logSoftmax leaks within TensorFlow.js, which its test mode takes for an error. */
const logSoftmax = (x: tf.Tensor): tf.Tensor => {
  const shifted = tf.sub(x, tf.max(x, -1, true));
  return tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), -1, true)));
};

/** Each case as it stands, on single columns, narrow and wide rows, and on parameters. */
const elementwise = (
  cases: Record<string, (x: tf.Tensor) => tf.Tensor>,
  change: (x: tf.Tensor) => tf.Tensor = (x) => x,
): Cases<Given> =>
  Object.fromEntries(
    Object.entries(cases).flatMap(([name, work]) => [
      [`${name} of one`, ({ rows }: Given) => work(change(rows.one))],
      [`${name} of narrow rows`, ({ rows }: Given) => work(change(rows.three))],
      [`${name} of wide rows`, ({ rows }: Given) => work(change(rows.twenty))],
      [`${name} of a parameter`, ({ parameters }: Given) => work(change(parameters.vector))],
    ]),
  );

describeNative('compiled operations agree with device cpu:', () => {
  it('arithmetic, broadcast in every way', () => {
    check('arithmetic', {
      '[B] + []': ({ rows, parameters }) => tf.add(rows.one, parameters.scalar),
      '[] − [B]': ({ rows, parameters }) => tf.sub(parameters.scalar, rows.one),
      '[B] · constant': ({ rows }) => tf.mul(rows.one, 0.5),
      '[B, 3] ÷ constant': ({ rows }) => tf.div(rows.three, 0.3),
      '[B, 3] · [3]': ({ rows, parameters }) => tf.mul(rows.three, parameters.vector),
      '[3] − [B, 3]': ({ rows, parameters }) => tf.sub(parameters.vector, rows.three),
      '[B, 3] + [B, 1]': ({ rows }) => tf.add(rows.three, rows.column),
      '[B, 1] ÷ [B, 3]': ({ rows }) => tf.div(rows.column, tf.add(tf.abs(rows.three), 0.1)),
      '[B, 1] · [3]': ({ rows, parameters }) => tf.mul(rows.column, parameters.vector),
      '[B, 20] · [20]': ({ rows, parameters }) => tf.mul(rows.twenty, parameters.wideVector),
      '[B, 20] − [B, 1]': ({ rows }) => tf.sub(rows.twenty, rows.column),
      '[B, 20] ÷ [B, 20]': ({ rows }) => tf.div(rows.twenty, tf.add(tf.abs(rows.twentyToo), 0.1)),
      '[B, 70] + [70]': ({ rows, parameters }) => tf.add(rows.seventy, parameters.widest),
      '[B, 1] · [20]': ({ rows, parameters }) => tf.mul(rows.column, parameters.wideVector),
      '[B, 2, 4] · [4]': ({ rows, parameters }) =>
        tf.mul(rows.cube, tf.slice(parameters.wideVector, [3], [4])),
      '[B, 2, 4] + [2, 1]': ({ rows, parameters }) =>
        tf.add(rows.cube, tf.reshape(tf.slice(parameters.vector, [1], [2]), [2, 1])),
      '[B, 2, 4] − [B, 2, 1]': ({ rows }) => tf.sub(rows.cube, tf.expandDims(rows.two, 2)),
      '[B, 2, 1] · [B, 1, 4]': ({ rows }) =>
        tf.mul(tf.expandDims(rows.two, 2), tf.expandDims(rows.four, 1)),
      '[B, 4, 5] · [4, 5]': ({ rows, parameters }) => tf.mul(rows.block, parameters.matrix),
      '[B, 4, 1] + [B, 4, 5]': ({ rows }) => tf.add(tf.expandDims(rows.four, 2), rows.block),
      '[B, 4, 5] · [5]': ({ rows, parameters }) =>
        tf.mul(rows.block, tf.slice(parameters.widest, [60], [5])),
      '[5, B] · [B]': ({ rows, series }) => tf.mul(series.path, rows.one),
      '[5, B, 3] · [3]': ({ series, parameters }) => tf.mul(series.paths, parameters.vector),
      '[5, B, 3] + [B, 3]': ({ series, rows }) => tf.add(series.paths, rows.three),
      '[3] · [3]': ({ parameters }) => tf.mul(parameters.vector, parameters.vector),
      '[4, 5] + [4, 1]': ({ parameters }) =>
        tf.add(parameters.matrix, tf.slice(parameters.matrix, [0, 2], [4, 1])),
      '[3, 1] · [5] of parameters': ({ parameters }) =>
        tf.mul(tf.expandDims(parameters.vector, 1), tf.slice(parameters.widest, [2], [5])),
      'ones [B, 3] · [B, 1]': ({ rows }) => tf.mul(tf.ones(rows.three.shape), rows.column),
      'ones [B, 20] · [B, 1]': ({ rows }) => tf.mul(tf.ones(rows.twenty.shape), rows.column),
      'zeros [B] + []': ({ rows, parameters }) => tf.add(tf.zerosLike(rows.one), parameters.scalar),
      'zeros [B]': ({ rows }) => tf.zerosLike(rows.one),
      'ones [B, 20]': ({ rows }) => tf.onesLike(rows.twenty),
      'ones [5, B, 3]': ({ series }) => tf.onesLike(series.paths),
      'the number 7': () => tf.scalar(7),
      minimum: ({ rows, parameters }) => tf.minimum(rows.three, parameters.vector),
      'maximum, wide': ({ rows }) => tf.maximum(rows.twenty, rows.twentyToo),
      floorDiv: ({ rows }) => tf.floorDiv(rows.three, 0.7),
      mod: ({ rows }) => tf.mod(rows.three, 0.7),
      'mod by a negative number': ({ rows }) => tf.mod(rows.twenty, -0.7),
      pow: ({ rows, parameters }) => tf.pow(tf.abs(rows.three), parameters.vector),
      'pow to whole numbers': ({ rows }) => tf.pow(rows.twenty, 3),
      squaredDifference: ({ rows, parameters }) =>
        tf.squaredDifference(rows.three, parameters.vector),
      atan2: ({ rows }) => tf.atan2(rows.three, rows.column),
      addN: ({ rows }) => tf.addN([rows.three, tf.mul(rows.three, 2), rows.three]),
      divNoNan: ({ rows }) => tf.divNoNan(rows.three, tf.relu(rows.column)),
    });
  });

  it('functions of one number', () => {
    check(
      'unary',
      elementwise({
        neg: tf.neg,
        abs: tf.abs,
        square: tf.square,
        relu: tf.relu,
        relu6: tf.relu6,
        sign: tf.sign,
        floor: tf.floor,
        ceil: tf.ceil,
        round: tf.round,
        exp: tf.exp,
        expm1: tf.expm1,
        log: (x) => tf.log(tf.abs(x)),
        log1p: (x) => tf.log1p(tf.abs(x)),
        sqrt: (x) => tf.sqrt(tf.abs(x)),
        rsqrt: (x) => tf.rsqrt(tf.add(tf.abs(x), 0.01)),
        reciprocal: (x) => tf.reciprocal(tf.add(tf.abs(x), 0.01)),
        tanh: tf.tanh,
        sigmoid: tf.sigmoid,
        softplus: tf.softplus,
        step: (x) => tf.step(x, 0.25),
        clip: (x) => tf.clipByValue(x, -0.5, 1),
        elu: tf.elu,
        leakyRelu: (x) => tf.leakyRelu(x, 0.1),
        erf: tf.erf,
        isNaN: tf.isNaN,
        isInf: tf.isInf,
        isFinite: tf.isFinite,
      }),
    );
  });

  it('trigonometric and hyperbolic functions', () => {
    check(
      'trigonometric',
      elementwise({
        sin: tf.sin,
        cos: tf.cos,
        tan: tf.tan,
        asin: (x) => tf.asin(tf.mul(x, 0.5)),
        acos: (x) => tf.acos(tf.mul(x, 0.5)),
        atan: tf.atan,
        sinh: tf.sinh,
        cosh: tf.cosh,
        asinh: tf.asinh,
        acosh: (x) => tf.acosh(tf.add(tf.abs(x), 1)),
        atanh: (x) => tf.atanh(tf.mul(x, 0.49)),
      }),
    );
  });

  it('int32 arithmetic', () => {
    check(
      'int32',
      {
        add: ({ rows, parameters }) => tf.add(rows.ints, parameters.ints),
        sub: ({ rows }) => tf.sub(rows.int, tf.scalar(3, 'int32')),
        mul: ({ rows, parameters }) => tf.mul(rows.ints, parameters.int),
        'mul, wide': ({ rows }) => tf.mul(rows.manyInts, rows.manyInts),
        'mul beyond 2^31': ({ rows }) => tf.mul(rows.ints, tf.scalar(40_000, 'int32')),
        'div is of floats': ({ rows }) => tf.div(rows.ints, rows.nonzero),
        floorDiv: ({ rows }) => tf.floorDiv(rows.ints, rows.nonzero),
        'floorDiv by negative numbers': ({ rows }) => tf.floorDiv(rows.ints, tf.neg(rows.nonzero)),
        'floorDiv by zero': ({ rows }) => tf.floorDiv(rows.ints, tf.zerosLike(rows.nonzero)),
        mod: ({ rows }) => tf.mod(rows.ints, rows.nonzero),
        'mod by negative numbers': ({ rows }) => tf.mod(rows.ints, tf.neg(rows.nonzero)),
        'mod by zero': ({ rows }) => tf.mod(rows.ints, tf.zerosLike(rows.nonzero)),
        pow: ({ rows }) => tf.pow(rows.ints, tf.scalar(3, 'int32')),
        minimum: ({ rows, parameters }) => tf.minimum(rows.ints, parameters.ints),
        maximum: ({ rows }) => tf.maximum(rows.manyInts, tf.scalar(1, 'int32')),
        neg: ({ rows }) => tf.neg(rows.ints),
        abs: ({ rows }) => tf.abs(rows.manyInts),
        square: ({ rows }) => tf.square(rows.ints),
        sign: ({ rows }) => tf.sign(rows.ints),
        relu: ({ rows }) => tf.relu(rows.ints),
        clip: ({ rows }) => tf.clipByValue(rows.ints, -2, 2),
        squaredDifference: ({ rows }) => tf.squaredDifference(rows.ints, rows.nonzero),
        less: ({ rows, parameters }) => tf.less(rows.ints, parameters.ints),
        equal: ({ rows }) => tf.equal(rows.manyInts, tf.scalar(2, 'int32')),
        'of parameters': ({ parameters }) =>
          tf.floorDiv(tf.mul(parameters.ints, parameters.int), tf.scalar(-4, 'int32')),
        'with floats': ({ rows }) => tf.mul(rows.ints, rows.three),
        exp: ({ rows }) => tf.exp(rows.ints),
        where: ({ rows }) => tf.where(rows.bools, rows.ints, rows.nonzero),
        isNaN: ({ rows }) => tf.isNaN(rows.ints),
        isFinite: ({ rows }) => tf.isFinite(rows.ints),
      },
      { tolerance: { relative: 1e-6, scale: 1 } },
    );
  });

  it('comparisons and bool', () => {
    check(
      'bool',
      {
        less: ({ rows, parameters }) => tf.less(rows.three, parameters.vector),
        lessEqual: ({ rows }) => tf.lessEqual(rows.twenty, rows.twentyToo),
        greater: ({ rows, parameters }) => tf.greater(rows.one, parameters.scalar),
        greaterEqual: ({ rows }) => tf.greaterEqual(rows.three, rows.column),
        equal: ({ rows }) => tf.equal(tf.round(rows.three), 1),
        notEqual: ({ rows }) => tf.notEqual(tf.round(rows.twenty), 1),
        and: ({ rows }) => tf.logicalAnd(rows.bools, rows.otherBools),
        or: ({ rows, parameters }) => tf.logicalOr(rows.bools, parameters.bools),
        xor: ({ rows }) => tf.logicalXor(rows.bools, rows.otherBools),
        not: ({ rows }) => tf.logicalNot(rows.manyBools),
        'and, wide with one': ({ rows }) =>
          tf.logicalAnd(rows.manyBools, tf.expandDims(rows.bool, 1)),
        'equal of bool': ({ rows }) => tf.equal(rows.bools, rows.otherBools),
        'less of bool': ({ rows }) => tf.less(rows.bools, rows.otherBools),
        'greaterEqual of bool': ({ rows }) => tf.greaterEqual(rows.bools, rows.otherBools),
        'maximum of bool': ({ rows }) => tf.maximum(rows.bools, rows.otherBools),
        'minimum of bool': ({ rows }) => tf.minimum(rows.bools, rows.otherBools),
        'product of bool': ({ rows }) => tf.mul(rows.bools, rows.otherBools),
        'bool times float': ({ rows }) => tf.mul(rows.bools, rows.three),
        'bool plus int32': ({ rows }) => tf.add(rows.bools, rows.ints),
        'where of bool': ({ rows }) => tf.where(rows.bools, rows.otherBools, rows.bools),
        'where of equal rows': ({ rows, parameters }) =>
          tf.where(parameters.bools, rows.three, parameters.vector),
        'where [B] of [B]': ({ rows }) => tf.where(rows.bool, rows.one, 0),
        'where [B, 1] of [B, 20]': ({ rows }) =>
          tf.where(tf.expandDims(rows.bool, 1), rows.twenty, rows.twentyToo),
        'where of a parameter and rows': ({ rows, parameters }) =>
          tf.where(rows.bools, parameters.vector, rows.three),
        'where of a constant condition': ({ rows }) =>
          tf.where(tf.tensor1d([true, false, true]), rows.three, rows.column),
        'not of a parameter': ({ parameters }) => tf.logicalNot(parameters.bools),
        'whether a parameter is positive': ({ parameters }) => tf.greater(parameters.vector, 0),
        'true for all rows': ({ rows }) => tf.onesLike(rows.bool),
      },
      { tolerance: exact },
    );
  });

  it('casts', () => {
    check(
      'casts',
      {
        'float to int': ({ rows }) => tf.cast(tf.mul(rows.three, 10), 'int32'),
        'float to int, wide': ({ rows }) => tf.cast(tf.mul(rows.twenty, 10), 'int32'),
        'float to bool': ({ rows }) => tf.cast(tf.round(rows.three), 'bool'),
        'int to float': ({ rows }) => tf.cast(rows.ints, 'float32'),
        'int to float, wide': ({ rows }) => tf.cast(rows.manyInts, 'float32'),
        'int to bool': ({ rows }) => tf.cast(rows.ints, 'bool'),
        'bool to float': ({ rows }) => tf.cast(rows.bools, 'float32'),
        'bool to float, wide': ({ rows }) => tf.cast(rows.manyBools, 'float32'),
        'bool to int': ({ rows }) => tf.cast(rows.bools, 'int32'),
        'parameter to int': ({ parameters }) => tf.cast(tf.mul(parameters.vector, 10), 'int32'),
        'bool parameter to float': ({ parameters }) => tf.cast(parameters.bools, 'float32'),
        'int parameter to bool': ({ parameters }) => tf.cast(parameters.ints, 'bool'),
        'not a number to int': ({ rows }) => tf.cast(tf.log(tf.sub(rows.three, 1)), 'int32'),
        'bool as it came': ({ rows }) => tf.clone(rows.bools),
        'bool parameter as it came': ({ parameters }) => tf.clone(parameters.bools),
      },
      { tolerance: exact },
    );
  });

  it('reductions within a row', () => {
    check('reductions', {
      'sum of narrow rows': ({ rows }) => tf.sum(rows.three, 1),
      'sum of wide rows': ({ rows }) => tf.sum(rows.twenty, 1),
      'sum of wider rows': ({ rows }) => tf.sum(rows.seventy, -1),
      'sum, kept': ({ rows }) => tf.sum(rows.three, 1, true),
      'sum of computed wide rows': ({ rows }) => tf.sum(tf.square(rows.twenty), 1, true),
      'sum of [2, 4] along the last': ({ rows }) => tf.sum(rows.cube, 2),
      'sum of [2, 4] along the middle': ({ rows }) => tf.sum(rows.cube, 1),
      'sum of [2, 4] along both': ({ rows }) => tf.sum(rows.cube, [1, 2]),
      'sum of [4, 5] along the middle': ({ rows }) => tf.sum(rows.block, 1),
      'sum of [4, 5] along the last, kept': ({ rows }) => tf.sum(rows.block, 2, true),
      'sum of [4, 5] along both': ({ rows }) => tf.sum(rows.block, [1, 2]),
      'sum over steps': ({ series }) => tf.sum(series.paths, 0),
      'sum over steps and columns': ({ series }) => tf.sum(series.paths, [0, 2]),
      'sum over steps of wide rows': ({ series }) => tf.sum(series.wide, 0),
      'sum of ones': ({ rows }) => tf.sum(tf.ones(rows.three.shape), 1),
      'sum of int32': ({ rows }) => tf.sum(rows.manyInts, 1),
      'sum of bool': ({ rows }) => tf.sum(rows.manyBools, 1),
      mean: ({ rows }) => tf.mean(rows.twenty, 1),
      'mean, kept': ({ rows }) => tf.mean(rows.block, 1, true),
      'mean of int32': ({ rows }) => tf.mean(rows.ints, 1),
      prod: ({ rows }) => tf.prod(rows.three, 1),
      'prod of wide rows': ({ rows }) => tf.prod(rows.twenty, 1),
      'prod of int32': ({ rows }) => tf.prod(rows.ints, 1),
      'prod of bool': ({ rows }) => tf.prod(rows.bools, 1),
      max: ({ rows }) => tf.max(rows.three, 1),
      'max of wide rows': ({ rows }) => tf.max(rows.twenty, 1, true),
      'max of [4, 5] along the middle': ({ rows }) => tf.max(rows.block, 1),
      'max of int32': ({ rows }) => tf.max(rows.manyInts, 1),
      min: ({ rows }) => tf.min(rows.cube, 1),
      'min of wide rows': ({ rows }) => tf.min(rows.seventy, 1),
      any: ({ rows }) => tf.any(rows.bools, 1),
      'any of wide rows': ({ rows }) => tf.any(rows.manyBools, 1),
      all: ({ rows }) => tf.all(rows.bools, 1, true),
      'all of wide rows': ({ rows }) => tf.all(rows.manyBools, 1),
      argMax: ({ rows }) => tf.argMax(rows.three, 1),
      'argMax of wide rows': ({ rows }) => tf.argMax(rows.twenty, 1),
      'argMax of [4, 5] along the middle': ({ rows }) => tf.argMax(rows.block, 1),
      'argMax of equal numbers': ({ rows }) => tf.argMax(tf.round(rows.twenty), 1),
      argMin: ({ rows }) => tf.argMin(rows.cube, 2),
      'argMin of wide rows': ({ rows }) => tf.argMin(rows.seventy, 1),
      'argMin of int32': ({ rows }) => tf.argMin(rows.ints, 1),
      logSumExp: ({ rows }) => tf.logSumExp(rows.twenty, 1),
      'euclidean norm': ({ rows }) => tf.norm(rows.three, 'euclidean', 1),
      variance: ({ rows }) => tf.moments(rows.twenty, 1).variance,
      'of a parameter, along both': ({ parameters }) => tf.sum(parameters.matrix),
      'of a parameter, along the first': ({ parameters }) => tf.max(parameters.matrix, 0),
      'argMax of a parameter': ({ parameters }) => tf.argMax(parameters.matrix, 1),
      'any of a parameter': ({ parameters }) => tf.any(parameters.bools),
      'prod of an int32 parameter': ({ parameters }) => tf.prod(parameters.ints),
    });
  });

  it('reductions over the batch', () => {
    check('batch', {
      'sum of [B]': ({ rows }) => tf.sum(rows.one),
      'sum of [B, 3]': ({ rows }) => tf.sum(rows.three, 0),
      'sum of [B, 3], kept': ({ rows }) => tf.sum(rows.three, 0, true),
      'sum of [B, 3] along both': ({ rows }) => tf.sum(rows.three),
      'sum of [B, 3] along both, kept': ({ rows }) => tf.sum(rows.three, [0, 1], true),
      'sum of [B, 20]': ({ rows }) => tf.sum(rows.twenty, 0),
      'sum of [B, 20] along both': ({ rows }) => tf.sum(rows.twenty),
      'sum of [B, 4, 5] along the first and last': ({ rows }) => tf.sum(rows.block, [0, 2]),
      'sum of [5, B, 3]': ({ series }) => tf.sum(series.paths, 1),
      'sum of [5, B, 3] along all': ({ series }) => tf.sum(series.paths),
      'sum of ones': ({ rows }) => tf.sum(tf.ones(rows.three.shape)),
      'sum of a parameter in every row': ({ rows, parameters }) =>
        tf.sum(tf.mul(tf.onesLike(rows.three), parameters.vector), 0),
      'sum of int32': ({ rows }) => tf.sum(rows.ints, 0),
      'sum of bool': ({ rows }) => tf.sum(rows.bools),
      'sum of computed columns': ({ rows }) => tf.sum(tf.tanh(rows.twenty), 0),
      'mean of [B]': ({ rows }) => tf.mean(rows.one),
      'mean of [B, 3]': ({ rows }) => tf.mean(rows.three, 0),
      'mean of [B, 20] along both': ({ rows }) => tf.mean(rows.twenty),
      'mean of bool': ({ rows }) => tf.mean(tf.cast(rows.bool, 'float32')),
      'mean of int32': ({ rows }) => tf.mean(rows.ints),
      prod: ({ rows }) => tf.prod(tf.add(1, tf.mul(0.001, rows.three)), 0),
      max: ({ rows }) => tf.max(rows.three, 0),
      'max along both': ({ rows }) => tf.max(rows.twenty),
      'max of wide rows': ({ rows }) => tf.max(rows.seventy, 0, true),
      'max of int32': ({ rows }) => tf.max(rows.ints, 0),
      min: ({ rows }) => tf.min(rows.cube, [0, 2]),
      'min of wide int32': ({ rows }) => tf.min(rows.manyInts, 0),
      any: ({ rows }) => tf.any(rows.bools, 0),
      'any that holds nowhere': ({ rows }) => tf.any(tf.greater(rows.three, 1000)),
      all: ({ rows }) => tf.all(rows.bools),
      'all that hold everywhere': ({ rows }) => tf.all(tf.less(rows.twenty, 1000), 0),
      variance: ({ rows }) => tf.moments(rows.three, 0).variance,
      'variance along both': ({ rows }) => tf.moments(rows.twenty).variance,
      'rows less their mean': ({ rows }) => tf.sub(rows.three, tf.mean(rows.three, 0)),
      standardised: ({ rows }) => {
        const { mean, variance } = tf.moments(rows.one);
        return tf.div(tf.sub(rows.one, mean), tf.add(tf.sqrt(variance), 0.1));
      },
      count: ({ rows }) => tf.scalar(rows.one.shape[0]!),
      'inverse of the count': ({ rows }) => tf.scalar(1 / rows.one.shape[0]!),
      'mean by hand': ({ rows }) => tf.div(tf.sum(rows.one), rows.one.shape[0]!),
    });
  });

  it('running sums and products', () => {
    const options = [false, true].flatMap((exclusive) =>
      [false, true].map((reverse) => ({ exclusive, reverse })),
    );
    const cases: Record<string, (given: Given) => tf.Tensor> = {};
    for (const { exclusive, reverse } of options) {
      const text = `${exclusive ? ', exclusive' : ''}${reverse ? ', reverse' : ''}`;
      Object.assign(cases, {
        [`cumsum${text}`]: ({ rows }: Given) => tf.cumsum(rows.three, 1, exclusive, reverse),
        [`cumsum of wide rows${text}`]: ({ rows }: Given) =>
          tf.cumsum(rows.twenty, 1, exclusive, reverse),
        [`cumsum of [4, 5] along the last${text}`]: ({ rows }: Given) =>
          tf.cumsum(rows.block, 2, exclusive, reverse),
        [`cumprod${text}`]: ({ rows }: Given) => tf.cumprod(rows.three, 1, exclusive, reverse),
        [`cumprod of wide rows${text}`]: ({ rows }: Given) =>
          tf.cumprod(rows.seventy, 1, exclusive, reverse),
        [`cumsum of a parameter${text}`]: ({ parameters }: Given) =>
          tf.cumsum(parameters.vector, 0, exclusive, reverse),
      });
    }
    check('cumulative', {
      ...cases,
      'cumsum of int32': ({ rows }) => tf.cumsum(rows.ints, 1),
      'cumsum of bool': ({ rows }) => tf.cumsum(rows.bools, 1),
      'cumsum of [2, 4] along the middle': ({ rows }) => tf.cumsum(rows.cube, 1),
      'cumsum over steps': ({ series }) => tf.cumsum(series.paths, 0),
      'cumsum over steps, reverse': ({ series }) => tf.cumsum(series.path, 0, false, true),
    });
  });

  it('products of matrices', () => {
    check('matMul', {
      '[B, 3] · [3, 5]': ({ rows, parameters }) =>
        tf.matMul(rows.three as tf.Tensor2D, parameters.weights as tf.Tensor2D),
      '[B, 20] · [20, 70]': ({ rows, parameters }) =>
        tf.matMul(rows.twenty, parameters.wideWeights),
      '[B, 70] · [70, 3]': ({ rows, parameters }) => tf.matMul(rows.seventy, parameters.narrowing),
      '[B, 5] · [3, 5]ᵀ': ({ rows, parameters }) =>
        tf.matMul(tf.slice(rows.twenty, [0, 5], [-1, 5]), parameters.weights, false, true),
      '[B, 70] · [20, 70]ᵀ': ({ rows, parameters }) =>
        tf.matMul(rows.seventy, parameters.wideWeights, false, true),
      '([B, 3] · [3, 5])ᵀ as [5, 3] · [3, B]': ({ rows, parameters }) =>
        tf.transpose(tf.matMul(parameters.weights, rows.three, true, true)),
      '[5, 3] · [B, 3]ᵀ': ({ rows, parameters }) =>
        tf.transpose(tf.matMul(tf.transpose(parameters.weights), rows.three, false, true)),
      '[B, 1] · [1, 5]': ({ rows, parameters }) =>
        tf.matMul(rows.column, tf.slice(parameters.weights, [1, 0], [1, 5])),
      '[B, 3] · [3, 1]': ({ rows, parameters }) =>
        tf.matMul(rows.three, tf.slice(parameters.weights, [0, 2], [3, 1])),
      '[B, 3] · [3, 2]': ({ rows, parameters }) =>
        tf.matMul(rows.three, tf.slice(parameters.weights, [0, 2], [3, 2])),
      '[3] · [3, 5] of parameters': ({ parameters }) =>
        tf.matMul(tf.expandDims(parameters.vector, 0), parameters.weights),
      '[4, 5] · [3, 5]ᵀ of parameters': ({ parameters }) =>
        tf.matMul(parameters.matrix, parameters.weights, false, true),
      '[B, 3]ᵀ · [B, 2], over the batch': ({ rows }) => tf.matMul(rows.three, rows.two, true),
      '[B, 20]ᵀ · [B, 70], over the batch': ({ rows }) =>
        tf.matMul(rows.twenty, rows.seventy, true),
      '[B, 1]ᵀ · [B, 20], over the batch': ({ rows }) => tf.matMul(rows.column, rows.twenty, true),
      '[B, 3]ᵀ · [B, 3] as [3, B] · [B, 3]': ({ rows }) =>
        tf.matMul(tf.transpose(rows.three), rows.three),
      '[B, 4]ᵀ · ones [B, 2], over the batch': ({ rows }) =>
        tf.matMul(rows.four, tf.ones([rows.four.shape[0]!, 2]), true),
      'ones [1, B] · [B, 3], over the batch': ({ rows }) =>
        tf.matMul(tf.ones([1, rows.one.shape[0]!]), rows.three as tf.Tensor2D),
      'ones [B, 3] · [3, 5]': ({ rows, parameters }) =>
        tf.matMul(tf.onesLike(rows.three), parameters.weights),
      '[B, 1, 4] · [B, 4, 5]': ({ rows }) => tf.matMul(tf.expandDims(rows.four, 1), rows.block),
      '[B, 2, 4] · [B, 4, 5]': ({ rows }) => tf.matMul(rows.cube, rows.block),
      '[B, 2, 4] · [B, 2, 4]ᵀ': ({ rows }) => tf.matMul(rows.cube, rows.cube, false, true),
      '[B, 4, 5]ᵀ · [B, 4, 2]': ({ rows }) =>
        tf.matMul(rows.block, tf.slice(rows.block, [0, 0, 1], [-1, -1, 2]), true),
      '[B, 2, 4] · [4, 5]': ({ rows, parameters }) =>
        tf.matMul(rows.cube, tf.expandDims(parameters.matrix, 0)),
      'dot of rows with a parameter': ({ rows, parameters }) =>
        tf.dot(rows.three as tf.Tensor2D, parameters.vector as tf.Tensor1D),
      'sum of two products': ({ rows, parameters }) =>
        tf.add(
          tf.matMul(rows.three, parameters.weights),
          tf.add(tf.matMul(rows.four, parameters.matrix), rows.column),
        ),
      'tanh of a product': ({ rows, parameters }) =>
        tf.tanh(tf.add(tf.matMul(rows.twenty, parameters.wideWeights), parameters.widest)),
      'relu of a narrow product': ({ rows, parameters }) =>
        tf.relu(
          tf.sub(
            tf.matMul(rows.twenty, tf.slice(parameters.wideWeights, [0, 3], [20, 4])),
            rows.four,
          ),
        ),
      'two layers': ({ rows, parameters }) =>
        tf.matMul(tf.tanh(tf.matMul(rows.twenty, parameters.wideWeights)), parameters.narrowing),
    });
  });

  it('slices, joins and other changes of place', () => {
    check(
      'layout',
      {
        'slice of columns': ({ rows }) => tf.slice(rows.three, [0, 1], [-1, 2]),
        'slice of one column': ({ rows }) =>
          tf.squeeze(tf.slice(rows.twenty, [0, 7], [-1, 1]), [1]),
        'slice of many columns': ({ rows }) => tf.slice(rows.seventy, [0, 3], [-1, 60]),
        'slice of a block': ({ rows }) => tf.slice(rows.block, [0, 1, 2], [-1, 2, 3]),
        'slice of steps': ({ series }) => tf.slice(series.paths, [1, 0, 1], [3, -1, 2]),
        'one step': ({ series }) => tf.squeeze(tf.slice(series.path, [4, 0], [1, -1]), [0]),
        'slice of a parameter': ({ parameters }) => tf.slice(parameters.matrix, [1, 1], [2, 3]),
        'strided slice': ({ rows }) =>
          tf.stridedSlice(rows.twenty, [0, 1], [rows.twenty.shape[0]!, 20], [1, 3]),
        'strided slice of a parameter': ({ parameters }) =>
          tf.stridedSlice(parameters.widest, [68], [3], [5]),
        concat: ({ rows }) => tf.concat([rows.three, rows.two], 1),
        'concat of wide rows': ({ rows }) => tf.concat([rows.twenty, rows.three, rows.seventy], 1),
        'concat of itself': ({ rows }) => tf.concat([rows.three, rows.three], 1),
        'concat along the middle': ({ rows }) => tf.concat([rows.cube, tf.neg(rows.cube)], 1),
        'concat along the last': ({ rows }) => tf.concat([rows.cube, tf.neg(rows.cube)], 2),
        'concat with constants': ({ rows }) =>
          tf.concat([tf.ones([rows.one.shape[0]!, 2]), rows.three, tf.zerosLike(rows.column)], 1),
        'concat of parameters': ({ parameters }) =>
          tf.concat([parameters.vector, parameters.levels]),
        'concat of bool': ({ rows }) => tf.concat([rows.bools, rows.manyBools], 1),
        'concat of int32': ({ rows }) => tf.concat([rows.ints, tf.expandDims(rows.int, 1)], 1),
        'stack of [B]': ({ rows }) =>
          tf.stack([rows.one, tf.neg(rows.one), tf.zerosLike(rows.one)], 1),
        'stack of [B], steps in front': ({ rows }) => tf.stack([rows.one, tf.neg(rows.one)], 0),
        'stack of [B, 20]': ({ rows }) => tf.stack([rows.twenty, rows.twentyToo], 1),
        'stack of [B, 20] along the last': ({ rows }) =>
          tf.stack([rows.twenty, rows.twentyToo], -1),
        unstack: ({ rows }) => tf.sub(tf.unstack(rows.three, 1)[2]!, tf.unstack(rows.three, 1)[0]!),
        'unstack of a block': ({ rows }) => tf.unstack(rows.block, 1)[3]!,
        'unstack of steps': ({ series }) => tf.unstack(series.paths)[2]!,
        split: ({ rows }) => tf.split(rows.twenty, 4, 1)[2]!,
        'split in uneven parts': ({ rows }) => tf.split(rows.twenty, [3, 16, 1], 1)[1]!,
        pad: ({ rows }) =>
          tf.pad(rows.three, [
            [0, 0],
            [1, 2],
          ]),
        'pad with a number': ({ rows }) =>
          tf.pad(
            rows.twenty,
            [
              [0, 0],
              [2, 3],
            ],
            -1.5,
          ),
        'pad of a block': ({ rows }) =>
          tf.pad(
            rows.cube,
            [
              [0, 0],
              [1, 0],
              [0, 1],
            ],
            2,
          ),
        'pad of bool': ({ rows }) =>
          tf.pad(
            rows.bools,
            [
              [0, 0],
              [1, 0],
            ],
            1,
          ),
        'pad of one column': ({ rows }) =>
          tf.pad(
            rows.column,
            [
              [0, 0],
              [0, 3],
            ],
            9,
          ),
        'reshape to a block': ({ rows }) => tf.reshape(rows.twenty, [-1, 5, 4]),
        'reshape of a block': ({ rows }) => tf.reshape(rows.block, [rows.one.shape[0]!, 20]),
        'reshape [B] to [B, 1]': ({ rows }) => tf.reshape(rows.one, [-1, 1]),
        'reshape [B] to [1, B]': ({ rows }) => tf.reshape(rows.one, [1, -1]),
        'transpose of a block': ({ rows }) => tf.transpose(rows.block, [0, 2, 1]),
        'transpose of [2, 4]': ({ rows }) => tf.transpose(rows.cube, [0, 2, 1]),
        'transpose [B, 3] to [3, B]': ({ rows }) => tf.transpose(rows.three),
        'transpose [B, 20] to [20, B]': ({ rows }) => tf.transpose(tf.neg(rows.twenty)),
        'transpose of steps': ({ series }) => tf.transpose(series.path),
        'transpose of steps of rows': ({ series }) => tf.transpose(series.paths, [1, 0, 2]),
        'transpose of steps of rows, computed': ({ series }) =>
          tf.transpose(tf.neg(series.paths), [1, 2, 0]),
        'transpose of a parameter': ({ parameters }) => tf.transpose(parameters.matrix),
        tile: ({ rows }) => tf.tile(rows.three, [1, 2]),
        'tile of wide rows': ({ rows }) => tf.tile(rows.twenty, [1, 3]),
        'tile of a block': ({ rows }) => tf.tile(rows.cube, [1, 2, 1]),
        'tile of a parameter over the batch': ({ rows, parameters }) =>
          tf.tile(tf.expandDims(parameters.vector, 0), [rows.one.shape[0]!, 1]),
        broadcastTo: ({ rows }) => tf.broadcastTo(rows.column, rows.twenty.shape),
        'broadcastTo of a parameter': ({ rows, parameters }) =>
          tf.broadcastTo(parameters.vector, rows.three.shape),
        reverse: ({ rows }) => tf.reverse(rows.three, 1),
        'reverse of a block': ({ rows }) => tf.reverse(rows.block, [1, 2]),
        'reverse of steps': ({ series }) => tf.reverse(series.paths, 0),
        expandDims: ({ rows }) => tf.expandDims(rows.three, 1),
        'expandDims of [B, 20]': ({ rows }) => tf.expandDims(rows.twenty, -1),
        'expandDims before the batch': ({ rows }) => tf.expandDims(rows.three, 0),
        oneHot: ({ rows }) => tf.oneHot(rows.place as tf.Tensor1D, 6),
        'oneHot of [B, 2]': ({ rows }) => tf.oneHot(rows.places as tf.Tensor2D, 6),
        'oneHot, wide, as float': ({ rows }) =>
          tf.oneHot(rows.place as tf.Tensor1D, 20, 2, -1, 'float32'),
        'oneHot of no place': ({ rows }) => tf.oneHot(rows.int as tf.Tensor1D, 3),
        'range of columns': ({ rows }) => tf.mul(rows.three, tf.range(0, 3)),
        'a parameter as it came': ({ parameters }) => tf.clone(parameters.matrix),
        'rows as they came': ({ rows }) => tf.clone(rows.twenty),
        'steps as they came': ({ series }) => tf.clone(series.paths),
        'the same twice': ({ rows }) => tf.reshape(rows.block, [-1, 20]),
        eye: () => tf.eye(3),
      },
      { tolerance: exact },
    );
  });

  it('entries chosen by number', () => {
    check(
      'gather',
      {
        'columns by constants': ({ rows }) => tf.gather(rows.three, [2, 0, 2], 1),
        'columns of wide rows by constants': ({ rows }) => tf.gather(rows.seventy, [69, 0, 33], 1),
        'one column by a constant': ({ rows }) => tf.gather(rows.three, tf.scalar(1, 'int32'), 1),
        'of a block by constants': ({ rows }) => tf.gather(rows.block, [3, 1], 1),
        'of a block along the last by constants': ({ rows }) => tf.gather(rows.block, [4, 0], 2),
        'of a parameter by constants': ({ parameters }) => tf.gather(parameters.table, [5, 0, 5]),
        'levels by the row': ({ rows, parameters }) => tf.gather(parameters.levels, rows.place),
        'levels by [B, 2]': ({ rows, parameters }) => tf.gather(parameters.levels, rows.places),
        'rows of a table by the row': ({ rows, parameters }) =>
          tf.gather(parameters.table, rows.place),
        'rows of a table by [B, 2]': ({ rows, parameters }) =>
          tf.gather(parameters.table, rows.places),
        'rows of a computed table': ({ rows, parameters }) =>
          tf.gather(tf.neg(parameters.table), rows.place),
        'rows of an int32 table': ({ rows, parameters }) =>
          tf.gather(parameters.intTable, rows.place),
        'rows of a wide table': ({ rows, parameters }) =>
          tf.gather(parameters.wideWeights, rows.place),
        'rows of a constant table': ({ rows }) =>
          tf.gather(tf.tensor1d([5, 4, 3, 2, 1, 0]), rows.place),
        'of a parameter by a parameter': ({ parameters }) =>
          tf.gather(parameters.levels, tf.mod(tf.abs(parameters.ints), tf.scalar(6, 'int32'))),
        'of the row by a parameter': ({ rows, parameters }) =>
          tf.gather(rows.twenty, tf.mod(tf.abs(parameters.ints), tf.scalar(20, 'int32')), 1),
        'of the row, narrow, by a parameter': ({ rows, parameters }) =>
          tf.gather(rows.three, tf.mod(tf.abs(parameters.ints), tf.scalar(3, 'int32')), 1),
        'chosen rows': ({ rows, parameters }) => tf.gather(rows.three, parameters.index),
        'chosen rows, one column': ({ rows, parameters }) => tf.gather(rows.one, parameters.index),
        'chosen wide rows': ({ rows, parameters }) => tf.gather(rows.twenty, parameters.index),
        'chosen computed rows': ({ rows, parameters }) =>
          tf.gather(tf.neg(rows.three), parameters.index),
        'chosen computed wide rows': ({ rows, parameters }) =>
          tf.gather(tf.neg(rows.twenty), parameters.index),
        'chosen int32 rows': ({ rows, parameters }) => tf.gather(rows.ints, parameters.index),
        'chosen bool rows': ({ rows, parameters }) => tf.gather(rows.bools, parameters.index),
        'chosen rows of steps': ({ series, parameters }) =>
          tf.gather(series.paths, parameters.index, 1),
        'chosen rows by constants': ({ rows }) => tf.gather(rows.three, [0, 0]),
        'one row by a constant': ({ rows }) => tf.gather(rows.three, [0]),
        'sum of chosen rows': ({ rows, parameters }) =>
          tf.sum(tf.gather(rows.ints, parameters.index), 0),
        'what is computed of chosen rows': ({ rows, parameters }) =>
          tf.mul(
            tf.gather(rows.three, parameters.index),
            tf.expandDims(tf.gather(rows.one, parameters.index), 1),
          ),
      },
      { tolerance: exact },
    );
  });

  it('functions made of others', () => {
    check('composite', {
      softmax: ({ rows }) => tf.softmax(rows.three),
      'softmax of wide rows': ({ rows }) => tf.softmax(rows.twenty),
      'softmax of a block': ({ rows }) => tf.softmax(rows.block),
      'softmax of masked logits': ({ rows }) =>
        tf.softmax(tf.where(rows.bools, rows.three, tf.onesLike(rows.three).mul(-1e9))),
      logSoftmax: ({ rows }) => logSoftmax(rows.three),
      'logSoftmax of wide rows': ({ rows }) => logSoftmax(rows.seventy),
      'softmax of a parameter': ({ parameters }) => tf.softmax(parameters.vector),
      'log-probability of a choice': ({ rows }) =>
        tf.sum(
          tf.mul(
            logSoftmax(rows.four),
            tf.oneHot(rows.placeOfFour as tf.Tensor1D, 4, 1, 0, 'float32'),
          ),
          1,
        ),
      'entropy of a choice': ({ rows }) => {
        const logits = logSoftmax(rows.twenty);
        return tf.neg(tf.sum(tf.mul(tf.exp(logits), logits), 1));
      },
      'moments of a block': ({ rows }) => tf.moments(rows.block, [1, 2]).variance,
      'layer normalisation': ({ rows }) => {
        const { mean, variance } = tf.moments(rows.twenty, 1, true);
        return tf.div(tf.sub(rows.twenty, mean), tf.sqrt(tf.add(variance, 1e-3)));
      },
      'squared norm': ({ rows }) => tf.sum(tf.square(rows.seventy), 1),
      'huber loss': ({ rows }) => {
        const size = tf.abs(rows.three);
        return tf.where(tf.less(size, 1), tf.mul(0.5, tf.square(rows.three)), tf.sub(size, 0.5));
      },
      'clip between rows': ({ rows }) =>
        tf.minimum(tf.maximum(rows.twenty, tf.neg(tf.abs(rows.column))), tf.abs(rows.column)),
      'a polynomial': ({ rows }) =>
        [3, -1, 0.5, 2].reduce(
          (sum, coefficient) => tf.add(tf.mul(sum, rows.three), coefficient),
          tf.scalar(0) as tf.Tensor,
        ),
      'a chain that is used twice': ({ rows }) => {
        const x = tf.exp(tf.neg(rows.twenty));
        return tf.div(x, tf.add(1, tf.sum(x, 1, true)));
      },
    });
  });

  it('random numbers, to the bit', () => {
    const keyOf = (batch: number) => {
      const key = makeKey({ seed: 2 ** 40 + 3, phase: phases.validation, rows: batch, step: 9 });
      const { int } = createTensors(batch);
      return {
        rows: { row: key.row, steps: int([batch], 0, 1000) },
        parameters: { words: key.words, step: key.step },
      };
    };
    type KeyParts = ReturnType<typeof keyOf>;
    const whole = ({ rows, parameters }: KeyParts): Key => ({
      words: parameters.words,
      row: rows.row,
      step: parameters.step,
      use: uses.action,
    });
    const perRow = ({ rows, parameters }: KeyParts): Key => ({
      ...whole({ rows, parameters }),
      step: rows.steps,
    });
    expectCases(
      'random',
      {
        uniform: (given) => uniform(whole(given), 0),
        'uniform at the step of the row': (given) => uniform(perRow(given), 65_535),
        'uniforms, 3': (given) => uniforms(whole(given), 1, 3),
        'uniforms, 5': (given) => uniforms(whole(given), 1, 5),
        'uniforms, 20': (given) => uniforms(perRow(given), 2, 20),
        normal: (given) => normal(whole(given), 3),
        'normals, 2': (given) => normals(whole(given), 4, 2),
        'normals, 16': (given) => normals(whole(given), 4, 16),
        'normals, 70': (given) => normals(perRow(given), 5, 70),
        'words of one block': (given) =>
          tf.stack(
            ([0, 1, 2, 3] as const).map((word) => uniform(whole(given), { draw: 13, word })),
            1,
          ),
        'normals of words of one block': (given) =>
          tf.stack(
            ([3, 1] as const).map((word) => normal(perRow(given), { draw: 13, word })),
            1,
          ),
        'a word of a block of which more is taken': (given) =>
          tf.sub(uniform(whole(given), { draw: 1, word: 2 }), uniform(whole(given), 1)),
        integers: (given) => randomInteger(whole(given), 6, 7),
        'integers below 2^31 − 1': (given) => randomInteger(whole(given), 6, 2 ** 31 - 1),
        bernoulli: (given) => bernoulli(whole(given), 7, tf.scalar(0.3)),
        'bernoulli of rows': (given) =>
          bernoulli(whole(given), 8, tf.div(tf.cast(given.rows.steps, 'float32'), 1000)),
        'another use': (given) => uniform(forUse(whole(given), uses.dynamics), 0),
        'at the next step': (given) =>
          uniform(keyAt(whole(given), tf.add(given.parameters.step, tf.scalar(1, 'int32'))), 0),
        'an order of 100': (given) => permuteRows(whole(given), 11, 100),
        'an order of 1': (given) => permuteRows(whole(given), 11, 1),
        'an order whose number is a tensor': (given) =>
          permuteRows(whole(given), tf.add(given.parameters.step, tf.scalar(3, 'int32')), 50),
        'the first of an order of 5000': (given) =>
          tf.slice(permuteRows(whole(given), 12, 5000), [0], [40]),
      },
      keyOf,
      { tolerance: exact },
    );
  });

  it('choices by their probabilities, but for uniforms at a threshold', () => {
    const rows = 4097;
    const key = makeKey({ seed: 11, phase: phases.training, rows });
    const given = {
      rows: { row: key.row, logits: createTensors(5).float([rows, 6]) },
      parameters: { words: key.words, step: key.step },
    };
    const choose = ({ rows, parameters }: typeof given) => ({
      choice: categorical(
        { ...parameters, row: rows.row, use: uses.action },
        2,
        rows.logits as tf.Tensor2D,
      ) as tf.Tensor,
    });
    const actual = take(compile(choose, { name: 'categorical' })(given))['choice']!.values;
    const expected = take(choose(given))['choice']!.values;
    const differ = Array.from(expected).filter((choice, row) => choice !== actual[row]);
    // Where the sums of float32 numbers round to the other side.
    expect(differ.length).toBeLessThan(3);
    freeGiven(given);
  });

  it('numbers for rows that are no batch', () => {
    const makeKeyParts = () => ({
      parameters: {
        words: tf.tensor1d([5, 6, 0], 'int32'),
        row: tf.range(0, 30, 1, 'int32') as tf.Tensor1D,
        step: tf.scalar(3, 'int32'),
      },
    });
    const program = compile(
      ({ parameters }: ReturnType<typeof makeKeyParts>) => ({
        flat: normal({ ...parameters, use: 3 }, 0) as tf.Tensor,
        narrow: normals({ ...parameters, use: 3 }, 1, 6) as tf.Tensor,
        wide: uniforms({ ...parameters, use: 3 }, 1, 20) as tf.Tensor,
      }),
      { name: 'parameter draws' },
    );
    const given = makeKeyParts();
    const actual = take(program(given));
    const key: Key = { ...given.parameters, use: 3 };
    const expected = take({
      flat: normal(key, 0),
      narrow: normals(key, 1, 6),
      wide: uniforms(key, 1, 20),
    });
    expectAgreement(actual, expected, exact);
    freeGiven(given);
  });

  it('a minibatch of rows in random order', () => {
    expectCases(
      'minibatch',
      {
        chosen: ({ rows, parameters }) => {
          const { words, step } = parameters;
          const order = permuteRows({ words, step, row: words, use: uses.shuffle }, 0, 40);
          return tf.gather(rows.x, tf.slice(order, [10], [8]));
        },
        sum: ({ rows, parameters }) => {
          const { words, step } = parameters;
          const order = permuteRows({ words, step, row: words, use: uses.shuffle }, 0, 40);
          const part = tf.gather(rows.x, tf.slice(order, [0], [30]));
          return tf.matMul(part, tf.square(part), true);
        },
      },
      () => ({
        rows: { x: createTensors(4).float([40, 3]) },
        parameters: { words: tf.tensor1d([1, 2, 0], 'int32'), step: tf.scalar(5, 'int32') },
      }),
      { sizes: [40] },
    );
  });

  it('NaN, infinities and zeros of both signs', () => {
    const special = [
      NaN,
      Infinity,
      -Infinity,
      0,
      -0,
      1,
      -1,
      1e-45,
      -1e-45,
      3e38,
      -3e38,
      0.5,
      2,
      -2.5,
    ];
    const pairs = special.flatMap((a) => special.map((b) => [a, b] as const));
    const binary: Record<string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor> = {
      add: tf.add,
      sub: tf.sub,
      mul: tf.mul,
      div: tf.div,
      minimum: tf.minimum,
      maximum: tf.maximum,
      pow: tf.pow,
      mod: tf.mod,
      atan2: tf.atan2,
      squaredDifference: tf.squaredDifference,
      // Quotients of numbers that float32 takes for zero are left out.
      floorDiv: (a, b) => tf.floorDiv(tf.where(tf.less(tf.abs(a), 1e-30), tf.zerosLike(a), a), b),
      divNoNan: tf.divNoNan,
      less: tf.less,
      lessEqual: tf.lessEqual,
      greater: tf.greater,
      greaterEqual: tf.greaterEqual,
      equal: tf.equal,
      notEqual: tf.notEqual,
      where: (a, b) => tf.where(tf.greater(a, 0), a, b),
    };
    const unary: Record<string, (x: tf.Tensor) => tf.Tensor> = {
      neg: tf.neg,
      abs: tf.abs,
      square: tf.square,
      relu: tf.relu,
      relu6: tf.relu6,
      sign: tf.sign,
      floor: tf.floor,
      ceil: tf.ceil,
      round: tf.round,
      exp: tf.exp,
      expm1: tf.expm1,
      log: tf.log,
      log1p: tf.log1p,
      sqrt: tf.sqrt,
      rsqrt: tf.rsqrt,
      reciprocal: tf.reciprocal,
      tanh: tf.tanh,
      sigmoid: tf.sigmoid,
      softplus: tf.softplus,
      sin: tf.sin,
      cos: tf.cos,
      tan: tf.tan,
      asin: tf.asin,
      acos: tf.acos,
      atan: tf.atan,
      sinh: tf.sinh,
      cosh: tf.cosh,
      asinh: tf.asinh,
      acosh: tf.acosh,
      atanh: tf.atanh,
      erf: tf.erf,
      step: (x) => tf.step(x, 0.25),
      clip: (x) => tf.clipByValue(x, -0.5, 1),
      elu: tf.elu,
      leakyRelu: (x) => tf.leakyRelu(x, 0.1),
      isNaN: tf.isNaN,
      isInf: tf.isInf,
      isFinite: tf.isFinite,
      'to int32': (x) => tf.cast(x, 'int32'),
      'to bool': (x) => tf.cast(x, 'bool'),
    };
    const within: Record<string, (x: tf.Tensor) => tf.Tensor> = {
      max: (x) => tf.max(x, 1),
      min: (x) => tf.min(x, 1),
      sum: (x) => tf.sum(x, 1),
      argMax: (x) => tf.argMax(x, 1),
      argMin: (x) => tf.argMin(x, 1),
      cumsum: (x) => tf.cumsum(x, 1),
      cumprod: (x) => tf.cumprod(x, 1),
      softmax: (x) => tf.softmax(x),
      'max over the batch': (x) => tf.max(x, 0),
      'min over the batch': (x) => tf.min(x, 0),
      'sum over the batch': (x) => tf.sum(x, 0),
      'max of all': (x) => tf.max(x),
      'min of all': (x) => tf.min(x),
      'product with a parameter': (x) => tf.matMul(x, tf.ones([x.shape[1]!, 2])),
      'product over the batch': (x) => tf.matMul(x, x, true),
    };
    type Special = {
      rows: Record<'a' | 'b' | 'narrow' | 'wide', tf.Tensor>;
      parameters: { x: tf.Tensor };
    };
    const cases: Record<string, (given: Special) => tf.Tensor> = {};
    for (const [name, work] of Object.entries(binary)) {
      cases[name] = ({ rows }) => work(rows.a, rows.b);
    }
    for (const [name, work] of Object.entries(unary)) {
      cases[name] = ({ rows }) => work(rows.a);
      cases[`${name} of a parameter`] = ({ parameters }) => work(parameters.x);
    }
    for (const [name, work] of Object.entries(within)) {
      cases[`${name} of narrow rows`] = ({ rows }) => work(rows.narrow);
      cases[`${name} of wide rows`] = ({ rows }) => work(rows.wide);
    }
    // Sums are of float32 numbers here, of doubles on cpu: none that overflow.
    const addable = special.filter((x) => !(Math.abs(x) > 1e30 && Number.isFinite(x)));
    const rotated = (width: number): tf.Tensor =>
      tf.tensor2d(
        pairs.map((_, row) =>
          Array.from({ length: width }, (_, column) =>
            // Most rows have few odd numbers, so that they do not all become NaN.
            (row + column) % 7 === 0
              ? addable[(row * 5 + column) % addable.length]!
              : column - row / 3,
          ),
        ),
      );
    expectCases(
      'special',
      cases,
      (): Special => ({
        rows: {
          a: tf.tensor1d(pairs.map(([a]) => a)),
          b: tf.tensor1d(pairs.map(([, b]) => b)),
          narrow: rotated(5),
          wide: rotated(20),
        },
        parameters: { x: tf.tensor1d(special) },
      }),
      { sizes: [pairs.length] },
    );
  });
});
