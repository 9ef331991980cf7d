import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';

import { InputError } from '../../engine/input-error';
import { type Key, uniform, uniforms } from '../../engine/random';
import type { Tensors } from '../../engine/tensors';

const low = z.number().describe('Least value.').meta({ unit: 'of the coefficient' });
const high = z.number().describe('Largest value.').meta({ unit: 'of the coefficient' });
const scale = z
  .enum(['linear', 'log'])
  .default('linear')
  .describe('Uniform in the value, or in its logarithm (then low must be positive).')
  .meta({ unit: '' });

const episodeRange = z.strictObject({ low, high, scale });

const periodRange = z.strictObject({
  low,
  high,
  scale,
  per: z
    .enum(['period', 'episode'])
    .default('period')
    .describe('Drawn for each period on its own, or once for all periods of an episode.')
    .meta({ unit: '' }),
});

/** A number, or a range from which each episode draws its own. */
export const coefficientSchema = z.union([z.number().nonnegative(), episodeRange]);

/** The same for a coefficient that may differ from period to period: also one number a period. */
export const profileSchema = z.union([
  z.number().nonnegative(),
  z.array(z.number().nonnegative()).min(1),
  periodRange,
]);

export type CoefficientConfig = z.output<typeof coefficientSchema>;
export type ProfileConfig = z.output<typeof profileSchema>;
type Range = z.output<typeof episodeRange> & { readonly per?: 'period' | 'episode' };

/** A coefficient of the dynamics: fixed, given for each period, or drawn at the start of an episode. */
export interface Coefficient {
  readonly name: string;
  readonly varies: 'never' | 'by episode' | 'by period';
  /** A typical value: the number, the mean of the periods', or the middle of the range. */
  readonly reference: number;
  /** [] what is fixed, [1, N] what is given for each period, or the range as [] `nameLow`, `nameHigh`. */
  parameters(): Tensors;
  /** What the state of B episodes keeps: nothing, [B], or [B, N] with the current period first. */
  draw(parameters: Tensors, key: Key): Tensors;
  /** [] or [B]: the value in the current period. */
  current(parameters: Tensors, state: Tensors): tf.Tensor;
  /** What the state keeps after the current period; periods past the end hold zero. */
  advance(state: Tensors): Tensors;
}

export interface CoefficientOptions {
  readonly name: string;
  readonly value: CoefficientConfig | ProfileConfig;
  /** N */
  readonly periods: number;
  /** The number of its draw at the reset. */
  readonly draw: number;
  /** The state keeps [B, N] even where all periods are alike. Default false. */
  readonly tabulate?: boolean;
}

/** @throws InputError for a list of the wrong length or a range whose ends are out of order */
export function createCoefficient(options: CoefficientOptions): Coefficient {
  const { name, value, periods, tabulate = false } = options;
  if (typeof value === 'number') {
    const source = { reference: value, parameters: () => ({ [name]: tf.scalar(value) }) };
    if (!tabulate) return fixed(name, source);
    return byPeriod(name, periods, {
      ...source,
      varies: 'never',
      draw: (parameters, key) =>
        tf.add(tf.zeros([key.row.size, periods]), tf.reshape(parameters[name]!, [-1, 1])),
    });
  }
  if (isList(value)) {
    if (value.length !== periods) {
      throw new InputError(
        `env.${name}: ${value.length} numbers for ${periods} periods; expected one a period`,
      );
    }
    return byPeriod(name, periods, {
      varies: 'by period',
      reference: average(value),
      parameters: () => ({ [name]: tf.tensor2d([...value], [1, periods]) }),
      draw: (parameters, key) => tf.add(tf.zeros([key.row.size, 1]), parameters[name]!),
    });
  }
  return random(options, value);
}

/** The typical value of each of the N periods. */
export function referencePerPeriod(
  value: CoefficientConfig | ProfileConfig,
  periods: number,
): number[] {
  if (isList(value)) return [...value];
  return new Array<number>(periods).fill(typeof value === 'number' ? value : middle(value));
}

/** Whether every episode has the same value. */
export const isRandom = (value: CoefficientConfig | ProfileConfig): boolean =>
  typeof value !== 'number' && !isList(value);

/** The largest value that a period can have. */
export const largest = (value: CoefficientConfig | ProfileConfig): number =>
  typeof value === 'number' ? value : isList(value) ? Math.max(...value) : value.high;

const isList = (value: unknown): value is readonly number[] => Array.isArray(value);

const average = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const middle = (range: Range): number =>
  range.scale === 'log' ? Math.sqrt(range.low * range.high) : (range.low + range.high) / 2;

type Source = Pick<Coefficient, 'reference' | 'parameters'>;

const fixed = (name: string, source: Source): Coefficient => ({
  ...source,
  name,
  varies: 'never',
  draw: () => ({}),
  current: (parameters) => parameters[name]!,
  advance: () => ({}),
});

function random(options: CoefficientOptions, range: Range): Coefficient {
  const { name, periods, draw, tabulate = false } = options;
  const ordered = range.low <= range.high;
  if (!ordered || (range.scale === 'log' ? range.low <= 0 : range.low < 0)) {
    const rule = range.scale === 'log' ? '0 < low ≤ high' : '0 ≤ low ≤ high';
    throw new InputError(`env.${name}: low ${range.low}, high ${range.high}; expected ${rule}`);
  }
  const [lowName, highName] = [`${name}Low`, `${name}High`];
  const source: Source = {
    reference: middle(range),
    parameters: () => ({ [lowName]: tf.scalar(range.low), [highName]: tf.scalar(range.high) }),
  };
  const between = (parameters: Tensors, share: tf.Tensor): tf.Tensor => {
    const ends = [parameters[lowName]!, parameters[highName]!];
    const [from, to] = share.rank === 2 ? ends.map((end) => tf.reshape(end, [-1, 1])) : ends;
    return range.scale === 'log'
      ? tf.mul(from!, tf.pow(tf.div(to!, from!), share))
      : tf.add(from!, tf.mul(tf.sub(to!, from!), share));
  };
  if (range.per === 'period') {
    return byPeriod(name, periods, {
      ...source,
      varies: 'by period',
      draw: (parameters, key) => between(parameters, uniforms(key, draw, periods)),
    });
  }
  if (tabulate) {
    return byPeriod(name, periods, {
      ...source,
      varies: 'by episode',
      draw: (parameters, key) =>
        tf.add(tf.zeros([1, periods]), between(parameters, uniforms(key, draw, 1))),
    });
  }
  return {
    ...source,
    name,
    varies: 'by episode',
    draw: (parameters, key) => ({ [name]: between(parameters, uniform(key, draw)) }),
    current: (_, state) => state[name]!,
    advance: () => ({}),
  };
}

const byPeriod = (
  name: string,
  periods: number,
  source: Source & {
    readonly varies: Coefficient['varies'];
    /** [B, N] */
    draw(parameters: Tensors, key: Key): tf.Tensor;
  },
): Coefficient => ({
  ...source,
  name,
  draw: (parameters, key) => ({ [name]: source.draw(parameters, key) }),
  current: (_, state) => firstColumn(state[name]!),
  advance: (state) => ({ [name]: shift(state[name]!, periods) }),
});

/** [B, N] → [B] */
const firstColumn = (table: tf.Tensor): tf.Tensor =>
  tf.reshape(tf.slice(table, [0, 0], [-1, 1]), [-1]);

/** [B, N] → [B, N]: every column one to the left, zeros in the last. */
function shift(table: tf.Tensor, periods: number): tf.Tensor {
  if (periods === 1) return tf.zerosLike(table);
  return tf.pad(tf.slice(table, [0, 1], [-1, periods - 1]), [
    [0, 0],
    [0, 1],
  ]);
}
