import * as tf from '@tensorflow/tfjs';

import { compile } from '../../engine/compile/compile';
import { findCompiler } from '../../engine/compile/run/native';
import { startDevice } from '../../engine/device';
import { phases } from '../../engine/random';
import { type Tensors, leavesOf } from '../../engine/tensors';
import { defineEnvironment, type Environment } from '../../envs/environment';
import { environmentOf, type Opponent } from '../../envs/game';
import { kind } from '../../envs/predation';
import { predationSchema } from '../../envs/predation/config';

const found = findCompiler();
const withCompiler = 'compiler' in found ? describe : describe.skip;
if ('reason' in found) console.warn(`compiled raids are not tested: ${found.reason}`);

const drawn = {
  periods: 3,
  stops: { count: { low: 1, high: 3 }, distance: { low: 1, high: 9 } },
  halfSpread: { low: 0, high: 3 },
  maxShort: { low: 2, high: 8 },
  maxTrade: { low: 1, high: 4 },
  recovery: { low: 0, high: 3 },
  noise: { low: 0, high: 2 },
};
const lastAllowed: Opponent = {
  parameters: () => ({ weight: tf.scalar(1) }),
  act: ({ parameters, actionMask }) => {
    const open = tf.cast(actionMask!, 'float32');
    const places = tf.mul(tf.range(1, 10), parameters.weight!);
    return tf.argMax(tf.mul(open, places), 1);
  },
};
const environments: Record<string, () => Environment> = {
  alone: () => defineEnvironment(kind.create(predationSchema.parse(drawn))),
  'against a random defender, from random starts': () =>
    defineEnvironment(
      kind.create(
        predationSchema.parse({
          ...drawn,
          defender: { budget: 4, plays: 'random' },
          randomStart: 0.5,
        }),
      ),
    ),
  'as the defender, of one instance': () =>
    defineEnvironment(
      environmentOf(
        kind.createGame!(predationSchema.parse({ maxTrade: 4, defender: { budget: 4 } }))!,
        1,
        lastAllowed,
      ),
    ),
};

const rows = 37;

/** Everything that seven steps put out, as numbers. */
function run(environment: Environment): number[][] {
  const outputs: number[][] = [];
  const step = compile(
    (given: {
      readonly rows: {
        readonly state: Tensors;
        readonly action: tf.Tensor;
        readonly row: tf.Tensor;
      };
      readonly parameters: {
        readonly environment: Tensors;
        readonly words: tf.Tensor;
        readonly step: tf.Tensor;
      };
    }) => {
      const { words, step } = given.parameters;
      const key = { words, row: given.rows.row, step, use: 0 } as never;
      const { state, action } = given.rows;
      const next = environment.step(given.parameters.environment, state, action, key);
      return { ...next } as unknown as Record<string, tf.Tensor>;
    },
    { name: 'a step of the raid' },
  );
  tf.tidy(() => {
    const parameters = environment.parameters();
    const row = tf.range(0, rows, 1, 'int32');
    const words = tf.tensor1d([5, 0, phases.check], 'int32');
    const first = { words, row, step: tf.scalar(0, 'int32'), use: 0 } as never;
    let state = environment.reset(parameters, first).state;
    for (let count = 1; count <= 7; count += 1) {
      const actions = Array.from({ length: rows }, (_, index) => (index * 5 + count * 3) % 9);
      const next = step({
        rows: { state, action: tf.tensor1d(actions, 'int32'), row },
        parameters: { environment: parameters, words, step: tf.scalar(count, 'int32') },
      }) as unknown as { readonly state: Tensors };
      outputs.push(...leavesOf(next as never).map((leaf) => Array.from(leaf.dataSync())));
      state = next.state;
    }
  });
  return outputs;
}

withCompiler('a step as a compiled program', () => {
  it.each(Object.entries(environments))('%s: does what device cpu does', async (_, make) => {
    await startDevice('cpu');
    const expected = run(make());
    await startDevice('native');
    const actual = run(make());
    expect(actual.length).toBe(expected.length);
    actual.forEach((numbers, place) => {
      numbers.forEach((number, index) => {
        const value = expected[place]![index]!;
        if (!(Math.abs(number - value) <= 1e-6 * Math.max(1, Math.abs(value)))) {
          throw new Error(`output ${place}, entry ${index}: ${number}, expected ${value}`);
        }
      });
    });
  });
});
