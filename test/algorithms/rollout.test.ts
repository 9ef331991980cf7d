import * as tf from '@tensorflow/tfjs';

import { initialMoments } from '../../algorithms/normaliser';
import { createPolicy } from '../../algorithms/policies/policy';
import { type Position, rollout, startPosition } from '../../algorithms/rollout';
import { type Key, makeKey, phases, uniform } from '../../engine/random';
import type { Tensors } from '../../engine/tensors';
import { defineEnvironment } from '../../envs/environment';
import { box, type Field } from '../../envs/space';
import { expectClose } from './reference';

beforeAll(async () => {
  await tf.setBackend('cpu');
});
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const field = (name: string, more: Partial<Field> = {}): Field => ({
  name,
  unit: '1',
  low: -Infinity,
  high: Infinity,
  description: '',
  ...more,
});
const [centre, scale] = [2, 3];

/**
 * Counts its steps. Even rows terminate at 3, odd rows are truncated at 5. The reward is the action
 * plus ten times the count before the step; the observation tells count, row, the counter of the
 * step that led here and a number drawn in it.
 */
const counting = defineEnvironment({
  id: 'counting',
  observationSpace: box([field('count'), field('row'), field('clock'), field('draw')]),
  actionSpace: box([field('push', { centre, scale })]),
  horizon: null,
  truncates: true,
  metrics: {},
  parameters: (): Tensors => ({}),
  reset: (_, key): Tensors => ({
    count: tf.zerosLike(key.row),
    row: key.row,
    clock: tf.fill(key.row.shape, -1, 'int32'),
    draw: tf.zeros(key.row.shape),
  }),
  transition(_, { count, row }, action, key) {
    const next = tf.add(count!, 1);
    const odd = tf.equal(tf.mod(row!, tf.scalar(2, 'int32')), 1);
    return {
      state: {
        count: next,
        row: row!,
        clock: tf.add(tf.zerosLike(row!), key.step),
        draw: uniform(key, 0),
      },
      reward: tf.add(tf.squeeze(action, [1]), tf.mul(count!, tf.scalar(10))) as tf.Tensor1D,
      terminated: tf.logicalAnd(tf.logicalNot(odd), tf.greaterEqual(next, 3)) as tf.Tensor1D,
      truncated: tf.logicalAnd(odd, tf.greaterEqual(next, 5)) as tf.Tensor1D,
    };
  },
  observe: (_, state) =>
    tf.stack(
      ['count', 'row', 'clock', 'draw'].map((name) => tf.cast(state[name]!, 'float32')),
      1,
    ) as tf.Tensor2D,
});

const rows = 3;
const steps = 7;
const policy = createPolicy(counting.observationSpace, counting.actionSpace, {
  hidden: [],
  activation: 'tanh',
  initialLogStd: 0,
  learnStd: true,
});
const keyAt = (step: number): Key => makeKey({ seed: 0, phase: phases.training, rows, step });

/** a = .1 count + .01 row + noise of deviation e^logStd; observations are clipped to ±4. */
const run = (position: Position, step: number, logStd: number) =>
  rollout(
    counting,
    {},
    {
      policy,
      parameters: {
        'layer0/weights': tf.tensor2d([[0.1], [0.01], [0], [0]]),
        'layer0/bias': tf.zeros([1]),
        logStd: tf.tensor1d([logStd]),
      },
      moments: initialMoments(4),
      observationClip: 4,
    },
    position,
    keyAt(step),
    steps,
  );

const start = (): Position => startPosition(counting, {}, keyAt(-1));

/** Episode lengths of rows 0, 1, 2. */
const lengths = [3, 5, 3];

test('observations, actions, rewards and ends line up, across two rollouts', () => {
  let position = start();
  const returns = [0, 0, 0];
  for (const first of [0, steps]) {
    const { position: next, trajectory } = run(position, first, -20);
    const read = (name: string) => trajectory[name]!.arraySync();
    const observation = read('observation') as number[][][];
    const final = read('finalObservation') as number[][][];
    const action = read('action') as number[][][];
    const [reward, endedReturn, endedLength] = ['reward', 'endedReturn', 'endedLength'].map(
      (name) => read(name) as number[][],
    );
    const [terminated, truncated] = ['terminated', 'truncated'].map((n) => read(n) as number[][]);
    expect(trajectory.observation.shape).toEqual([steps, rows, 4]);
    expect(trajectory.action.shape).toEqual([steps, rows, 1]);
    for (let t = 0; t < steps; t += 1) {
      for (let b = 0; b < rows; b += 1) {
        const length = lengths[b]!;
        const count = (first + t) % length;
        const ends = count + 1 === length;
        const a = action[t]![b]![0]!;
        expect(observation[t]![b]!.slice(0, 3)).toEqual([
          count,
          b,
          count === 0 ? -1 : first + t - 1,
        ]);
        expect(final[t]![b]!.slice(0, 3)).toEqual([count + 1, b, first + t]);
        // The network sees the clipped observation.
        expect(a).toBeCloseTo(0.1 * Math.min(count, 4) + 0.01 * b, 5);
        expect(reward![t]![b]).toBeCloseTo(centre + scale * a + 10 * count, 4);
        expect(terminated![t]![b]).toBe(ends && b !== 1 ? 1 : 0);
        expect(truncated![t]![b]).toBe(ends && b === 1 ? 1 : 0);
        returns[b]! += reward![t]![b]!;
        expect(endedLength![t]![b]).toBe(ends ? length : 0);
        expect(endedReturn![t]![b]).toBeCloseTo(ends ? returns[b]! : 0, 3);
        if (ends) returns[b] = 0;
      }
    }
    const underway = lengths.map((length) => (first + steps) % length);
    expect(Array.from(next.episodeLength.dataSync())).toEqual(underway);
    expectClose(next.episodeReturn.dataSync(), returns, 1e-4);
    expect((next.observation.arraySync() as number[][]).map(([count]) => count)).toEqual(underway);
    position = next;
  }
});

test('no step, row or rollout shares its randomness with another', () => {
  const draws = new Set<number>();
  const noise = new Set<number>();
  let position = start();
  for (const first of [0, steps]) {
    const { position: next, trajectory } = run(position, first, 0);
    const observation = trajectory.observation.arraySync() as number[][][];
    const final = trajectory['finalObservation']!.arraySync() as number[][][];
    const action = trajectory.action.arraySync() as number[][][];
    for (let t = 0; t < steps; t += 1) {
      for (let b = 0; b < rows; b += 1) {
        draws.add(final[t]![b]![3]!);
        const [count] = observation[t]![b]!;
        noise.add(Number((action[t]![b]![0]! - 0.1 * Math.min(count!, 4) - 0.01 * b).toFixed(5)));
      }
    }
    position = next;
  }
  expect(draws.size).toBe(2 * steps * rows);
  expect(noise.size).toBe(2 * steps * rows);
});

test('two rollouts are one of twice the length', () => {
  const first = run(start(), 0, 0);
  const second = run(first.position, steps, 0);
  const whole = rollout(
    counting,
    {},
    {
      policy,
      parameters: {
        'layer0/weights': tf.tensor2d([[0.1], [0.01], [0], [0]]),
        'layer0/bias': tf.zeros([1]),
        logStd: tf.tensor1d([0]),
      },
      moments: initialMoments(4),
      observationClip: 4,
    },
    start(),
    keyAt(0),
    2 * steps,
  );
  for (const name of Object.keys(whole.trajectory)) {
    expect([...first.trajectory[name]!.dataSync(), ...second.trajectory[name]!.dataSync()]).toEqual(
      [...whole.trajectory[name]!.dataSync()],
    );
  }
});

test('no tensor is left behind', () => {
  const position = start();
  const key = keyAt(0);
  const before = tf.memory().numTensors;
  const parameters = {
    'layer0/weights': tf.zeros([4, 1]),
    'layer0/bias': tf.zeros([1]),
    logStd: tf.zeros([1]),
  };
  const moments = initialMoments(4);
  const behaviour = { policy, parameters, moments, observationClip: 4 };
  const { position: next, trajectory } = rollout(counting, {}, behaviour, position, key, steps);
  tf.dispose([parameters, { ...moments }, next.state, { ...next, state: {} }, trajectory] as never);
  expect(tf.memory().numTensors).toBe(before);
});
