import * as tf from '@tensorflow/tfjs';

import { compile } from '../../../engine/compile/compile';
import { findCompiler } from '../../../engine/compile/run/native';
import { startDevice } from '../../../engine/device';
import { forUse, type Key, makeKey, phases, uses } from '../../../engine/random';
import { leavesOf, type Tensors } from '../../../engine/tensors';
import { makeEnvironment } from '../../../envs/registry';
import { sampleAction } from '../../../envs/sample-action';

const found = findCompiler();
const withCompiler = 'compiler' in found ? describe : describe.skip;
if ('reason' in found) console.warn(`compiled books are not tested: ${found.reason}`);

interface Input {
  readonly rows: { readonly state: Tensors; readonly mask: tf.Tensor2D; readonly row: tf.Tensor1D };
  readonly parameters: {
    readonly market: Tensors;
    readonly words: tf.Tensor1D;
    readonly step: tf.Tensor;
  };
}

/** What five steps with random actions lead to, from the same first state. */
function play(config: object, first: readonly number[][] | null) {
  const rows = 40;
  const environment = makeEnvironment({
    id: 'limit-order-book',
    ...{ warmUp: 5, events: 5, levels: 5, horizon: 0.5 },
    ...config,
  });
  const parameters = environment.parameters();
  const key = makeKey({ seed: 3, phase: phases.test, rows });
  const opened = environment.reset(parameters, key);
  const names = Object.keys(opened.state);
  const start = leavesOf(opened.state).map((leaf) => Array.from(leaf.dataSync()));
  const given = first
    ? Object.fromEntries(
        names.map((name, place) => {
          const { shape, dtype } = opened.state[name]!;
          return [name, tf.tensor(first[place]!, shape, dtype)];
        }),
      )
    : opened.state;
  const advance = compile(
    ({ rows: { state, mask, row }, parameters: { market, words, step } }: Input) => {
      const at: Key = { words, row, step, use: uses.dynamics };
      const action = sampleAction(environment.actionSpace, forUse(at, uses.action), 0, mask);
      const next = environment.step(market, state as never, action, at);
      return {
        state: next.state,
        mask: next.actionMask!,
        seen: next.observation,
        reward: next.reward,
      };
    },
    { name: 'a step of the book' },
  );
  let state: Tensors = given;
  let mask = opened.actionMask!;
  const outcomes: number[][] = [];
  for (let step = 0; step < 5; step += 1) {
    const next = advance({
      rows: { state, mask, row: key.row },
      parameters: { market: parameters, words: key.words, step: tf.scalar(step, 'int32') },
    });
    outcomes.push(...leavesOf(next as never).map((leaf) => Array.from(leaf.dataSync())));
    state = next.state;
    mask = next.mask as tf.Tensor2D;
  }
  return { start, outcomes };
}

withCompiler('the book as a compiled program', () => {
  it.each([
    ['execution', { task: { kind: 'execute', quantity: 2 } }],
    [
      'market making among excited orders of several shares',
      {
        task: { kind: 'make', close: 'cross' },
        sizes: { kind: 'geometric' },
        flow: { kind: 'poisson', excitation: { of: 'all', jump: 0.1, decay: 10 } },
      },
    ],
    [
      'market making in a queue-reactive book',
      { task: { kind: 'make' }, flow: { kind: 'queue-reactive' } },
    ],
  ])('does what device cpu does, resets included: %s', async (_, config) => {
    await startDevice('cpu');
    const expected = play(config, null);
    await startDevice('native');
    const actual = play(config, expected.start);
    expect(actual.outcomes.length).toBe(expected.outcomes.length);
    actual.outcomes.forEach((numbers, place) => {
      const other = expected.outcomes[place]!;
      const isOff = numbers.some((value, index) => !(Math.abs(value - other[index]!) < 1e-4));
      if (isOff) expect(numbers).toEqual(other);
    });
  });
});
