import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';

import { InputError } from '../../engine/input-error';
import { type Draw, type Key, uniform } from '../../engine/random';
import type { Tensors } from '../../engine/tensors';

/** A number, or the ends of a range from which each episode draws its own. */
export const rangeSchema = z.union([
  z.number(),
  z.strictObject({
    low: z.number().describe('Least value.').meta({ unit: 'of the number' }),
    high: z.number().describe('Largest value.').meta({ unit: 'of the number' }),
  }),
]);

/** The same, or a Markov chain that moves in every step. */
export const processSchema = z.union([
  ...rangeSchema.options,
  z.strictObject({
    values: z
      .array(z.number())
      .min(1)
      .max(100)
      .describe('The states of a Markov chain; an episode starts in any of them, equally likely.')
      .meta({ unit: 'of the number' }),
    persistence: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe(
        'Probability that the chain stays where it is; else it draws any of its states, equally likely.',
      )
      .meta({ unit: '1/step' }),
  }),
]);

export type RangeConfig = z.output<typeof rangeSchema>;
export type ProcessConfig = z.output<typeof processSchema>;

/** A number of the market: fixed, drawn at the start of an episode, or a chain that moves by step. */
export interface Process {
  readonly name: string;
  readonly varies: 'never' | 'by episode' | 'by step';
  /** The largest size of a value, for scaling; 1 where all are zero. */
  readonly scale: number;
  /** [] the number, [] `nameLow` and `nameHigh`, or [1, n] `nameValues` and [] `namePersistence`. */
  parameters(): Tensors;
  /** What the state of B episodes keeps: nothing, [B] the value, or [B] int32 the chain's state. */
  draw(parameters: Tensors, key: Key): Tensors;
  /** [] or [B] */
  current(parameters: Tensors, state: Tensors): tf.Tensor;
  /** [] or [B] the mean of the value one step later; null: the value stays as it is. */
  expected(parameters: Tensors, state: Tensors): tf.Tensor | null;
  /** What the state keeps after the step. */
  advance(parameters: Tensors, state: Tensors, key: Key): Tensors;
}

/** Where a process takes its random numbers: at a reset and in a step. */
export interface ProcessDraws {
  /** The value of a range, or a chain's state. */
  readonly value: Draw;
  /** Whether a chain stays. */
  readonly stay: Draw;
}

/** The values that a process can take: the number, the two ends, or the states. */
export const valuesOf = (config: ProcessConfig): readonly number[] =>
  typeof config === 'number'
    ? [config]
    : 'values' in config
      ? config.values
      : [config.low, config.high];

/** Whether the values are not finitely many. */
export const isRange = (config: ProcessConfig): config is { low: number; high: number } =>
  typeof config !== 'number' && 'low' in config;

/** The name of a process's entry in the state of an episode, if it has one. */
export const chainEntry = (name: string): string => `${name}State`;

/** @throws InputError for ends out of order or values out of bounds */
export function checkProcess(
  name: string,
  config: ProcessConfig,
  [least, most]: readonly [number, number],
): void {
  if (isRange(config) && config.low > config.high) {
    throw new InputError(
      `env.${name}: low ${config.low}, high ${config.high}; expected low ≤ high`,
    );
  }
  const wrong = valuesOf(config).find((value) => value < least || value > most);
  if (wrong === undefined) return;
  const rule = most === Infinity ? `at least ${least}` : `from ${least} to ${most}`;
  throw new InputError(`env.${name}: ${wrong}; expected ${rule}`);
}

export function createProcess(name: string, config: ProcessConfig, draws: ProcessDraws): Process {
  const scale = Math.max(...valuesOf(config).map(Math.abs)) || 1;
  if (typeof config === 'number') {
    return {
      name,
      varies: 'never',
      scale,
      parameters: () => ({ [name]: tf.scalar(config) }),
      draw: () => ({}),
      current: (parameters) => parameters[name]!,
      expected: () => null,
      advance: () => ({}),
    };
  }
  if (isRange(config)) {
    const [low, high] = [`${name}Low`, `${name}High`];
    return {
      name,
      varies: 'by episode',
      scale,
      parameters: () => ({ [low]: tf.scalar(config.low), [high]: tf.scalar(config.high) }),
      draw: (parameters, key) => ({
        [name]: tf.add(
          parameters[low]!,
          tf.mul(tf.sub(parameters[high]!, parameters[low]!), uniform(key, draws.value)),
        ),
      }),
      current: (_, state) => state[name]!,
      expected: () => null,
      advance: () => ({}),
    };
  }
  return { name, varies: 'by step', scale, ...chain(name, config, draws) };
}

function chain(
  name: string,
  { values, persistence }: { readonly values: readonly number[]; readonly persistence: number },
  draws: ProcessDraws,
): Pick<Process, 'parameters' | 'draw' | 'current' | 'expected' | 'advance'> {
  const count = values.length;
  const [valuesName, persistenceName] = [`${name}Values`, `${name}Persistence`];
  const entry = chainEntry(name);
  const anyState = (key: Key) =>
    tf.cast(tf.floor(tf.mul(uniform(key, draws.value), count)), 'int32');
  const current = (parameters: Tensors, state: Tensors): tf.Tensor => {
    const here = tf.equal(tf.expandDims(state[entry]!, 1), tf.range(0, count, 1, 'int32'));
    return tf.sum(tf.mul(parameters[valuesName]!, tf.cast(here, 'float32')), 1);
  };
  return {
    parameters: () => ({
      [valuesName]: tf.tensor2d([...values], [1, count]),
      [persistenceName]: tf.scalar(persistence),
    }),
    draw: (_, key) => ({ [entry]: anyState(key) }),
    current,
    expected(parameters, state) {
      const stay = parameters[persistenceName]!;
      const anywhere = tf.mean(parameters[valuesName]!, 1);
      return tf.add(tf.mul(current(parameters, state), stay), tf.mul(anywhere, tf.sub(1, stay)));
    },
    advance: (parameters, state, key) => ({
      [entry]: tf.where(
        tf.less(uniform(key, draws.stay), parameters[persistenceName]!),
        state[entry]!,
        anyState(key),
      ),
    }),
  };
}
