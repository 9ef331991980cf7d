import * as tf from '@tensorflow/tfjs';

import { type Cases, createTensors, describeNative, exact, expectCases } from './compare';

/**
 * One batch of everything: names say the row's shape; up to 16 columns are narrow (kept in registers),
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
      'minimum': ({ rows, parameters }) => tf.minimum(rows.three, parameters.vector),
      'maximum, wide': ({ rows }) => tf.maximum(rows.twenty, rows.twentyToo),
      'floorDiv': ({ rows }) => tf.floorDiv(rows.three, 0.7),
      'mod': ({ rows }) => tf.mod(rows.three, 0.7),
      'mod by a negative number': ({ rows }) => tf.mod(rows.twenty, -0.7),
      'pow': ({ rows, parameters }) => tf.pow(tf.abs(rows.three), parameters.vector),
      'pow to whole numbers': ({ rows }) => tf.pow(rows.twenty, 3),
      'squaredDifference': ({ rows, parameters }) =>
        tf.squaredDifference(rows.three, parameters.vector),
      'atan2': ({ rows }) => tf.atan2(rows.three, rows.column),
      'addN': ({ rows }) => tf.addN([rows.three, tf.mul(rows.three, 2), rows.three]),
      'divNoNan': ({ rows }) => tf.divNoNan(rows.three, tf.relu(rows.column)),
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
        'add': ({ rows, parameters }) => tf.add(rows.ints, parameters.ints),
        'sub': ({ rows }) => tf.sub(rows.int, tf.scalar(3, 'int32')),
        'mul': ({ rows, parameters }) => tf.mul(rows.ints, parameters.int),
        'mul, wide': ({ rows }) => tf.mul(rows.manyInts, rows.manyInts),
        'mul beyond 2^31': ({ rows }) => tf.mul(rows.ints, tf.scalar(40_000, 'int32')),
        'div is of floats': ({ rows }) => tf.div(rows.ints, rows.nonzero),
        'floorDiv': ({ rows }) => tf.floorDiv(rows.ints, rows.nonzero),
        'floorDiv by negative numbers': ({ rows }) => tf.floorDiv(rows.ints, tf.neg(rows.nonzero)),
        'floorDiv by zero': ({ rows }) => tf.floorDiv(rows.ints, tf.zerosLike(rows.nonzero)),
        'mod': ({ rows }) => tf.mod(rows.ints, rows.nonzero),
        'mod by negative numbers': ({ rows }) => tf.mod(rows.ints, tf.neg(rows.nonzero)),
        'mod by zero': ({ rows }) => tf.mod(rows.ints, tf.zerosLike(rows.nonzero)),
        'pow': ({ rows }) => tf.pow(rows.ints, tf.scalar(3, 'int32')),
        'minimum': ({ rows, parameters }) => tf.minimum(rows.ints, parameters.ints),
        'maximum': ({ rows }) => tf.maximum(rows.manyInts, tf.scalar(1, 'int32')),
        'neg': ({ rows }) => tf.neg(rows.ints),
        'abs': ({ rows }) => tf.abs(rows.manyInts),
        'square': ({ rows }) => tf.square(rows.ints),
        'sign': ({ rows }) => tf.sign(rows.ints),
        'relu': ({ rows }) => tf.relu(rows.ints),
        'floor': ({ rows }) => tf.floor(rows.ints),
        'round': ({ rows }) => tf.round(rows.ints),
        'clip': ({ rows }) => tf.clipByValue(rows.ints, -2, 2),
        'squaredDifference': ({ rows }) => tf.squaredDifference(rows.ints, rows.nonzero),
        'less': ({ rows, parameters }) => tf.less(rows.ints, parameters.ints),
        'equal': ({ rows }) => tf.equal(rows.manyInts, tf.scalar(2, 'int32')),
        'of parameters': ({ parameters }) =>
          tf.floorDiv(tf.mul(parameters.ints, parameters.int), tf.scalar(-4, 'int32')),
        'with floats': ({ rows }) => tf.mul(rows.ints, rows.three),
        'exp': ({ rows }) => tf.exp(rows.ints),
        'where': ({ rows }) => tf.where(rows.bools, rows.ints, rows.nonzero),
        'isNaN': ({ rows }) => tf.isNaN(rows.ints),
        'isFinite': ({ rows }) => tf.isFinite(rows.ints),
        'matMul': ({ rows }) =>
          tf.matMul(rows.ints, tf.tensor2d([1, -2, 3, 4, 5, 6], [3, 2], 'int32')),
      },
      { tolerance: { relative: 1e-6, scale: 1 } },
    );
  });

  it('comparisons and bool', () => {
    check(
      'bool',
      {
        'less': ({ rows, parameters }) => tf.less(rows.three, parameters.vector),
        'lessEqual': ({ rows }) => tf.lessEqual(rows.twenty, rows.twentyToo),
        'greater': ({ rows, parameters }) => tf.greater(rows.one, parameters.scalar),
        'greaterEqual': ({ rows }) => tf.greaterEqual(rows.three, rows.column),
        'equal': ({ rows }) => tf.equal(tf.round(rows.three), 1),
        'notEqual': ({ rows }) => tf.notEqual(tf.round(rows.twenty), 1),
        'and': ({ rows }) => tf.logicalAnd(rows.bools, rows.otherBools),
        'or': ({ rows, parameters }) => tf.logicalOr(rows.bools, parameters.bools),
        'xor': ({ rows }) => tf.logicalXor(rows.bools, rows.otherBools),
        'not': ({ rows }) => tf.logicalNot(rows.manyBools),
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
        'parameter to int': ({ parameters }) =>
          tf.cast(tf.mul(parameters.vector, 10), 'int32'),
        'bool parameter to float': ({ parameters }) => tf.cast(parameters.bools, 'float32'),
        'int parameter to bool': ({ parameters }) => tf.cast(parameters.ints, 'bool'),
        'not a number to int': ({ rows }) =>
          tf.cast(tf.log(tf.sub(rows.three, 1)), 'int32'),
        'bool as it came': ({ rows }) => tf.clone(rows.bools),
        'bool parameter as it came': ({ parameters }) => tf.clone(parameters.bools),
      },
      { tolerance: exact },
    );
  });
});
