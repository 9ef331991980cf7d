import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';

import {
  type LearnerConfig,
  policySchema,
  selfPlaySchema,
  trainingSchema,
  trpoSchema,
  valueSchema,
} from '../../algorithms/schema';
import { createSelfPlay, learnedOpponent, tensorsOf } from '../../algorithms/self-play';
import { readDiagnostics, type TrainingState } from '../../algorithms/training';
import { simulate } from '../../algorithms/evaluation/simulate';
import { trainedPolicy } from '../../algorithms/policies/trained-policy';
import { uniform } from '../../engine/random';
import { disposeTree, leavesOf, type Tensors } from '../../engine/tensors';
import { defineEnvironment } from '../../envs/environment';
import { environmentOf, type GameDefinition } from '../../envs/game';
import { box, discrete } from '../../envs/space';
import { bitsOf } from './reference';

/**
 * The first player chooses a row, the second sees it and chooses a column; the entry is what the second
 * pays. The least entries of the rows are 1, 2 and 0: the game's value is 2, by row 1 and column 2.
 */
const payoff = [
  [5, 1, 4],
  [3, 4, 2],
  [0, 9, 9],
];
const flat = payoff.flat();

const game: GameDefinition = {
  id: 'matrix',
  players: [
    {
      name: 'row',
      observationSpace: box([
        { name: 'nothing', unit: '1', low: 0, high: 1, description: 'Noise.' },
      ]),
      actionSpace: discrete('row', '', ['0', '1', '2']),
    },
    {
      name: 'column',
      observationSpace: box(
        ['0', '1', '2'].map((name) => ({ name, unit: '1', low: 0, high: 1, description: '' })),
      ),
      actionSpace: discrete('column', '', ['0', '1', '2']),
    },
  ],
  horizon: 1,
  metrics: { row: { unit: '', description: 'The row.' }, column: { unit: '', description: '' } },
  parameters: () => ({ scale: tf.scalar(1) }),
  reset: (_, key) => ({
    noise: uniform(key, 0),
    row: tf.zerosLike(key.row),
    column: tf.zerosLike(key.row),
  }),
  move: (_, state, side, action): Tensors => ({
    ...state,
    [side === 0 ? 'row' : 'column']: action,
  }),
  settle(parameters, state) {
    const cell = tf.add(tf.mul(state['row']!, tf.scalar(3, 'int32')), state['column']!);
    const entry = tf.sum(tf.mul(tf.oneHot(cell as tf.Tensor1D, 9), flat), 1);
    return {
      state,
      reward: tf.mul(entry, parameters['scale']!) as tf.Tensor1D,
      terminated: tf.onesLike(tf.cast(cell, 'bool')) as tf.Tensor1D,
    };
  },
  observe: (_, state, side) =>
    side === 0
      ? tf.reshape(state['noise']!, [-1, 1])
      : (tf.cast(tf.oneHot(state['row'] as tf.Tensor1D, 3), 'float32') as tf.Tensor2D),
  measure: (_, state) => ({
    row: tf.cast(state['row']!, 'float32'),
    column: tf.cast(state['column']!, 'float32'),
  }),
};

const config: LearnerConfig = {
  policy: policySchema.parse({ hidden: [16] }),
  value: valueSchema.parse({ hidden: [8], fit: { kind: 'adam' } }),
  trpo: trpoSchema.parse({ trustRegion: 0.03 }),
  training: trainingSchema.parse({ environments: 128, steps: 1, iterations: 60 }),
  selfPlay: selfPlaySchema.parse({}),
};

async function train(iterations: number, seed = 0, from?: TrainingState, given = config) {
  const { learner } = createSelfPlay(game, given);
  let state = from ?? learner.initialise(seed);
  let figures: Record<string, number> = {};
  const live: number[] = [];
  for (let count = 0; count < iterations; count += 1) {
    const { state: next, diagnostics } = learner.iterate(state, seed);
    figures = await readDiagnostics(diagnostics);
    disposeTree([state.tensors, diagnostics]);
    state = next;
    live.push(tf.memory().numTensors);
  }
  learner.dispose();
  return { state, figures, live };
}

describe('self-play', () => {
  beforeAll(() => tf.setBackend('wasm'));

  it('finds the minimax of a game in which the second player sees the first move', async () => {
    const { state, figures } = await train(80);
    const options = { episodes: 64, seed: 0, phase: 'test' } as const;
    const clip = { name: 'trained', observationClip: 10 };
    const { players } = createSelfPlay(game, config);
    const [first, second] = [tensorsOf(state.tensors, 0), tensorsOf(state.tensors, 1)];

    const against = learnedOpponent(game, 1, config, second, { stochastic: false });
    const asRow = defineEnvironment(environmentOf(game, 0, against));
    const rowPlayer = trainedPolicy(asRow, players[0].policy, first, clip);
    const played = await simulate(asRow, rowPlayer, options);
    expect(new Set(played['row'])).toEqual(new Set([1]));
    expect(new Set(played['return'])).toEqual(new Set([2]));

    // The column player answers every row with its least entry, those that are not played as well.
    for (const [row, column] of [0, 1, 2].map((r) => [
      r,
      payoff[r]!.indexOf(Math.min(...payoff[r]!)),
    ])) {
      const answer = await simulate(
        asRow,
        {
          name: 'fixed',
          kind: 'classical',
          act: ({ observation }) => tf.fill([observation.shape[0]], row!, 'int32'),
        },
        { ...options, episodes: 2 },
      );
      expect(answer['column']![0]).toBe(column);
    }

    const back = learnedOpponent(game, 0, config, first, { stochastic: false });
    const asColumn = defineEnvironment(environmentOf(game, 1, back));
    const columnPlayer = trainedPolicy(asColumn, players[1].policy, second, clip);
    const other = await simulate(asColumn, columnPlayer, options);
    expect(new Set(other['return'])).toEqual(new Set([-2]));

    expect(figures['finite']).toBe(1);
    expect(figures['column/finite']).toBe(1);
    expect(figures['return']! + figures['column/return']!).toBeCloseTo(0, 0);
    disposeTree(state.tensors);
    players.forEach((player) => player.dispose());
  });

  it('goes on to the same bytes, and keeps as many tensors as it began with', async () => {
    const whole = await train(4, 3);
    const half = await train(2, 3);
    const rest = await train(2, 3, half.state);
    expect(bitsOf(leavesOf(rest.state.tensors))).toEqual(bitsOf(leavesOf(whole.state.tensors)));
    expect(new Set(whole.live).size).toBe(1);
    disposeTree([rest.state.tensors, whole.state.tensors]);
  });

  it('the two players draw from streams of their own', async () => {
    const { learner } = createSelfPlay(game, config);
    const { tensors } = learner.initialise(0);
    const [first, second] = [tensorsOf(tensors, 0), tensorsOf(tensors, 1)];
    expect(bitsOf([first.position.state['noise']!])).not.toEqual(
      bitsOf([second.position.state['noise']!]),
    );
    disposeTree(tensors);
    learner.dispose();
  });

  it('trains with parameters that evaluation does not have', async () => {
    const training = { ...config.training, parameters: { scale: 10 } };
    const { state, figures } = await train(1, 0, undefined, { ...config, training });
    const { state: plain, figures: normal } = await train(1);
    expect(figures['return']).toBeCloseTo(10 * normal['return']!, 3);
    disposeTree([state.tensors, plain.tensors]);
    expect(() =>
      createSelfPlay(game, { ...config, training: { ...training, parameters: { scael: 1 } } }),
    ).toThrow(/training.parameters.scael: matrix has no such parameter; expected scale/);
  });
});
