import type { DType } from '../graph';

/**
 * The elementwise functions of the intermediate form: one table for every dialect. A dialect is a
 * prefix: `v` for a vector of rows in C, `s` for a single number in C and in CUDA; the preludes of the
 * dialects define what the prefixed names mean. Masks (bool) are int32 of all ones or zeros.
 */
export interface ElementwiseFunction {
  /** Type of the result; `same`: that of the last input. */
  readonly result: 'same' | DType;
  /** Whether it is about as cheap as reading a number from memory. */
  readonly isCheap: boolean;
  /** The reference, in float64 before rounding: what constants are folded by. */
  evaluate(inputs: readonly number[], dtype: DType): number;
  /** @param dtype of the last input */
  print(prefix: string, inputs: readonly string[], dtype: DType): string;
}

type Binary = (a: number, b: number) => number;

const operator = (symbol: string, evaluate: Binary): ElementwiseFunction => ({
  result: 'same',
  isCheap: true,
  evaluate: ([a, b]) => evaluate(a!, b!),
  print: (_, [a, b]) => `(${a} ${symbol} ${b})`,
});

const comparison = (
  name: string,
  evaluate: (a: number, b: number) => boolean,
): ElementwiseFunction => ({
  result: 'bool',
  isCheap: true,
  evaluate: ([a, b]) => Number(evaluate(a!, b!)),
  print: (prefix, inputs) => `${prefix}_${name}(${inputs.join(', ')})`,
});

const call = (
  name: string,
  evaluate: (...inputs: number[]) => number,
  { isCheap = false, result = 'same' as 'same' | DType } = {},
): ElementwiseFunction => ({
  result,
  isCheap,
  evaluate: (inputs) => evaluate(...inputs),
  print: (prefix, inputs, dtype) =>
    `${prefix}_${dtype === 'float32' || result === 'float32' ? '' : 'i'}${name}(${inputs.join(', ')})`,
});

const cheap = { isCheap: true };

const mask = (symbol: string, evaluate: (a: boolean, b: boolean) => boolean) =>
  ({
    result: 'bool',
    isCheap: true,
    evaluate: ([a, b]) => Number(evaluate(a !== 0, b !== 0)),
    print: (_, [a, b]) => `(${a} ${symbol} ${b})`,
  }) satisfies ElementwiseFunction;

/** Conversions; a mask is all ones or zeros, and the number 1 or 0. */
const conversion = (name: string, result: DType, evaluate: (x: number) => number) =>
  ({
    result,
    isCheap: true,
    evaluate: ([x]) => evaluate(x!),
    print: (prefix, [x]) => `${prefix}_${name}(${x})`,
  }) satisfies ElementwiseFunction;

function floorMod(a: number, b: number): number {
  const rest = a % b;
  return (a < 0 && b < 0) || (a >= 0 && b >= 0) ? rest : (rest + b) % b;
}

function roundToEven(x: number): number {
  const base = Math.floor(x);
  if (x - base < 0.5) return base;
  if (x - base > 0.5) return base + 1;
  return base % 2 === 0 ? base : base + 1;
}

/** Abramowitz and Stegun 7.1.26, as TensorFlow.js computes it. */
function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const series =
    ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return Math.sign(x) * (1 - series * Math.exp(-x * x));
}

export const functions: Readonly<Record<string, ElementwiseFunction>> = {
  add: operator('+', (a, b) => a + b),
  sub: operator('-', (a, b) => a - b),
  mul: operator('*', (a, b) => a * b),
  div: operator('/', (a, b) => a / b),
  floorDiv: call('floordiv', (a, b) => Math.floor(a! / b!)),
  min: call('min', (a, b) => Math.min(a!, b!), cheap),
  max: call('max', (a, b) => Math.max(a!, b!), cheap),
  mod: call('mod', (a, b) => floorMod(a!, b!)),
  pow: call('power', (a, b) => Math.pow(a!, b!)),
  atan2: call('atan2', (a, b) => Math.atan2(a!, b!)),
  squaredDifference: {
    ...operator('-', (a, b) => (a - b) ** 2),
    print: (prefix, inputs, dtype) =>
      `${prefix}_${dtype === 'float32' ? '' : 'i'}square(${inputs.join(' - ')})`,
  },
  less: comparison('lt', (a, b) => a < b),
  lessEqual: comparison('le', (a, b) => a <= b),
  greater: comparison('gt', (a, b) => a > b),
  greaterEqual: comparison('ge', (a, b) => a >= b),
  equal: comparison('eq', (a, b) => a === b),
  notEqual: comparison('ne', (a, b) => a !== b),
  and: mask('&', (a, b) => a && b),
  or: mask('|', (a, b) => a || b),
  xor: mask('^', (a, b) => a !== b),
  not: {
    result: 'bool',
    isCheap: true,
    evaluate: ([a]) => Number(a === 0),
    print: (_, [a]) => `(~${a})`,
  },
  select: {
    result: 'same',
    isCheap: true,
    evaluate: ([condition, a, b]) => (condition !== 0 ? a! : b!),
    print: (prefix, inputs, dtype) =>
      `${prefix}_${dtype === 'float32' ? '' : 'i'}select(${inputs.join(', ')})`,
  },
  /** Inputs low, high, x. NaN stays. */
  clip: call('clip', (low, high, x) => (x! > high! ? high! : x! < low! ? low! : x!), cheap),

  neg: call('neg', (x) => -x!, cheap),
  abs: call('abs', (x) => Math.abs(x!), cheap),
  square: call('square', (x) => x! * x!, cheap),
  relu: call('relu', (x) => Math.max(0, x!), cheap),
  sign: call('sign', (x) => (x! > 0 ? 1 : x! < 0 ? -1 : 0), cheap),
  reciprocal: call('reciprocal', (x) => 1 / x!, cheap),
  sqrt: call('sqrt', (x) => Math.sqrt(x!), cheap),
  rsqrt: call('rsqrt', (x) => 1 / Math.sqrt(x!), cheap),
  floor: call('floor', (x) => Math.floor(x!), cheap),
  ceil: call('ceil', (x) => Math.ceil(x!), cheap),
  round: call('round', (x) => roundToEven(x!), cheap),
  exp: call('exp', (x) => Math.exp(x!)),
  expm1: call('expm1', (x) => Math.expm1(x!)),
  log: call('log', (x) => Math.log(x!)),
  log1p: call('log1p', (x) => Math.log1p(x!)),
  tanh: call('tanh', (x) => Math.tanh(x!)),
  sigmoid: call('sigmoid', (x) => 1 / (1 + Math.exp(-x!))),
  softplus: call('softplus', (x) => Math.log1p(Math.exp(-Math.abs(x!))) + Math.max(x!, 0)),
  sin: call('sin', (x) => Math.sin(x!)),
  cos: call('cos', (x) => Math.cos(x!)),
  tan: call('tan', (x) => Math.tan(x!)),
  asin: call('asin', (x) => Math.asin(x!)),
  acos: call('acos', (x) => Math.acos(x!)),
  atan: call('atan', (x) => Math.atan(x!)),
  sinh: call('sinh', (x) => Math.sinh(x!)),
  cosh: call('cosh', (x) => Math.cosh(x!)),
  asinh: call('asinh', (x) => Math.asinh(x!)),
  acosh: call('acosh', (x) => Math.acosh(x!)),
  atanh: call('atanh', (x) => Math.atanh(x!)),
  erf: call('erf', (x) => erf(x!)),

  isNan: conversion('isnan', 'bool', (x) => Number(Number.isNaN(x))),
  isInf: conversion('isinf', 'bool', (x) => Number(Math.abs(x) === Infinity)),
  isFinite: conversion('isfinite', 'bool', (x) => Number(Number.isFinite(x))),
  intToFloat: conversion('float', 'float32', (x) => x),
  /** 0 for what is no int32, NaN above all. */
  floatToInt: conversion('truncate', 'int32', (x) => (Math.abs(x) < 2 ** 31 ? Math.trunc(x) : 0)),
  boolToFloat: conversion('mask_float', 'float32', (x) => Number(x !== 0)),
  boolToInt: conversion('mask_int', 'int32', (x) => Number(x !== 0)),
  floatToBool: conversion('nonzero', 'bool', (x) => Number(x !== 0)),
  intToBool: conversion('inonzero', 'bool', (x) => Number(x !== 0)),
};

/** A number as it is stored. */
export function roundTo(dtype: DType, value: number): number {
  switch (dtype) {
    case 'float32':
      return Math.fround(value);
    case 'int32':
      return value | 0;
    case 'bool':
      return Number(value !== 0);
  }
}
