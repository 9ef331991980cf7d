import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';

import {
  policySchema,
  trainingSchema,
  trpoSchema,
  valueSchema,
  type LearnerConfig,
} from '../../algorithms/schema';
import {
  createLearner,
  type Learner,
  readDiagnostics,
  type TrainingPhase,
  trainingPhases,
  type TrainingState,
} from '../../algorithms/training';
import { disposeTree, leavesOf, mapTrees, type Tensors } from '../../engine/tensors';
import { uniform } from '../../engine/random';
import { defineEnvironment, type Environment } from '../../envs/environment';
import { box, discrete, type Field } from '../../envs/space';
import { bitsOf } from './reference';

const field = (name: string, more: Partial<Field> = {}): Field => ({
  name,
  unit: '1',
  low: -Infinity,
  high: Infinity,
  description: '',
  ...more,
});

/** Episodes of one step: −(action − 3)², with a noise that the seed decides and no action avoids. */
const target = defineEnvironment({
  id: 'target',
  observationSpace: box([field('noise', { low: 0, high: 1 })]),
  actionSpace: box([field('guess', { low: -5, high: 5 })]),
  horizon: 1,
  truncates: false,
  metrics: {},
  parameters: (): Tensors => ({ spoil: tf.scalar(0) }),
  reset: (_, key): Tensors => ({ noise: uniform(key, 0) }),
  transition(_, state, action, key) {
    const guess = tf.squeeze(tf.clipByValue(action, -5, 5), [1]);
    const miss = tf.neg(tf.square(tf.sub(guess, 3)));
    return {
      state,
      reward: tf.add(miss, uniform(key, 0)) as tf.Tensor1D,
      terminated: tf.onesLike(tf.cast(guess, 'bool')) as tf.Tensor1D,
    };
  },
  observe: (_, { noise }) => tf.reshape(noise!, [-1, 1]),
});

/**
 * Four steps, truncated: the choice that equals the cue earns 1, its neighbour is masked, the fourth
 * choice is never right.
 */
const cue = defineEnvironment({
  id: 'cue',
  observationSpace: box(['first', 'second', 'third'].map((name) => field(name))),
  actionSpace: discrete('choice', '', ['0', '1', '2', '3']),
  horizon: 4,
  truncates: true,
  metrics: {},
  parameters: (): Tensors => ({}),
  reset: (_, key): Tensors => ({
    cue: tf.cast(tf.floor(tf.mul(uniform(key, 0), 3)), 'int32'),
    age: tf.zerosLike(key.row),
  }),
  transition(_, state, action, key) {
    const age = tf.add(state['age']!, 1);
    return {
      state: { cue: tf.cast(tf.floor(tf.mul(uniform(key, 0), 3)), 'int32'), age },
      reward: tf.cast(tf.equal(action, state['cue']!), 'float32') as tf.Tensor1D,
      terminated: tf.zerosLike(tf.cast(age, 'bool')) as tf.Tensor1D,
      truncated: tf.greaterEqual(age, 4) as tf.Tensor1D,
    };
  },
  observe: (_, state) => tf.cast(tf.oneHot(state['cue']!, 3), 'float32') as tf.Tensor2D,
  actionMask: (_, state) => {
    const masked = tf.mod(tf.add(state['cue']!, 1), tf.scalar(3, 'int32'));
    return tf.logicalNot(tf.cast(tf.oneHot(tf.cast(masked, 'int32'), 4), 'bool')) as tf.Tensor2D;
  },
});

/** `target` with a reward or observation that is not a number in the third row. */
const poisoned = (part: 'reward' | 'observation'): Environment =>
  defineEnvironment({
    ...target.definition,
    reset: (parameters, key) => ({
      ...target.definition.reset(parameters, key),
      row: tf.cast(key.row, 'float32'),
    }),
    transition(parameters, state, action, key) {
      const change = target.definition.transition(parameters, state, action, key);
      if (part === 'observation') return change;
      const bad = tf.equal(state['row']!, 2) as tf.Tensor1D;
      return { ...change, reward: tf.where(bad, tf.fill(bad.shape, NaN), change.reward) };
    },
    observe: (_, state) => {
      const bad = tf.equal(state['row']!, part === 'observation' ? 2 : -1);
      const noise = tf.where(bad, tf.fill(bad.shape, NaN), state['noise']!);
      return tf.reshape(noise, [-1, 1]);
    },
  });

/** `target`, cut off after its step by a limit; the last observation of the third row is not a number. */
const spoiledEnd = defineEnvironment({
  ...target.definition,
  truncates: true,
  reset: (parameters, key): Tensors => ({
    ...target.definition.reset(parameters, key),
    ended: tf.zerosLike(key.row),
    row: key.row,
  }),
  transition(parameters, state, action, key) {
    const change = target.definition.transition(parameters, state, action, key);
    const { terminated: truncated } = change;
    return {
      ...change,
      state: { ...state, ended: tf.onesLike(state['ended']!) },
      terminated: tf.zerosLike(truncated) as tf.Tensor1D,
      truncated,
    };
  },
  observe: (_, { noise, ended, row }) => {
    const bad = tf.equal(tf.mul(ended!, row!), 2);
    return tf.reshape(tf.where(bad, tf.fill(bad.shape, NaN), noise!), [-1, 1]);
  },
});

interface Changes {
  readonly policy?: object;
  readonly value?: object;
  readonly trpo?: object;
  readonly training?: object;
}

const configOf = (changes: Changes = {}): LearnerConfig => ({
  policy: policySchema.parse({ hidden: [8], ...changes.policy }),
  value: valueSchema.parse({
    hidden: [8],
    fit: { kind: 'adam', minibatch: 40, epochs: 2 },
    ...changes.value,
  }),
  trpo: trpoSchema.parse({ ...changes.trpo }),
  training: trainingSchema.parse({ environments: 16, steps: 6, ...changes.training }),
});

const bitsOfState = (state: TrainingState): string => bitsOf(leavesOf(state.tensors));

/** Every diagnostic of every iteration, and the bits of the last state. */
async function train(
  learner: Learner,
  seed: number,
  iterations: number,
  from = learner.initialise(seed),
): Promise<{ bits: string; log: Record<string, number>[]; state: TrainingState }> {
  const log: Record<string, number>[] = [];
  let state = from;
  for (let i = 0; i < iterations; i += 1) {
    const { state: next, diagnostics } = learner.iterate(state, seed);
    log.push(await readDiagnostics(diagnostics));
    disposeTree(diagnostics);
    disposeTree(state.tensors);
    state = next;
  }
  return { bits: bitsOfState(state), log, state };
}

async function trainAnew(
  environment: Environment,
  config: LearnerConfig,
  seed: number,
  iterations: number,
) {
  const learner = createLearner(environment, config);
  const { bits, log, state } = await train(learner, seed, iterations);
  disposeTree(state.tensors);
  learner.dispose();
  return { bits, log };
}

const environments = [
  ['Gaussian', target, {}],
  ['masked, truncated', cue, { trpo: { fisherFraction: 0.5, chunk: 40 } }],
  [
    'trust-region value fit',
    cue,
    { value: { fit: { kind: 'trust-region' } }, training: { normaliseObservations: false } },
  ],
] as const;

describe.each(['cpu', 'wasm'])('on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  describe.each(environments)('%s', (_, environment, changes) => {
    const config = configOf(changes);

    test('the seed decides every bit; 0 is a seed like any other', async () => {
      const [zero, again, one] = [
        await trainAnew(environment, config, 0, 2),
        await trainAnew(environment, config, 0, 2),
        await trainAnew(environment, config, 1, 2),
      ];
      expect(again).toEqual(zero);
      expect(one.bits).not.toBe(zero.bits);
      expect(one.log).not.toEqual(zero.log);
      expect(zero.log.every(({ finite, accepted }) => finite === 1 && accepted === 1)).toBe(true);
    });

    test('resumed from plain arrays: the bits of an uninterrupted run', async () => {
      const whole = await trainAnew(environment, config, 5, 3);
      const learner = createLearner(environment, config);
      const half = await train(learner, 5, 2);
      const saved = leavesOf(half.state.tensors).map((tensor) => ({
        values: tensor.dataSync().slice(),
        shape: tensor.shape,
        dtype: tensor.dtype,
      }));
      let index = 0;
      const restored = mapTrees(() => {
        const { values, shape, dtype } = saved[index]!;
        index += 1;
        return tf.tensor(values, shape, dtype);
      }, half.state.tensors);
      disposeTree(half.state.tensors);
      const other = createLearner(environment, config);
      const rest = await train(other, 5, 1, { iteration: 2, tensors: restored });
      expect(rest.bits).toBe(whole.bits);
      expect([...half.log, ...rest.log]).toEqual(whole.log);
      disposeTree(rest.state.tensors);
      learner.dispose();
      other.dispose();
    });

    test('no tensor is left behind, and the old state stays as it was', async () => {
      const before = tf.memory().numTensors;
      const learner = createLearner(environment, config);
      let state = learner.initialise(3);
      const live: number[] = [];
      for (let i = 0; i < 4; i += 1) {
        const bits = bitsOfState(state);
        const { state: next, diagnostics } = learner.iterate(state, 3);
        expect(bitsOfState(state)).toBe(bits);
        disposeTree(diagnostics);
        disposeTree(state.tensors);
        expect(leavesOf(next.tensors).some((tensor) => tensor.isDisposed)).toBe(false);
        state = next;
        live.push(tf.memory().numTensors);
      }
      expect(new Set(live).size).toBe(1);
      disposeTree(state.tensors);
      learner.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });
  });

  test.each(['cpu', 'wasm'])(
    'nor does a last observation that is not a number, on %s (where clipping hides it on wasm)',
    async (backend) => {
      await tf.setBackend(backend);
      const learner = createLearner(spoiledEnd, configOf({}));
      const state = learner.initialise(0);
      const { state: next, diagnostics } = learner.iterate(state, 0);
      expect((await readDiagnostics(diagnostics))['finite']).toBe(0);
      expect(bitsOf(leavesOf(next.tensors.value))).toEqual(bitsOf(leavesOf(state.tensors.value)));
      disposeTree([state.tensors, next.tensors, diagnostics]);
      learner.dispose();
      await tf.setBackend('cpu');
    },
  );

  test.each([
    ['reward', true],
    ['observation', true],
    ['observation', false],
  ] as const)(
    'a %s that is not a number changes nothing learned (normalised: %p)',
    async (part, normaliseObservations) => {
      const config = configOf({ training: { normaliseObservations } });
      const learner = createLearner(poisoned(part), config);
      const state = learner.initialise(0);
      const { state: next, diagnostics } = learner.iterate(state, 0);
      const { finite, accepted } = await readDiagnostics(diagnostics);
      expect(finite).toBe(0);
      expect(accepted).toBe(0);
      expect(next.iteration).toBe(1);
      for (const name of ['policy', 'value', 'adam', 'observations', 'returns'] as const) {
        const [before, after] = [state, next].map(({ tensors }) =>
          bitsOf(leavesOf(tensors[name]!)),
        );
        expect(`${name} ${after}`).toBe(`${name} ${before}`);
      }
      disposeTree([state.tensors, next.tensors, diagnostics]);
      learner.dispose();
    },
  );

  test('a reward so large that its square overflows is refused too', async () => {
    const huge = defineEnvironment({
      ...target.definition,
      transition(parameters, state, action, key) {
        const change = target.definition.transition(parameters, state, action, key);
        return { ...change, reward: tf.mul(change.reward, 1e30) as tf.Tensor1D };
      },
    });
    const { log, bits } = await trainAnew(huge, configOf(), 0, 2);
    const fresh = await trainAnew(huge, configOf(), 0, 0);
    expect(log.map(({ finite }) => finite)).toEqual([0, 0]);
    // All but the position, which stands last.
    const learned = (all: string) => all.split('|').slice(0, 8).join('|');
    expect(learned(bits)).toBe(learned(fresh.bits));
  });
});

test('memory is flat over 200 iterations on wasm', async () => {
  await tf.setBackend('wasm');
  const quick = configOf({
    policy: { hidden: [4] },
    value: { hidden: [4], fit: { kind: 'adam', minibatch: 40, epochs: 1 } },
    trpo: { conjugateGradientIterations: 2 },
    training: { environments: 8, steps: 2 },
  });
  const learner = createLearner(target, quick);
  let state = learner.initialise(2);
  const measured: string[] = [];
  for (let iteration = 0; iteration < 200; iteration += 1) {
    const next = learner.iterate(state, 2);
    disposeTree([state.tensors, next.diagnostics]);
    state = next.state;
    const { numTensors, numBytes } = tf.memory();
    measured.push(`${numTensors} tensors, ${numBytes} bytes`);
  }
  expect(new Set(measured).size).toBe(1);
  disposeTree(state.tensors);
  learner.dispose();
});

describe('learning', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
  });

  test('a continuous target is found', async () => {
    const config = configOf({
      policy: { hidden: [] },
      value: { fit: { kind: 'adam', minibatch: 512 } },
      training: { environments: 128, steps: 4, discount: 1 },
      trpo: { trustRegion: 0.05 },
    });
    const learner = createLearner(target, config);
    const { log, state } = await train(learner, 0, 30);
    // Mean of the noise .5, minus the variance that is left.
    expect(log.at(-1)!['return']).toBeGreaterThan(0.4);
    expect(log[0]!['return']).toBeLessThan(-5);
    expect(log.every(({ kl }) => kl! <= 0.05)).toBe(true);
    const policy = state.tensors.policy;
    const guess = 5 * policy['layer0/bias']!.dataSync()[0]!;
    expect(Math.abs(guess - 3)).toBeLessThan(0.2);
    disposeTree(state.tensors);
    learner.dispose();
  });

  test('the right choice for each cue is found', async () => {
    const config = configOf({
      value: { fit: { kind: 'adam', minibatch: 512 } },
      training: { environments: 64, steps: 8, discount: 0.9 },
      trpo: { trustRegion: 0.05 },
    });
    const { log } = await trainAnew(cue, config, 0, 45);
    // Three open choices, one of which is right, in four steps.
    expect(Math.abs(log[0]!['return']! - 4 / 3)).toBeLessThan(0.3);
    expect(log.at(-1)!['return']).toBeGreaterThan(3.9);
    expect(log.at(-1)!['episodeLength']).toBe(4);
    expect(log.at(-1)!['entropy']).toBeLessThan(0.2);
  });
});

test('phases are announced in order; diagnostics have their names', async () => {
  await tf.setBackend('cpu');
  const learner = createLearner(target, configOf());
  const state = learner.initialise(0);
  const seen: TrainingPhase[] = [];
  const { state: next, diagnostics } = learner.iterate(state, 0, (phase) => seen.push(phase));
  expect(seen).toEqual([...trainingPhases]);
  const numbers = await readDiagnostics(diagnostics);
  expect(Object.keys(numbers).sort()).toEqual(
    [
      'accepted',
      'clippedFraction',
      'conjugateGradientIterations',
      'conjugateGradientResidual',
      'entropy',
      'episodeLength',
      'episodes',
      'explainedVariance',
      'finite',
      'gradientNorm',
      'kl',
      'lineSearchSteps',
      'meanStd',
      'return',
      'returnStd',
      'surrogateImprovement',
      'valueLoss',
    ].sort(),
  );
  expect(numbers['episodes']).toBe(16 * 6);
  expect(numbers['episodeLength']).toBe(1);
  expect(numbers['meanStd']).toBeCloseTo(Math.exp(-0.5), 1);
  disposeTree([state.tensors, next.tensors, diagnostics]);
  learner.dispose();
});

describe('noise that the environment tells apart', () => {
  // Whole numbers, so that adding and subtracting it leaves no trace in float32.
  const noisy = defineEnvironment({
    ...cue.definition,
    transition(parameters, state, action, key) {
      const change = cue.definition.transition(parameters, state, action, key);
      const noise = tf.sub(tf.mul(tf.round(uniform(key, 7)), 2000), 1000) as tf.Tensor1D;
      return { ...change, reward: tf.add(change.reward, noise) as tf.Tensor1D, noise };
    },
  });
  const learned = (environment: Environment, subtractNoise: boolean): string => {
    const learner = createLearner(environment, configOf({ training: { subtractNoise } }));
    const start = learner.initialise(3);
    const { state, diagnostics } = learner.iterate(start, 3);
    const bits = bitsOf(leavesOf({ policy: state.tensors.policy, value: state.tensors.value }));
    disposeTree([start.tensors, state.tensors, diagnostics]);
    learner.dispose();
    return bits;
  };

  test('is left out: what is learned is what the rest of the reward teaches', () => {
    const plain = learned(cue, true);
    expect(learned(noisy, true)).toBe(plain);
    expect(learned(cue, false)).toBe(plain);
    expect(learned(noisy, false)).not.toBe(plain);
  });
});
